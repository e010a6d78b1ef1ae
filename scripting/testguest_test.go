package scripting

import (
	"testing"

	"github.com/metatopia/metatopia/scripting/internal/asm"
)

// Hand-made guests for tests. Opcodes: see the WebAssembly specification.
var (
	i32   = []byte{asm.I32}
	i64   = []byte{asm.I64}
	end   = []byte{0x0b}
	loop  = []byte{0x03, 0x40}
	drop  = []byte{0x1a}
	call  = func(f uint64) []byte { return asm.Op(0x10, f) }
	br    = func(l uint64) []byte { return asm.Op(0x0c, l) }
	brIf  = func(l uint64) []byte { return asm.Op(0x0d, l) }
	get   = func(l uint64) []byte { return asm.Op(0x20, l) }
	set   = func(l uint64) []byte { return asm.Op(0x21, l) }
	c32   = asm.I32Const
	c64   = asm.I64Const
	add64 = []byte{0x7c}
	i64Lt = []byte{0x53}
)

// spinGuest loops for ever: in run and in handle.
func spinGuest() []byte {
	var m asm.Module
	m.Memory(1, 1)
	f := m.Func(nil, nil, nil, loop, br(0), end)
	m.Export("run", asm.Func, f)
	m.Export("handle", asm.Func, f)
	return m.Bytes()
}

// recurseGuest calls itself twice, without a loop: it would run for longer
// than the universe and as deep as it is let.
func recurseGuest(deep bool) []byte {
	var m asm.Module
	m.Memory(1, 1)
	var f uint64
	if deep { // no way back
		f = m.Func(i64, i64, nil, get(0), c64(1), add64, call(0), c64(1), add64)
	} else { // fib(60)
		f = m.Func(i64, i64, nil, get(0), c64(2), i64Lt, []byte{0x04, asm.I64}, get(0), []byte{0x05},
			get(0), c64(-1), add64, call(0), get(0), c64(-2), add64, call(0), add64, end)
	}
	r := m.Func(nil, nil, nil, c64(60), call(f), drop)
	m.Export("run", asm.Func, r)
	m.Export("handle", asm.Func, r)
	return m.Bytes()
}

// growGuest grows its memory page by page until that fails, then exits with
// the number of pages.
func growGuest() []byte {
	var m asm.Module
	exit := m.Import("mt:process@1", "exit", i32, nil)
	m.Memory(1, -1)
	f := m.Func(nil, nil, nil,
		loop, c32(1), asm.Op(0x40, 0), c32(-1), []byte{0x47}, brIf(0), end, // i32.ne
		asm.Op(0x3f, 0), call(exit))
	m.Export("run", asm.Func, f)
	return m.Bytes()
}

// echoGuest logs every message, and sends it to the first capability in it.
func echoGuest() []byte {
	var m asm.Module
	receive := m.Import("mt:message@1", "receive", asm.Cat(i32, i32, i64), i32)
	read := m.Import("mt:message@1", "read", asm.Cat(i32, i32), i32)
	caps := m.Import("mt:message@1", "cap", i32, i32)
	send := m.Import("mt:message@1", "send", asm.Cat(i32, i64, i32, i32), i32)
	forget := m.Import("mt:process@1", "drop", i32, i32)
	log := m.Import("mt:log@1", "log", asm.Cat(i32, i32, i32), nil)
	m.Memory(1, 1)
	work := asm.Cat(c32(0), c32(1024), call(read), set(0),
		c32(1), c32(0), get(0), call(log),
		c32(0), call(caps), set(1),
		get(1), c64(0), c32(0), get(0), call(send), drop,
		get(1), call(forget), drop)
	m.Export("run", asm.Func, m.Func(nil, nil, asm.Cat(i32, i32),
		loop, c32(0), c32(0), c64(-1), call(receive), drop, work, br(0), end))
	return m.Bytes()
}

