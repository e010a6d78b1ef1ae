package scripting

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/scripting/internal/asm"
)

const lots = 1 << 40

// loaderGuest puts a body into the load of a module with all of mt:asset@1:
// class 0, size 1, read 2, write 3, fail 4.
func loaderGuest(body ...[]byte) []byte {
	var m asm.Module
	m.Import("mt:asset@1", "class", nil, i32)
	m.Import("mt:asset@1", "size", nil, i32)
	m.Import("mt:asset@1", "read", asm.Cat(i32, i32, i32), i32)
	m.Import("mt:asset@1", "write", asm.Cat(i32, i32), i32)
	m.Import("mt:asset@1", "fail", asm.Cat(i32, i32), nil)
	m.Memory(2, 8)
	m.Data(0, "no good\n")
	f := m.Func(nil, nil, nil, body...)
	m.Export("load", asm.Func, f)
	return m.Bytes()
}

func TestLoad(t *testing.T) {
	e := newEngine(t)
	writeOften := asm.Cat(loop, c32(0), c32(8), call(3), []byte{0x45}, brIf(0), end, c32(0), c32(3), call(4)) // until it is refused, then fail
	for name, c := range map[string]struct {
		body []byte
		want error
		says string
		out  string
	}{
		"copies":             {asm.Cat(c32(0), c32(64), c32(100), call(2), drop, c32(64), call(1), call(3), drop), nil, "", "input"},
		"reads at the end":   {asm.Cat(c32(64), c32(3), c32(64), c32(100), call(2), call(3), drop), nil, "", "ut"},
		"reads beyond it":    {asm.Cat(c32(64), c32(-1), c32(64), c32(100), call(2), call(3), drop), nil, "", ""},
		"writes its class":   {asm.Cat(c32(64), call(0), []byte{0x36, 2, 0}, c32(64), c32(4), call(3), drop), nil, "", "\x07\x00\x00\x00"},
		"fails":              {asm.Cat(c32(0), c32(7), call(4)), ErrFailed, "no good", ""},
		"fails in colours":   {asm.Cat(c32(0), c32(8), call(4)), ErrFailed, "no good\uFFFD", ""},
		"writes too much":    {writeOften, ErrFailed, "no", ""},
		"loops":              {asm.Cat(loop, br(0), end), ErrOutOfGas, "", ""},
		"reads out of range": {asm.Cat(c32(0), c32(1<<30), c32(100), call(2), drop), ErrTrap, "pointer", ""},
		"traps":              {[]byte{0x00}, ErrTrap, "unreachable", ""},
	} {
		m := admitGuest(t, e, loaderGuest(c.body))
		got, err := e.Load(t.Context(), m, LoadSpec{Input: []byte("input"), Class: 7, Gas: 1e6, Memory: 1 << 20, Output: 1 << 10})
		if !errors.Is(err, c.want) || string(got.Output) != c.out || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %q %v", name, got.Output, err)
		}
		if got.Gas == 0 || got.Gas > 1e6+gasSlice {
			t.Errorf("%s: %d gas", name, got.Gas)
		}
	}
}

// Who gives up ends a loader that loops.
func TestLoadIsGivenUp(t *testing.T) {
	e := newEngine(t)
	m := admitGuest(t, e, loaderGuest(loop, br(0), end))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := e.Load(ctx, m, LoadSpec{Gas: lots, Memory: 1 << 20})
		done <- err
	}()
	cancel()
	if err := <-done; !errors.Is(err, ErrKilled) {
		t.Error(err)
	}
}

// A loader has its own kind: nothing else can be run as one, and it imports
// nothing that would make its output depend on more than its input.
func TestLoaderKinds(t *testing.T) {
	e := newEngine(t)
	m := admitGuest(t, e, loaderGuest())
	if m.IsLoader() != nil || m.IsHandler() == nil || m.IsProcess() == nil {
		t.Errorf("%v; %v; %v", m.IsLoader(), m.IsHandler(), m.IsProcess())
	}
	if _, err := e.Load(t.Context(), m, LoadSpec{Gas: lots, Memory: 1 << 16}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too little memory: %v", err)
	}
	if _, err := e.Load(t.Context(), admitGuest(t, e, spinGuest()), LoadSpec{Gas: lots, Memory: 1 << 20}); !errors.Is(err, ErrNotUsable) {
		t.Errorf("a process: %v", err)
	}
	for _, im := range [][2]string{{"mt:random@1", "u64"}, {"mt:time@1", "now"}} {
		var bad asm.Module
		bad.Import(im[0], im[1], nil, i64)
		bad.Export("load", asm.Func, bad.Func(nil, nil, nil))
		if _, err := e.Admit(bad.Bytes()); !errors.Is(err, ErrRefused) {
			t.Errorf("%s in a loader: %v", im[0], err)
		}
	}
	var proc asm.Module
	proc.Import("mt:asset@1", "size", nil, i32)
	proc.Export("run", asm.Func, proc.Func(nil, nil, nil))
	if _, err := e.Admit(proc.Bytes()); !errors.Is(err, ErrRefused) {
		t.Errorf("mt:asset@1 in a process: %v", err)
	}
}

