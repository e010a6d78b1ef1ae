package compiler_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"

	"github.com/metatopia/metatopia/scripting/compiler"
	"github.com/metatopia/metatopia/scripting/internal/asm"
)

// TestMain makes the test program the command that children are started with.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == compiler.Command {
		os.Exit(compiler.Main(os.Args[2:], os.Stdin, os.Stderr))
	}
	os.Exit(m.Run())
}

func newCompiler(t *testing.T) compiler.Compiler {
	t.Helper()
	return compiler.Compiler{Argv: []string{os.Args[0], compiler.Command}, Dir: t.TempDir()}
}

var roomy = compiler.Limits{CPU: 60, Memory: 768 << 20, File: 64 << 20}

// bomb is a small module that is hard to compile: one function of many locals
// and loops. Admission refuses such ones; the compiler does not rely on it.
func bomb(locals, loops int) []byte {
	var m asm.Module
	loop := asm.Cat([]byte{3, 0x40}, asm.Op(0x20, 0), asm.I64Const(1), []byte{0x7c}, asm.Op(0x21, 0),
		asm.Op(0x20, 0), []byte{0xa7}, asm.Op(0x0d, 0), []byte{0x0b})
	var use []byte // of every local, whose value is looked for through all the loops
	for k := range uint64(locals) {
		use = asm.Cat(use, asm.Op(0x20, k), []byte{0x1a})
	}
	m.Func(nil, nil, bytes.Repeat([]byte{asm.I64}, locals), bytes.Repeat(loop, loops), use)
	return m.Bytes()
}

// files lists what is below a directory.
func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestRun: what a child compiles is what the engine finds.
func TestRun(t *testing.T) {
	c := newCompiler(t)
	wasm := bomb(3, 3)
	if err := c.Run(t.Context(), wasm, roomy); err != nil {
		t.Fatal(err)
	}
	made := files(t, c.Dir)
	if len(made) != 1 {
		t.Fatalf("made %v", made)
	}
	before, err := os.Stat(made[0])
	if err != nil {
		t.Fatal(err)
	}
	if before.Mode().Perm()&0o077 != 0 {
		t.Errorf("the code is for others: %v", before.Mode())
	}
	cache, err := wazero.NewCompilationCacheWithDir(c.Dir)
	if err != nil {
		t.Fatal(err)
	}
	r := wazero.NewRuntimeWithConfig(t.Context(), compiler.Config().WithCompilationCache(cache))
	if _, err := r.CompileModule(t.Context(), wasm); err != nil {
		t.Fatal(err)
	}
	if again := files(t, c.Dir); len(again) != 1 {
		t.Errorf("the engine compiled it once more: %v", again)
	}
}

// TestBombs: what asks too much is refused with a reason, and leaves nothing.
func TestBombs(t *testing.T) {
	for name, b := range map[string]struct {
		wasm   []byte
		limits compiler.Limits
		want   string
	}{
		"time":    {bomb(500, 4000), compiler.Limits{CPU: 1, Memory: 4 << 30, File: 1 << 30}, "more than 1 s to compile"},
		"memory":  {bomb(500, 3000), compiler.Limits{CPU: 60, Memory: 96 << 20, File: 1 << 30}, "more than 96 MB to compile"},
		"code":    {bomb(3, 400), compiler.Limits{CPU: 60, Memory: 512 << 20, File: 4 << 10}, "MB of code"},
		"invalid": {[]byte("\x00asm\x01\x00\x00\x00\x01\x02\x01\x50"), roomy, "invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCompiler(t)
			err := c.Run(t.Context(), b.wasm, b.limits)
			if !errors.Is(err, compiler.ErrRefused) || !strings.Contains(err.Error(), b.want) {
				t.Errorf("got %v, want %q", err, b.want)
			}
			if left := files(t, c.Dir); len(left) != 0 {
				t.Errorf("left %v", left)
			}
		})
	}
}

// TestKilled: a child whose parent gives up leaves nothing either, and that is
// not the module's fault.
func TestKilled(t *testing.T) {
	c := newCompiler(t)
	// It writes half of its code and would then take for ever.
	c.Argv = []string{"/bin/sh", "-c", "mkdir $0/wazero-x && echo half >$0/wazero-x/code && kill -STOP $$"}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := c.Run(ctx, bomb(3, 3), roomy); err == nil || errors.Is(err, compiler.ErrRefused) {
		t.Errorf("got %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(c.Dir, "*")); len(left) != 0 {
		t.Errorf("left %v", left)
	}
}

// TestNoCommand: what cannot be started is an error of this node.
func TestNoCommand(t *testing.T) {
	c := newCompiler(t)
	c.Argv = []string{filepath.Join(c.Dir, "nothing")}
	if err := c.Run(t.Context(), bomb(1, 1), roomy); err == nil || errors.Is(err, compiler.ErrRefused) {
		t.Errorf("got %v", err)
	}
	c.Argv = []string{os.Args[0], "-test.run=^$"} // ends without a word
	if err := c.Run(t.Context(), bomb(1, 1), roomy); err == nil || errors.Is(err, compiler.ErrRefused) {
		t.Errorf("got %v", err)
	}
}

// TestDir: a cache belongs to one user.
func TestDir(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "cache")
	if err := compiler.CheckDir(dir); err != nil {
		t.Fatal(err)
	}
	for mode, ok := range map[os.FileMode]bool{0o700: true, 0o755: true, 0o777: false, 0o770: false} {
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		err := compiler.CheckDir(dir)
		if ok != (err == nil) || err != nil && !errors.Is(err, compiler.ErrDir) {
			t.Errorf("%v: %v", mode, err)
		}
		if info, err := os.Stat(dir); ok && (err != nil || info.Mode().Perm() != 0o700) {
			t.Errorf("%v became %v, %v", mode, info.Mode(), err)
		}
	}
	old := filepath.Join(dir, "compile-1")
	if err := os.Mkdir(old, 0o700); err != nil {
		t.Fatal(err)
	}
	compiler.Sweep(dir)
	if _, err := os.Stat(old); err != nil {
		t.Errorf("a young child's directory is gone: %v", err)
	}
	if err := os.Chtimes(old, time.Unix(1e9, 0), time.Unix(1e9, 0)); err != nil {
		t.Fatal(err)
	}
	compiler.Sweep(dir)
	if _, err := os.Stat(old); err == nil {
		t.Error("what a dead child left is still there")
	}
}