// timeoutGuest waits for a message for an hour and exits with the code it got.
func timeoutGuest() []byte {
	var m asm.Module
	receive := m.Import("mt:message@1", "receive", asm.Cat(i32, i32, i64), i32)
	exit := m.Import("mt:process@1", "exit", i32, nil)
	m.Memory(1, 1)
	f := m.Func(nil, nil, nil, c32(0), c32(0), c64(3600_000), call(receive), call(exit))
	m.Export("run", asm.Func, f)
	return m.Bytes()
}

// countGuest is a handler: slot "n" becomes n+1, a random number goes to slot
// "r", and it says the event's name.
func countGuest() []byte {
	var m asm.Module
	getInt := m.Import("mt:slot@1", "get_int", asm.Cat(i32, i32, i64), i64)
	setInt := m.Import("mt:slot@1", "set_int", asm.Cat(i32, i32, i64), i32)
	random := m.Import("mt:random@1", "u64", nil, i64)
	event := m.Import("mt:world@1", "event_name", asm.Cat(i32, i32), i32)
	say := m.Import("mt:world@1", "say", asm.Cat(i32, i32), i32)
	m.Memory(1, 1)
	m.Data(0, "nr")
	f := m.Func(nil, nil, nil,
		c32(0), c32(1), c32(0), c32(1), c64(0), call(getInt), c64(1), add64, call(setInt), drop,
		c32(1), c32(1), call(random), call(setInt), drop,
		c32(16), c32(16), c32(64), call(event), call(say), drop)
	m.Export("handle", asm.Func, f)
	return m.Bytes()
}

func newEngine(t testing.TB) *Engine {
	t.Helper()
	e, err := NewEngine(EngineConfig{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

func admitGuest(t testing.TB, e *Engine, wasm []byte) *Module {
	t.Helper()
	m, err := e.Admit(wasm)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// codeGuest is a handler made of some code.
func codeGuest(code ...[]byte) []byte {
	var m asm.Module
	m.Memory(1, 1)
	m.Export("handle", asm.Func, m.Func(nil, nil, nil, code...))
	return m.Bytes()
}

func emptyGuest() []byte { return new(asm.Module).Bytes() }

func importGuest(module, name string) []byte {
	var m asm.Module
	m.Import(module, name, i32, nil)
	m.Export("handle", asm.Func, m.Func(nil, nil, nil))
	return m.Bytes()
}

// mixedGuest imports what only things have, and what only processes have.
func mixedGuest() []byte {
	var m asm.Module
	m.Import("mt:time@1", "now", nil, i64)
	m.Import("mt:slot@1", "kind", asm.Cat(i32, i32), i32)
	m.Export("handle", asm.Func, m.Func(nil, nil, nil))
	return m.Bytes()
}

// badPointerGuest lets the host read outside its memory.
func badPointerGuest() []byte {
	var m asm.Module
	say := m.Import("mt:world@1", "say", asm.Cat(i32, i32), i32)
	m.Memory(1, 1)
	m.Export("handle", asm.Func, m.Func(nil, nil, nil, c32(65530), c32(10), call(say), drop))
	return m.Bytes()
}

// greedyGuest writes 26 slots, a to z, and says and logs a line each time.
func greedyGuest() []byte {
	var m asm.Module
	setInt := m.Import("mt:slot@1", "set_int", asm.Cat(i32, i32, i64), i32)
	say := m.Import("mt:world@1", "say", asm.Cat(i32, i32), i32)
	log := m.Import("mt:log@1", "log", asm.Cat(i32, i32, i32), nil)
	m.Memory(1, 1)
	m.Data(0, "abcdefghijklmnopqrstuvwxyz")
	m.Export("handle", asm.Func, m.Func(nil, nil, i32,
		loop,
		get(0), c32(1), c64(1), call(setInt), drop,
		get(0), c32(1), call(say), drop,
		c32(1), get(0), c32(1), call(log),
		get(0), c32(1), []byte{0x6a}, asm.Op(0x22, 0), c32(26), []byte{0x48}, brIf(0), end))
	return m.Bytes()
}

// trapGuest is a process that traps at once.
func trapGuest() []byte {
	var m asm.Module
	m.Export("run", asm.Func, m.Func(nil, nil, nil, []byte{0x00}))
	return m.Bytes()
}