func loadOBJ(t *testing.T, e *Engine, text string) (LoadResult, error) {
	t.Helper()
	m := admitGuest(t, e, shipped(t, "obj"))
	return e.Load(t.Context(), m, LoadSpec{Input: []byte(text), Class: 1, Gas: 100_000_000_000, Memory: 64 << 20, Output: 64 << 20})
}

// What the shipped loader says of bad models, with the line.
func TestShippedOBJRefuses(t *testing.T) {
	e := newEngine(t)
	tri := "v 0 0 0\nv 1 0 0\nv 0 1 0\n"
	for text, says := range map[string]string{
		"":                                    "no faces",
		tri:                                   "no faces",
		tri + "f 1 2\n":                       "line 4: a face with 2 corners",
		tri + "f 1 2 4\n":                     "line 4: index 4 of 3",
		tri + "f 1 2 0\n":                     "line 4: index 0 of 3",
		tri + "f 1 2 -4\n":                    "line 4: index 0 of 3",
		tri + "f 1/1 2 3\n":                   "index 1 of 0",
		tri + "f 1 2 x\n":                     "index 0 of 3",
		tri + "f 1 2 99999999999\n":           "index 100000000 of 3",
		tri + "f 1 2 3/a\n":                   "index 0 of 0",
		"v 1 2\n" + tri + "f 1 2 3\n":         "line 1: a number is missing",
		"v 1 2 x\n" + tri:                     "line 1: a number is missing",
		strings.Repeat("f 1 1 1\n", 2e6):      "at most",
		tri + "f" + strings.Repeat(" 1", 4e6): "too many corners",
		strings.Repeat("v 0 0 0\n", 1<<20+1):  "at most",
		strings.Repeat("v 0 0 0 1 1 1\nvn 0 0 1\nvt 0 0\n", 1_000_000) + strings.Repeat("f 1 2 3\n", 900_000): "MiB",
		tri + many("usemtl a%[1]d\nf 1 2 3\n", 1200):                                                          "more than 1024 materials",
		tri + many("usemtl a%[2]d\nf 1 2 3\n", 5000):                                                          "more than 4096 changes of material",
	} {
		got, err := loadOBJ(t, e, text)
		if !errors.Is(err, ErrFailed) || !strings.Contains(err.Error(), says) {
			t.Errorf("%.30q: %v", text, err)
		}
		if len(got.Output) != 0 {
			t.Errorf("%.30q: wrote %d bytes", text, len(got.Output))
		}
	}
	m := admitGuest(t, e, shipped(t, "obj"))
	if _, err := e.Load(t.Context(), m, LoadSpec{Input: []byte(tri + "f 1 2 3\n"), Class: 2, Gas: 1e9, Memory: 64 << 20, Output: 1 << 20}); !errors.Is(err, ErrFailed) {
		t.Errorf("as a texture: %v", err)
	}
}

func many(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i, i%2)
	}
	return b.String()
}

// Cut anywhere and with any byte changed, the shipped loader writes something,
// says why not, and never traps.
func TestShippedOBJNeverTraps(t *testing.T) {
	e := newEngine(t)
	model := "newmtl a\nKd 1 .5e-1 0\nNs 10\nd 1\nv 0 0 0 1 0 0\nv 1 0 0\nv 0 1 0\nvt 0 1\nvn 0 0 1\nusemtl a\nf 1/1/1 \\\n 2//1 3/1\nf -1 -2 -3\n"
	try := func(text string) {
		if _, err := loadOBJ(t, e, text); err != nil && !errors.Is(err, ErrFailed) {
			t.Errorf("%q: %v", text, err)
		}
	}
	for i := range model {
		try(model[:i])
		for _, c := range []byte{0, ' ', '\n', '-', '9', '/', 'e', '\\', 0xff} {
			changed := []byte(model)
			changed[i] = c
			try(string(changed))
		}
	}
}

// FuzzOBJ: the same for bytes that a fuzzer makes.
func FuzzOBJ(f *testing.F) {
	f.Add([]byte("v 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 1\nvn 0 0 1\nusemtl a\nf 1/1/1 2//1 3/1\n"))
	f.Add([]byte("newmtl \xff\nKe 1 1 1\nTr 2\nv 1e999 -0 .\n"))
	e, err := NewEngine(EngineConfig{})
	if err != nil {
		f.Fatal(err)
	}
	m, err := e.Admit(shipped(f, "obj"))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		spec := LoadSpec{Input: b, Class: 1, Gas: 1e9, Memory: 64 << 20, Output: 1 << 24}
		one, err := e.Load(t.Context(), m, spec)
		if err != nil && !errors.Is(err, ErrFailed) {
			t.Fatal(err)
		}
		two, again := e.Load(t.Context(), m, spec)
		if fmt.Sprint(err) != fmt.Sprint(again) || !bytes.Equal(one.Output, two.Output) || one.Gas != two.Gas {
			t.Fatalf("two runs differ: %v, %v", err, again)
		}
	})
}
