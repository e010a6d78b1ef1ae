package replica

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/order"
	"github.com/metatopia/metatopia/region/order/raft"
)

// logDir gives the directory of a server with some records, that ended as by
// kill -9.
func logDir(t *testing.T, servers int) *server {
	t.Helper()
	_, list := found(t, servers)
	l := waitLeader(t, list)
	submit(t, l, "a", 0, 20, true)
	for _, s := range list {
		wait(t, "entries", has(s, "a", 19))
	}
	for _, s := range list {
		s.die()
	}
	return l
}

func reopen(s *server, boot string) error {
	l, err := open(Config{Region: testRegion, Key: s.net.key, Dir: s.dir, Net: newTown().join(s.net.key)}, boot)
	if err == nil {
		l.Kill()
	}
	return err
}

// TestTornEnd: a write that kill -9 cut short was acknowledged to nobody; it
// is left out, and the log goes on.
func TestTornEnd(t *testing.T) {
	s := logDir(t, 3)
	path := filepath.Join(s.dir, walName)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, cut := range []int{1, 5, 9} {
		if err := os.WriteFile(path, b[:len(b)-cut], 0o600); err != nil {
			t.Fatal(err)
		}
		if err := reopen(s, "boot"); err != nil {
			t.Errorf("%d bytes missing: %v", cut, err)
		}
	}
}

// TestDamage: a flipped bit in the middle is found, and nothing is repaired.
func TestDamage(t *testing.T) {
	s := logDir(t, 3)
	path := filepath.Join(s.dir, walName)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int{0, 20, len(b) / 2, len(b) - 2} {
		b[at] ^= 4
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := reopen(s, "boot"); !errors.Is(err, ErrCorrupt) {
			t.Errorf("a bit at %d of %d: %v", at, len(b), err)
		}
		b[at] ^= 4
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := reopen(s, "boot"); err != nil {
		t.Error(err)
	}
}

// TestAnotherBoot: after the machine went down without a clean end a voter
// does not come back under its id, unless it is the only one.
func TestAnotherBoot(t *testing.T) {
	s := logDir(t, 3)
	if err := reopen(s, "another"); !errors.Is(err, ErrUnsure) {
		t.Errorf("another boot: %v", err)
	}
	if err := reopen(s, "boot"); err != nil {
		t.Errorf("the same boot: %v", err)
	}
	if err := reopen(s, ""); !errors.Is(err, ErrUnsure) {
		t.Errorf("no boot known: %v", err)
	}
	one := logDir(t, 1)
	if err := reopen(one, "another"); err != nil {
		t.Errorf("the only server: %v", err)
	}
	// A clean end counts on any day.
	s.net = newTown().join(s.net.key)
	if err := s.open(Config{}); err != nil {
		t.Fatal(err)
	}
	s.close()
	if err := reopen(s, "another"); err != nil {
		t.Errorf("after a clean end: %v", err)
	}
}

// TestNoCleanEndAfterALoss: where the disk did not take what was written there is
// no clean end, also when it takes what comes later.
func TestNoCleanEndAfterALoss(t *testing.T) {
	s := logDir(t, 3)
	cfg := Config{Region: testRegion, Dir: s.dir}
	w, _, err := openWAL(&cfg, "boot")
	if err != nil {
		t.Fatal(err)
	}
	bad := errors.New("the disk is gone")
	fails := true
	w.file.Fsync = func(*os.File) error {
		if fails {
			return bad
		}
		return nil
	}
	if _, err := w.file.Write(raft.AppendOpened(nil, w.opened, w.boot)); err != nil {
		t.Fatal(err)
	}
	if err := w.file.Sync(); !errors.Is(err, bad) {
		t.Fatal(err)
	}
	fails = false
	if err := w.close(true); !errors.Is(err, bad) {
		t.Errorf("it closes with %v", err)
	}
	if _, _, err := openWAL(&cfg, "another"); !errors.Is(err, ErrUnsure) {
		t.Errorf("another boot: %v", err)
	}
}

// TestForeign: another region's log, and nothing to begin from, are errors.
func TestForeign(t *testing.T) {
	s := logDir(t, 1)
	_, err := open(Config{Region: base.ID{99}, Key: s.net.key, Dir: s.dir, Net: s.net}, "boot")
	if !errors.Is(err, ErrCorrupt) {
		t.Errorf("another region's: %v", err)
	}
	if _, err := open(Config{Region: testRegion, Key: s.net.key, Dir: t.TempDir(), Net: s.net}, "boot"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an empty directory: %v", err)
	}
}

// TestOneServer: a region of one server keeps its records over a kill.
func TestOneServer(t *testing.T) {
	s := logDir(t, 1)
	s.net = newTown().join(s.net.key)
	if err := s.open(Config{}); err != nil {
		t.Fatal(err)
	}
	wait(t, "the old entries", has(s, "a", 19))
	submit(t, s, "b", 0, 3, true)
	wait(t, "new entries", has(s, "b", 2))
	once(t, s, "a", 20)
	s.close()
}

// TestBeginIsWhole: a compaction that was cut short leaves the old file.
func TestBeginIsWhole(t *testing.T) {
	dir := t.TempDir()
	b, err := raft.Found(1, 0, order.Sum{}, 0, []base.Key{keyN(1)})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, walName+".new"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := Config{Region: testRegion, Dir: dir, Base: &b, Self: 1}
	w, st, err := openWAL(&cfg, "boot")
	if err != nil || st.Base.Index != 1 {
		t.Fatal(st, err)
	}
	w.close(false)
	if err := os.WriteFile(filepath.Join(dir, walName+".new"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if w, _, err = openWAL(&cfg, "boot"); err != nil || w.opened != 2 {
		t.Fatal(err)
	}
	w.close(true)
}
