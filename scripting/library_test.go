package scripting

import (
	"errors"
	"fmt"
	"testing"

	guests "github.com/metatopia/metatopia/scripting/guest"
	"github.com/metatopia/metatopia/scripting/internal/asm"
)

// mathsGuest is a library: sums of numbers of every type, a counter, a buffer,
// and functions that go wrong.
func mathsGuest() []byte {
	var m asm.Module
	m.Memory(1, 4)
	m.Global(asm.I32, 1, c32(100))
	m.Data(0, "library")
	f32, f64 := []byte{asm.F32}, []byte{asm.F64}
	m.Export("add", asm.Func, m.Func(asm.Cat(i64, i64), i64, nil, get(0), get(1), add64))
	m.Export("half", asm.Func, m.Func(f64, f64, nil, get(0), asm.F64Bits(0x3fe0000000000000), []byte{0xa2}))
	m.Export("single", asm.Func, m.Func(f32, f32, nil, get(0), asm.F32Bits(0x3fc00000), []byte{0x94})) // * 1.5
	m.Export("neg", asm.Func, m.Func(i32, i32, nil, c32(0), get(0), []byte{0x6b}))
	m.Export("count", asm.Func, m.Func(nil, i32, nil, asm.Op(0x23, 0), c32(1), []byte{0x6a}, asm.Op(0x24, 0), asm.Op(0x23, 0)))
	m.Export("nothing", asm.Func, m.Func(nil, nil, nil))
	m.Export("buffer", asm.Func, m.Func(i32, i32, nil, c32(1024)))
	m.Export("sum", asm.Func, m.Func(asm.Cat(i32, i32), i32, i32, // of n bytes at p
		[]byte{0x02, 0x40}, loop, get(1), []byte{0x45}, brIf(1),
		get(2), get(0), []byte{0x2d, 0, 0}, []byte{0x6a}, set(2), get(0), c32(1), []byte{0x6a}, set(0),
		get(1), c32(1), []byte{0x6b}, set(1), br(0), end, end, get(2)))
	m.Export("spin", asm.Func, m.Func(nil, nil, nil, loop, br(0), end))
	m.Export("trap", asm.Func, m.Func(nil, nil, nil, []byte{0x00}))
	m.Export("_hidden", asm.Func, m.Func(nil, nil, nil))
	return m.Bytes()
}

// TestLibraries: a script calls a module as it would call Lua; what replaces
// what is not seen by who calls.
func TestLibraries(t *testing.T) {
	e := newEngine(t)
	driver := admitGuest(t, e, shipped(t, guests.Lua))
	maths := Library{Name: "maths", Module: admitGuest(t, e, mathsGuest())}
	lua := Library{Name: "maths", Text: []byte("local name = ...\nreturn {add = function(a, b) return a + b end, name = name}")}
	run := func(libs []Library, text string, gas uint64) (Effects, error) {
		t.Helper()
		img, err := e.Image(driver, []byte("l.lua\nlocal maths = require 'maths'\nfunction on_run() "+text+" end"), luaGas, libs...)
		if err != nil {
			return Effects{}, err
		}
		return luaRun(t, e, img, "run", nil, gas)
	}
	for _, l := range []Library{maths, lua} {
		if out, err := run([]Library{l}, "say(maths.add(40, 2))", 500_000); err != nil || out.Say[0] != "42" {
			t.Errorf("text %q: %+v, %v", l.Text, out, err)
		}
	}
	for text, want := range map[string]string{
		"print(maths.half(5), maths.single(3), maths.neg(7), maths.neg(-1), maths.neg(4294967295))": "2.5\t4.5\t-7\t1\t1",
		"print(maths.count(), maths.count(), maths.count())":                                        "101\t102\t103",
		"print(select('#', maths.nothing()), maths._hidden)":                                        "0\tnil",
		"local at = maths.write('abc') print(at, maths.sum(at, 3), maths.read(0, 7))":               "1024\t294\tlibrary",
		"print(pcall(maths.add, 1.5, 2))":                                                           "false\tbad argument #1 to 'maths.add' (number has no integer representation)",
		"print(pcall(maths.neg, 1 << 40))":                                                          "false\tbad argument #1 to 'maths.neg' (does not fit 32 bits)",
		"print(pcall(maths.read, 65530, 10))":                                                       "false\tread of a library: not valid",
		"print(pcall(maths.write, ('x'):rep(100000)))":                                              "false\twrite to a library: too large",
		"print(require('maths') == maths, pcall(require, 'other'))":                                 "true\tfalse\tnothing is bound to 'other'",
	} {
		for range 2 { // the second run has an instance that was used
			if out, err := run([]Library{maths}, text, 100_000_000); err != nil || out.Log[0] != want {
				t.Errorf("%s: %q, %v", text, out.Log, err)
			}
		}
	}
	for text, want := range map[string]error{"pcall(maths.spin)": ErrOutOfGas, "pcall(maths.trap)": ErrTrap} {
		if _, err := run([]Library{maths}, text, 500_000); !errors.Is(err, want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := e.Image(driver, []byte("l.lua\nrequire('maths').add(1, 2)"), luaGas, maths); err == nil {
		t.Error("a module was called while the script was made ready")
	}
	if _, err := run(nil, "", 500_000); err == nil {
		t.Error("a script without its library")
	}
	if _, err := e.Image(driver, []byte("l.lua\n"), luaGas, Library{Name: "bell", Module: admitGuest(t, e, shipped(t, "bell"))}); !errors.Is(err, ErrNotUsable) {
		t.Errorf("a handler as a library: %v", err)
	}

	// Processes have them too, in slices of gas.
	ps := newProcesses(t, ProcessesConfig{Engine: e})
	img, err := e.ProcessImage(admitGuest(t, e, shipped(t, guests.LuaProcess)), []byte("p.lua\nlocal m = require 'maths' function run() local n = 0 for i = 1, 20000 do n = m.add(n, i) end print(n) m.spin() end"), luaGas, maths)
	if err != nil {
		t.Fatal(err)
	}
	info, err := ps.Spawn(SpawnSpec{Image: img})
	if err != nil {
		t.Fatal(err)
	}
	if got := lines(t, ps, info.PID, 1); got[0] != fmt.Sprint(20000*20001/2) {
		t.Errorf("got %q", got)
	}
	if err := ps.Kill(info.PID); err != nil {
		t.Fatal(err)
	}
	if info := wait(t, ps, info.PID); info.Exit != "killed" || info.Gas < 1_000_000 {
		t.Errorf("%+v", info)
	}
}
