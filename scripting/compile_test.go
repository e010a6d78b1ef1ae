package scripting

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/scripting/compiler"
	"github.com/metatopia/metatopia/scripting/internal/asm"
)

// childEngine has a cache and compiles in children, which are this program.
func childEngine(t *testing.T, dir string) *Engine {
	t.Helper()
	e, err := NewEngine(EngineConfig{CacheDir: dir, Compiler: []string{os.Args[0], compiler.Command}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// heavyGuest is a process that is just too hard to be compiled by the node.
func heavyGuest() []byte {
	loop := asm.Cat([]byte{3, 0x40}, get(0), c64(1), add64, set(0), get(0), []byte{0xa7}, asm.Op(0x0d, 0), []byte{0x0b})
	var m asm.Module
	m.Export("run", asm.Func, m.Func(nil, nil, bytes.Repeat([]byte{asm.I64}, 100), bytes.Repeat(loop, 500)))
	return m.Bytes()
}

// code lists the compiled modules of a cache.
func code(t *testing.T, dir string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "wazero-*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestCompiledByChild: hard modules come from a child, by the cache, and are
// taken from there by the next engine; damaged code is made anew.
func TestCompiledByChild(t *testing.T) {
	dir := t.TempDir()
	e := childEngine(t, dir)
	m := admitGuest(t, e, heavyGuest())
	if m.res.Work <= maxOwnWork {
		t.Fatalf("complexity %d is compiled by the node", m.res.Work)
	}
	made := code(t, dir)
	if len(made) != 1 {
		t.Fatalf("the cache has %v", made)
	}
	// An engine whose child cannot be started does not need one now.
	next, err := NewEngine(EngineConfig{CacheDir: dir, Compiler: []string{filepath.Join(dir, "nothing")}})
	if err != nil {
		t.Fatal(err)
	}
	admitGuest(t, next, heavyGuest())
	if err := next.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(made[0], []byte("WAZEVO"), 0o600); err != nil {
		t.Fatal(err)
	}
	admitGuest(t, childEngine(t, dir), heavyGuest())
	if b, err := os.ReadFile(made[0]); err != nil || len(b) < 1000 {
		t.Errorf("damaged code stays: %d bytes, %v", len(b), err)
	}
}

// TestChildMissing: a node that cannot start children says so and does not
// compile itself; that is not remembered against the module.
func TestChildMissing(t *testing.T) {
	dir := t.TempDir()
	e, err := NewEngine(EngineConfig{CacheDir: dir, Compiler: []string{filepath.Join(dir, "nothing")}})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for range 2 {
		if _, err := e.Admit(heavyGuest()); err == nil || errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "nothing") {
			t.Errorf("got %v", err)
		}
	}
	if made := code(t, dir); len(made) != 0 {
		t.Errorf("the cache has %v", made)
	}
	// Small modules are compiled by the node anyway.
	admitGuest(t, e, spinGuest())
}

// TestHardIsRemembered: what a child refused is refused at once afterwards.
func TestHardIsRemembered(t *testing.T) {
	dir := t.TempDir()
	e := childEngine(t, dir)
	e.child.Argv = []string{"/bin/sh", "-c", "echo too hard >&2; exit 3"}
	if _, err := e.Admit(heavyGuest()); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "too hard") {
		t.Fatalf("got %v", err)
	}
	e.child.Argv = []string{filepath.Join(dir, "nothing")}
	if _, err := e.Admit(heavyGuest()); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "too hard") {
		t.Errorf("the second time: %v", err)
	}
	for k := range maxHard + 1 { // what is remembered is bounded
		e.noteHard([32]byte{byte(k), byte(k >> 8)}, ErrRefused)
	}
	if len(e.hard) > maxHard {
		t.Errorf("%d are remembered", len(e.hard))
	}
}
