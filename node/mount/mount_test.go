package mount

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/metatopia/metatopia/lumps"
)

// shelf counts what is read.
type shelf struct {
	has  map[lumps.Ref]bool
	adds int
}

func (s *shelf) AddQuiet(_ context.Context, r io.Reader) (lumps.Stat, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return lumps.Stat{}, err
	}
	s.adds++
	s.has[lumps.Of(b)] = true
	return lumps.Stat{Ref: lumps.Of(b), Size: int64(len(b))}, nil
}

func (s *shelf) Has(_ context.Context, r lumps.Ref) (bool, error) { return s.has[r], nil }

type setup struct {
	*Table
	t    *testing.T
	s    *shelf
	dir  string
	keep string
	file []byte
}

func open(t *testing.T) *setup {
	t.Helper()
	s := &setup{t: t, s: &shelf{has: map[lumps.Ref]bool{}}, dir: t.TempDir(), keep: t.TempDir()}
	s.reopen()
	return s
}

func (s *setup) reopen() {
	s.t.Helper()
	var err error
	s.Table, err = New(Config{Lumps: s.s, Keep: s.keep,
		Load: func(v any) (bool, error) {
			if s.file == nil {
				return false, nil
			}
			return true, json.Unmarshal(s.file, v)
		},
		Save: func(v any) (err error) { s.file, err = json.Marshal(v); return err }})
	if err != nil {
		s.t.Fatal(err)
	}
}

// write makes a file that was changed long ago.
func (s *setup) write(name, content string, age time.Duration) {
	s.t.Helper()
	p := filepath.Join(s.dir, name)
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(p, []byte(content), 0o644); err != nil {
		s.t.Fatal(err)
	}
	when := time.Now().Add(-age)
	if err := os.Chtimes(p, when, when); err != nil {
		s.t.Fatal(err)
	}
}

func (s *setup) files(name string) map[string]File {
	s.t.Helper()
	out := map[string]File{}
	if err := s.Files(s.t.Context(), name, func(f File) error { out[f.Path] = f; return nil }); err != nil {
		s.t.Fatal(err)
	}
	return out
}

func TestFilesBecomeContents(t *testing.T) {
	s := open(t)
	s.write("a.txt", "one", time.Hour)
	s.write("sub/b.txt", "two", time.Hour)
	s.write("sub/empty", "", time.Hour)
	d, err := s.Add(Dir{Name: "texts", Path: s.dir})
	if err != nil || d.MaxFile != DefaultFile {
		t.Fatalf("%+v, %v", d, err)
	}
	got := s.files("texts")
	if len(got) != 3 || got["a.txt"].Ref != lumps.Of([]byte("one")) || !got["sub/b.txt"].Read || got["sub/b.txt"].Ref != lumps.Of([]byte("two")) {
		t.Fatalf("%+v", got)
	}
	adds := s.s.adds
	if got = s.files("texts"); s.s.adds != adds || got["a.txt"].Read || got["a.txt"].Ref.IsZero() {
		t.Errorf("read again: %+v", got)
	}
	s.write("a.txt", "six", time.Minute) // as long as before
	if got = s.files("texts"); got["a.txt"].Ref != lumps.Of([]byte("six")) || s.s.adds != adds+1 {
		t.Errorf("a change was missed: %+v", got)
	}
	// What was changed just now may change again within the grain of a clock.
	s.write("a.txt", "now", 0)
	s.files("texts")
	s.files("texts")
	if s.s.adds != adds+3 {
		t.Errorf("%d reads", s.s.adds-adds)
	}
	// What was swept is made again.
	s.s.has = map[lumps.Ref]bool{}
	if got = s.files("texts"); len(s.s.has) != 3 {
		t.Errorf("%+v", got)
	}
	s.reopen()
	if l := s.List(); len(l) != 1 || l[0].Name != "texts" {
		t.Errorf("after a restart: %+v", l)
	}
	if err := s.Remove("texts"); err != nil {
		t.Fatal(err)
	}
	if err := s.Files(t.Context(), "texts", nil); !errors.Is(err, ErrUnknown) {
		t.Errorf("read after it was unmounted: %v", err)
	}
	if err := s.Remove("texts"); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
}

