package disk

import (
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/lumpstest"
)

// power remembers what was flushed, so that it can be cut: a file that was not
// flushed loses its second half, a name whose directory was not flushed since
// is gone. That is the worst a file system may do.
type power struct {
	mu    sync.Mutex
	files []os.FileInfo
	names map[string]map[string]bool // directory, its names when it was last flushed
}

func (p *power) sync(f *os.File) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	st, err := f.Stat()
	if err != nil {
		return err
	}
	if !st.IsDir() {
		p.files = append(p.files, st)
		return nil
	}
	set, err := os.ReadDir(f.Name())
	if err != nil {
		return err
	}
	names := map[string]bool{}
	for _, e := range set {
		names[e.Name()] = true
	}
	p.names[f.Name()] = names
	return nil
}

func (p *power) cut(t *testing.T, dir string) {
	t.Helper()
	set, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range set {
		path := filepath.Join(dir, e.Name())
		if !p.names[dir][e.Name()] {
			if err := os.RemoveAll(path); err != nil {
				t.Fatal(err)
			}
			continue
		}
		st, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		whole := e.IsDir()
		for _, f := range p.files {
			whole = whole || os.SameFile(f, st)
		}
		if e.IsDir() {
			p.cut(t, path)
		}
		if !whole {
			if err := os.Truncate(path, st.Size()/2); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestPowerCut is rule 6 of docs/protocol/lumps.md: what Put, Flush and Pin
// have acknowledged is there after the power was cut, and what was only cached
// is there, or absent.
func TestPowerCut(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("directories cannot be flushed")
	}
	dir := t.TempDir()
	p := &power{names: map[string]map[string]bool{}}
	s := open(t, dir, Config{Sync: p.sync})
	var put, flushed, later, cached []lumps.Ref
	seed := uint64(0)
	store := func(refs *[]lumps.Ref, n int, by func(lumps.Ref, []byte) error) {
		t.Helper()
		for i := range n {
			seed++
			b := lumpstest.Bytes(seed, 1000+i)
			*refs = append(*refs, lumps.Of(b))
			if err := by((*refs)[i], b); err != nil {
				t.Fatal(err)
			}
		}
	}
	cache := func(r lumps.Ref, b []byte) error { return s.PutCached(t.Context(), r, b) }
	store(&put, 7, func(r lumps.Ref, b []byte) error { return s.Put(t.Context(), r, b) })
	store(&flushed, 50, cache)
	if err := s.Flush(t.Context(), flushed); err != nil {
		t.Fatal(err)
	}
	store(&later, 20, cache)
	for _, r := range later {
		b, err := s.Get(t.Context(), r)
		if err == nil {
			err = s.Put(t.Context(), r, b)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Pin(t.Context(), put[0]); err != nil {
		t.Fatal(err)
	}
	store(&cached, 50, cache)
	s.Close()
	p.cut(t, dir)

	s = open(t, dir, Config{})
	for _, refs := range [][]lumps.Ref{put, flushed, later} {
		for _, r := range refs {
			if _, err := s.Get(t.Context(), r); err != nil {
				t.Errorf("acknowledged, then: %v", err)
			}
		}
	}
	if ok, err := s.Pinned(t.Context(), put[0]); !ok || err != nil {
		t.Errorf("pinned, then %v, %v", ok, err)
	}
	lost := 0
	for _, r := range cached {
		if b, err := s.Get(t.Context(), r); err != nil {
			lost++
		} else if !r.Matches(b) {
			t.Errorf("%s is torn", r)
		}
	}
	if lost == 0 {
		t.Error("nothing was lost: the cut cuts nothing")
	}
}
