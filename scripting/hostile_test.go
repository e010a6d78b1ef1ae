package scripting

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/scripting/internal/asm"
)

// chattyGuest writes n times what is in memory from 256 on, size bytes, to
// its standard output, then waits for a message.
func chattyGuest(n int32, size int, text string) []byte {
	var m asm.Module
	write := m.Import("wasi_snapshot_preview1", "fd_write", asm.Cat(i32, i32, i32, i32), i32)
	receive := m.Import("mt:message@1", "receive", asm.Cat(i32, i32, i64), i32)
	m.Memory(2, 2)
	m.Data(0, string([]byte{0, 1, 0, 0, byte(size), byte(size >> 8), 0, 0})) // one range: 256, size
	m.Data(256, text)
	f := m.Func(nil, nil, i32, loop, c32(1), c32(0), c32(1), c32(128), call(write), drop,
		get(0), c32(1), []byte{0x6a}, asm.Op(0x22, 0), c32(n), []byte{0x48}, brIf(0), end,
		c32(0), c32(0), c64(-1), call(receive), drop)
	m.Export("run", asm.Func, f)
	return m.Bytes()
}

// TestLogLinesCostGas: a write of line breaks is a thousand lines; were they
// free, a process would run for long between two looks at its kill flag.
func TestLogLinesCostGas(t *testing.T) {
	ps := newProcesses(t, ProcessesConfig{})
	const breaks = 1000
	for name, wasm := range map[string][]byte{
		"fd_write": chattyGuest(1, breaks, strings.Repeat("\n", breaks)),
		"log": func() []byte {
			var m asm.Module
			log := m.Import("mt:log@1", "log", asm.Cat(i32, i32, i32), nil)
			m.Memory(1, 1)
			m.Data(0, strings.Repeat("\n", breaks))
			m.Export("run", asm.Func, m.Func(nil, nil, nil, c32(1), c32(0), c32(breaks), call(log)))
			return m.Bytes()
		}(),
	} {
		pid := spawn(t, ps, wasm, SpawnSpec{Name: name})
		lines(t, ps, pid, maxLines)
		if err := ps.Kill(pid); err != nil {
			t.Fatal(err)
		}
		if i := wait(t, ps, pid); i.Gas < maxLines*gasLine {
			t.Errorf("%s: %d lines for %d gas", name, maxLines, i.Gas)
		}
	}
}

// TestLogKeepsLinesOnly: a line that is cut from a large write does not keep
// all of it.
func TestLogKeepsLinesOnly(t *testing.T) {
	ps := newProcesses(t, ProcessesConfig{})
	heap := func() uint64 {
		runtime.GC()
		var s runtime.MemStats
		runtime.ReadMemStats(&s)
		return s.HeapAlloc
	}
	const size = 60_000
	before := heap()
	pid := spawn(t, ps, chattyGuest(2*maxLines, size, strings.Repeat("a", size-1)+"\n"), SpawnSpec{})
	lines(t, ps, pid, maxLines)
	if err := ps.Kill(pid); err != nil { // a running one has writes under way, which count as heap
		t.Fatal(err)
	}
	if grown := int64(heap() - before); grown > 8<<20 {
		t.Errorf("the log of one process holds %d MB", grown>>20)
	}
}

// TestEndedHoldsLittle: an exited process is listed for long, without its mail
// and the lump it read.
func TestEndedHoldsLittle(t *testing.T) {
	ps := newProcesses(t, ProcessesConfig{Lumps: oneLump(bytes.Repeat([]byte("x"), maxLump))})
	var m asm.Module
	size := m.Import("mt:lump@1", "size", asm.Cat(i32, i32), i32)
	sleep := m.Import("mt:time@1", "sleep", i32, nil)
	m.Memory(1, 1)
	m.Data(0, "cid")
	m.Export("run", asm.Func, m.Func(nil, nil, nil, c32(0), c32(3), call(size), drop, c32(-1), call(sleep)))
	pid := spawn(t, ps, m.Bytes(), SpawnSpec{})
	if err := ps.Send(pid, 0, make([]byte, MaxMessage)); err != nil {
		t.Fatal(err)
	}
	for ps.List(false)[0].State != Waiting {
		runtime.Gosched()
	}
	if err := ps.Kill(pid); err != nil {
		t.Fatal(err)
	}
	p, err := ps.here(pid)
	if err != nil {
		t.Fatal(err)
	}
	if i := p.info(); p.rare != nil || i.Mailbox != 0 || p.tree.memory.Used() != 0 {
		t.Errorf("it holds %+v, %d messages, %d bytes", p.rare, i.Mailbox, p.tree.memory.Used())
	}
}

type oneLump []byte

func (l oneLump) ReadLump(context.Context, string, int64) ([]byte, error) { return l, nil }

// TestSlotReadsCostGas: reading a slot may copy it, so a handler pays for what
// it reads, also when it only asks for the kind.
func TestSlotReadsCostGas(t *testing.T) {
	e := newEngine(t)
	var m asm.Module
	kind := m.Import("mt:slot@1", "kind", asm.Cat(i32, i32), i32)
	m.Memory(1, 1)
	m.Data(0, "blob")
	m.Export("handle", asm.Func, m.Func(nil, nil, nil, c32(0), c32(4), call(kind), drop))
	mod := admitGuest(t, e, m.Bytes())
	gas := func(v string) uint64 {
		out, err := e.Handle(mod, Event{}, func(string) (Value, bool) { return Bytes([]byte(v)), true }, 1, 1e6)
		if err != nil {
			t.Fatal(err)
		}
		return out.Gas
	}
	if short, long := gas(""), gas(strings.Repeat("x", maxSlotValue)); long < short+maxSlotValue/8 {
		t.Errorf("reading %d bytes costs %d gas, none %d", maxSlotValue, long, short)
	}
}

// hardGuest exports name and has functions of some 30,000 units of complexity.
func hardGuest(name string, funcs int) []byte {
	var m asm.Module
	m.Memory(1, 1)
	for range funcs {
		m.Func(nil, nil, bytes.Repeat([]byte{asm.I64}, 100), []byte{2, 0x40}, c32(0),
			[]byte{0x0e}, asm.U(250), make([]byte, 251), []byte{0x0b})
	}
	m.Export(name, asm.Func, m.Func(nil, nil, nil))
	return m.Bytes()
}

// TestHandlersAreEasy: a region may have to load a handler within a tick, and
// 30 KB of wasm can be 14 MB of native code.
func TestHandlersAreEasy(t *testing.T) {
	e := newEngine(t)
	if _, err := e.Admit(hardGuest("handle", 3)); err != nil {
		t.Error(err)
	}
	if m, err := e.Admit(hardGuest("handle", 12)); err != nil || !errors.Is(m.IsHandler(), ErrNotUsable) {
		t.Errorf("got %v", err)
	}
	if _, err := e.Admit(hardGuest("run", 12)); err != nil {
		t.Error(err)
	}
}

// TestNativeCodeIsBounded: what is kept loaded is bounded by how hard it was,
// not only by the number of modules.
func TestNativeCodeIsBounded(t *testing.T) {
	e := newEngine(t)
	e.mostWork = 100_000
	var ms []*Module
	for n := range 6 {
		m := admitGuest(t, e, hardGuest("handle", n+1))
		if ms = append(ms, m); e.work > e.mostWork {
			t.Fatalf("%d units are loaded after %d modules", e.work, n+1)
		}
	}
	for _, m := range ms { // loaded again when needed
		if _, err := e.Handle(m, Event{}, nil, 1, 1e6); err != nil {
			t.Error(err)
		}
	}
}
