package disk

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/lumpstest"
)

// power remembers what was flushed, so that it can be cut. Without rng the cut
// is the worst that a file system may do: a file that was not flushed loses its
// second half, a name whose directory was not flushed since is gone. With rng
// each of these happens or not, unflushed files may also be empty, and what was
// removed from a directory that was not flushed since may be back.
type power struct {
	rng    *rand.Rand
	left   int    // flushes until the power fails; negative: it never does
	shadow string // a directory for links to what may come back

	mu    sync.Mutex
	files []os.FileInfo
	names map[string]map[string]string // directory, its names when it was last flushed, and a link to each
	links int
}

func newPower(t *testing.T) *power {
	return &power{left: -1, shadow: t.TempDir(), names: map[string]map[string]string{}}
}

var errPower = errors.New("the power is off")

func (p *power) sync(f *os.File) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.left == 0 {
		return errPower
	}
	p.left--
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
	names := map[string]string{}
	for _, e := range set {
		link := p.names[f.Name()][e.Name()]
		if link == "" && !e.IsDir() && p.rng != nil {
			p.links++
			link = filepath.Join(p.shadow, fmt.Sprint(p.links))
			if err := os.Link(filepath.Join(f.Name(), e.Name()), link); err != nil {
				return err
			}
		}
		names[e.Name()] = link
	}
	p.names[f.Name()] = names
	return nil
}

// maybe is whether something bad happens that need not happen.
func (p *power) maybe() bool { return p.rng == nil || p.rng.IntN(2) == 0 }

func (p *power) cut(t *testing.T, dir string) {
	t.Helper()
	set, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	here := map[string]bool{}
	for _, e := range set {
		path := filepath.Join(dir, e.Name())
		if _, ok := p.names[dir][e.Name()]; !ok && p.maybe() {
			if err := os.RemoveAll(path); err != nil {
				t.Fatal(err)
			}
			continue
		}
		here[e.Name()] = true
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
		if !whole && p.maybe() {
			size := st.Size() / 2
			if p.rng != nil && p.rng.IntN(2) == 0 {
				size = 0
			}
			if err := os.Truncate(path, size); err != nil {
				t.Fatal(err)
			}
		}
	}
	if p.rng == nil {
		return
	}
	for name, link := range p.names[dir] {
		if !here[name] && link != "" && p.maybe() {
			if err := os.Link(link, filepath.Join(dir, name)); err != nil {
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
	p := newPower(t)
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
