package hostile

import "github.com/metatopia/metatopia/scripting/internal/asm"

// faults use protected calls to outlive what must end them.
func faults() []Guest {
	const (
		try, throw, exit = 0, 1, 2 // functions
		inner            = 3
	)
	iii := rep(i32, 3)
	// mod has a protected call of code in, from code out, both with a local;
	// export is what out is.
	mod := func(k Kind, out, in []byte) []byte {
		var m asm.Module
		m.Import("mt:fault@1", "try", iii, i32)
		m.Import("mt:fault@1", "throw", nil, nil)
		if k == Process {
			m.Import("mt:process@1", "exit", i32, nil)
		} else {
			m.Import("mt:log@1", "log", iii, nil) // in its place
		}
		m.Memory(1, 1)
		m.Export("try_call", asm.Func, m.Func(iii, nil, i32, in))
		m.Export(exports(k), asm.Func, m.Func(nil, nil, rep(i32, 4), out))
		return m.Bytes()
	}
	once := cat(c32(0), c32(0), c32(0), call(try), drop)
	again := forever(once)
	list := []Guest{
		{Name: "a loop in it", Want: Spent, Wasm: mod(Process, once, forever())},
		{Name: "a loop in each of many", Want: Spent, Wasm: mod(Process, again, forever())},
		{Name: "recursion in it", Want: Deep, Wasm: mod(Process, again, cat(get(0), get(1), get(2), call(inner)))},
		{Name: "itself in it", Want: Deep, Wasm: mod(Process, again, once)},
		{Name: "itself in it, and throws", Want: Deep, Wasm: mod(Process, again, cat(once, call(throw)))},
		{Name: "throws without end", Want: Spent, Wasm: mod(Process, again, call(throw))},
		{Name: "throws outside", Want: Trapped, Wasm: mod(Process, call(throw), nil)},
		{Name: "throws after it", Want: Trapped, Wasm: mod(Process, cat(once, call(throw)), nil)},
		{Name: "traps in it", Want: Trapped, Wasm: mod(Process, again, []byte{0x00})},
		{Name: "exits in it", Want: Done, Checked: true, Wasm: mod(Process, again, cat(c32(0), call(exit)))},
		{Name: "frames left by throwing", Want: Spent, Wasm: mod(Process, again,
			// Down a thousand calls, and out of them at once: were the frames not
			// given back, this would be too deep soon; given back twice, never.
			cat(get(0), c32(1000), []byte{0x4e}, iff, call(throw), end, get(0), c32(1), add, get(1), get(2), call(inner)))},
		{Name: "too deep after many throws", Want: Deep, Wasm: mod(Process,
			cat(times(50, once), c32(-1<<31), c32(0), c32(0), call(inner)),
			cat(get(0), c32(1000), []byte{0x46}, iff, call(throw), end, get(0), c32(1), add, get(1), get(2), call(inner)))},
		{Name: "a handler, a loop in it", Kind: Handler, Want: Spent, Wasm: mod(Handler, again, forever())},
		{Name: "a handler, itself in it", Kind: Handler, Want: Deep, Wasm: mod(Handler, again, once)},
		{Name: "a handler, throws without end", Kind: Handler, Want: Spent, Wasm: mod(Handler, again, call(throw))},
		{Name: "a loader, recursion in it", Kind: Loader, Want: Deep, Wasm: mod(Loader, again, cat(get(0), get(1), get(2), call(inner)))},
		{Name: "a call of another type", Want: Refused, Wasm: func() []byte {
			var m asm.Module
			m.Import("mt:fault@1", "try", iii, i32)
			m.Export("try_call", asm.Func, m.Func(nil, nil, nil))
			m.Export("run", asm.Func, m.Func(nil, nil, nil))
			return m.Bytes()
		}()},
		{Name: "no call", Want: Refused, Wasm: with("mt:fault@1", "try", iii, i32, once)},
	}
	return named("fault", list)
}