// Links, pipes and sockets are left out, whether they lead out or not; so is
// what has a dot in front, and what is too large is said.
func TestNothingElseIsRead(t *testing.T) {
	s := open(t)
	outside := t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.write("good", "good", time.Hour)
	s.write("large", "much too large", time.Hour)
	s.write(".hidden", "hidden", time.Hour)
	s.write(".git/config", "hidden", time.Hour)
	for name, to := range map[string]string{"out": filepath.Join(outside, "secret"), "up": "../" + filepath.Base(outside) + "/secret", "outdir": outside, "in": "good", "root": "/"} {
		if err := os.Symlink(to, filepath.Join(s.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(s.dir, "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Add(Dir{Name: "d", Path: s.dir, MaxFile: 8}); err != nil {
		t.Fatal(err)
	}
	got := s.files("d")
	if len(got) != 2 || got["good"].Ref.IsZero() || !got["large"].Ref.IsZero() || got["large"].Why == "" {
		t.Errorf("%+v", got)
	}
	if len(s.s.has) != 1 {
		t.Errorf("%d contents", len(s.s.has))
	}
	if _, err := s.Add(Dir{Name: "all", Path: s.dir, Hidden: true}); err != nil {
		t.Fatal(err)
	}
	if got = s.files("all"); len(got) != 4 || got[".git/config"].Ref.IsZero() {
		t.Errorf("%+v", got)
	}
	// A file that becomes a link or a pipe after the walk has seen it.
	root, err := os.OpenRoot(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for _, name := range []string{"out", "up", "pipe", "outdir"} {
		f, err := s.Table.file(t.Context(), Dir{Name: "d", MaxFile: 1 << 20}, root, name)
		if err != nil || !f.Ref.IsZero() || f.Why == "" {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
	}
	if s.s.has[lumps.Of([]byte("secret"))] {
		t.Error("the secret got out")
	}
}

// The node's own directory holds the key: neither it, nor what holds it, nor
// what is in it can be mounted, by whatever name; and moved into a mount it is
// passed over.
func TestTheNodesOwnFilesAreKept(t *testing.T) {
	s := open(t)
	s.keep = filepath.Join(s.dir, "node")
	if err := os.MkdirAll(filepath.Join(s.keep, "lumps"), 0o700); err != nil {
		t.Fatal(err)
	}
	s.write("node/identity.key", "key", time.Hour)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(s.keep, link); err != nil {
		t.Fatal(err)
	}
	s.reopen()
	for _, p := range []string{s.keep, s.dir, "/", link, filepath.Join(s.keep, "lumps"), "relative", filepath.Join(s.dir, "absent"), filepath.Join(s.keep, "identity.key")} {
		if _, err := s.Add(Dir{Name: "x", Path: p}); !errors.Is(err, ErrDir) {
			t.Errorf("%s: %v", p, err)
		}
	}
	other := t.TempDir()
	if _, err := s.Add(Dir{Name: "x", Path: other}); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(s.keep, filepath.Join(other, "moved")); err != nil {
		t.Fatal(err)
	}
	s.Table.cfg.Keep = filepath.Join(other, "moved")
	if got := s.files("x"); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

func TestNames(t *testing.T) {
	s := open(t)
	for name, want := range map[string]string{"My Photos_2026.": "my-photos-2026", "ünï": "n", "...": ""} {
		if got := nameOf(name); got != want {
			t.Errorf("%q becomes %q, want %q", name, got, want)
		}
	}
	for _, bad := range []string{"A", "a b", "a/b", "..", "ü"} {
		if _, err := s.Add(Dir{Name: bad, Path: s.dir}); !errors.Is(err, ErrName) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if d, err := s.Add(Dir{Path: s.dir}); err != nil || d.Name != nameOf(filepath.Base(s.dir)) {
		t.Errorf("%+v, %v", d, err)
	}
	if _, err := s.Add(Dir{Path: s.dir}); !errors.Is(err, ErrTaken) {
		t.Error(err)
	}
}
