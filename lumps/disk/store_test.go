package disk

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/lumpstest"
)

func open(t testing.TB, dir string, cfg Config) *Store {
	t.Helper()
	s, err := Open(dir, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func put(t testing.TB, s *Store, b []byte) lumps.Ref {
	t.Helper()
	r := lumps.Of(b)
	if err := s.Put(t.Context(), r, b); err != nil {
		t.Fatal(err)
	}
	return r
}

func flip(t *testing.T, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/3] ^= 0x04
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func files(t *testing.T, dir string) int {
	t.Helper()
	set, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return len(set)
}

func TestSuite(t *testing.T) {
	lumpstest.Run(t, lumpstest.Harness{
		Open: func(t *testing.T, max int64) lumps.Store {
			return open(t, t.TempDir(), Config{MaxBytes: max})
		},
		Damage: func(t *testing.T, s lumps.Store, r lumps.Ref) { flip(t, s.(*Store).path(r)) },
		Reopen: func(t *testing.T, s lumps.Store) lumps.Store {
			s.Close()
			return open(t, s.(*Store).dir, Config{})
		},
	})
}

// TestDamageOfEveryKind: whatever happened to the file, nobody is given wrong
// bytes, and the file is kept for a person to look at.
func TestDamageOfEveryKind(t *testing.T) {
	b := lumpstest.Bytes(1, 5000)
	for name, harm := range map[string]func(path string) error{
		"flipped":  func(p string) error { flip(t, p); return nil },
		"cut":      func(p string) error { return os.Truncate(p, 4096) },
		"emptied":  func(p string) error { return os.Truncate(p, 0) },
		"extended": func(p string) error { return os.Truncate(p, 5001) },
		"huge":     func(p string) error { return os.Truncate(p, 1<<40) }, // sparse
		"swapped":  func(p string) error { return os.WriteFile(p, lumpstest.Bytes(2, 5000), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, t.TempDir(), Config{})
			r := put(t, s, b)
			if err := harm(s.path(r)); err != nil {
				t.Fatal(err)
			}
			if got, err := s.Get(t.Context(), r); !errors.Is(err, lumps.ErrCorrupt) || got != nil {
				t.Fatalf("Get = %d bytes, %v; want ErrCorrupt", len(got), err)
			}
			if n := files(t, filepath.Join(s.dir, "corrupt")); n != 1 {
				t.Fatalf("%d files set aside, want 1", n)
			}
		})
	}
}

func TestSetAsideIsBounded(t *testing.T) {
	s := open(t, t.TempDir(), Config{})
	for i := range maxAside + 10 {
		r := put(t, s, lumpstest.Bytes(uint64(i), 20))
		flip(t, s.path(r))
		if _, err := s.Get(t.Context(), r); !errors.Is(err, lumps.ErrCorrupt) {
			t.Fatal(err)
		}
	}
	if n := files(t, filepath.Join(s.dir, "corrupt")); n != maxAside {
		t.Fatalf("%d files set aside, want %d", n, maxAside)
	}
}

func TestOpenRemovesLeftovers(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Config{})
	r := put(t, s, []byte("whole"))
	s.Close()
	if err := os.WriteFile(filepath.Join(dir, "tmp", "put-123"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, Config{})
	if n := files(t, filepath.Join(dir, "tmp")); n != 0 {
		t.Fatalf("%d temporary files left", n)
	}
	if _, err := s.Get(t.Context(), r); err != nil {
		t.Fatal(err)
	}
}

func TestOpenRefusesSecondOpener(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Config{})
	if _, err := Open(dir, Config{}); !errors.Is(err, ErrLocked) {
		t.Fatalf("second Open: %v, want ErrLocked", err)
	}
	s.Close()
	open(t, dir, Config{})
}

func TestOpenRefusesOtherFormat(t *testing.T) {
	dir := t.TempDir()
	open(t, dir, Config{}).Close()
	if err := os.WriteFile(filepath.Join(dir, "format"), []byte("metatopia lumps 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, Config{}); !errors.Is(err, ErrFormat) {
		t.Fatalf("Open: %v, want ErrFormat", err)
	}
}

// TestBoundSurvivesReopen: the bound counts what earlier runs stored.
func TestBoundSurvivesReopen(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Config{MaxBytes: 1000})
	put(t, s, lumpstest.Bytes(1, 700))
	s.Close()
	s = open(t, dir, Config{MaxBytes: 1000})
	b := lumpstest.Bytes(2, 400)
	if err := s.Put(t.Context(), lumps.Of(b), b); !errors.Is(err, lumps.ErrFull) {
		t.Fatalf("Put: %v, want ErrFull", err)
	}
}

// TestFailedWriteLeavesNothing: when the disk refuses, Put says so, and
// neither a lump nor a temporary file appears.
func TestFailedWriteLeavesNothing(t *testing.T) {
	s := open(t, t.TempDir(), Config{})
	b := []byte("no room")
	r := lumps.Of(b)
	if err := os.RemoveAll(filepath.Join(s.dir, "tmp")); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(t.Context(), r, b); err == nil {
		t.Fatal("Put succeeded without a place to write")
	}
	if ok, err := s.Has(t.Context(), r); ok || err != nil {
		t.Fatalf("Has = %v, %v", ok, err)
	}
}

func TestListIgnoresStrangers(t *testing.T) {
	s := open(t, t.TempDir(), Config{})
	r := put(t, s, []byte("ours"))
	if err := os.WriteFile(s.path(r)+".txt", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	n := 0
	for e, err := range s.List(t.Context()) {
		if err != nil || e.Ref != r {
			t.Fatalf("List gave %v, %v", e, err)
		}
		n++
	}
	if n != 1 {
		t.Fatalf("List gave %d entries", n)
	}
}

func BenchmarkPut1MiB(b *testing.B) {
	s := open(b, b.TempDir(), Config{})
	b.SetBytes(lumps.ChunkSize)
	buf := lumpstest.Bytes(1, lumps.ChunkSize)
	for i := 0; b.Loop(); i++ {
		buf[0], buf[1], buf[2], buf[3] = byte(i), byte(i>>8), byte(i>>16), byte(i>>24)
		put(b, s, buf)
	}
}

func BenchmarkGet1MiB(b *testing.B) {
	s := open(b, b.TempDir(), Config{})
	r := put(b, s, lumpstest.Bytes(1, lumps.ChunkSize))
	b.SetBytes(lumps.ChunkSize)
	for b.Loop() {
		if _, err := s.Get(b.Context(), r); err != nil {
			b.Fatal(err)
		}
	}
}
