package hostile

import "github.com/metatopia/metatopia/scripting/internal/asm"

// depths call without returning.
func depths() []Guest {
	// recursive makes f(params) -> results, which calls itself.
	recursive := func(export string, params, results, locals []byte, code func(self uint64) []byte) []byte {
		var m asm.Module
		m.Memory(1, 1)
		f := m.Func(params, results, locals, code(0))
		var args []byte
		for range params {
			args = cat(args, c64(60))
		}
		start := m.Func(nil, nil, nil, args, call(f), rep(drop, len(results)))
		m.Export(export, asm.Func, start)
		if export != "run" && export != "handle" && export != "load" {
			m.Export("run", asm.Func, m.Func(nil, nil, nil))
		}
		return m.Bytes()
	}
	down := func(f uint64) []byte { return cat(get(0), c64(1), add64, call(f), c64(1), add64) }
	mutual := func(n int) []byte {
		var m asm.Module
		for k := range n {
			m.Func(nil, nil, nil, call(uint64((k+1)%n)))
		}
		m.Export("run", asm.Func, 0)
		return m.Bytes()
	}
	through := func() []byte {
		var m asm.Module
		m.Table(1)
		f := m.Func(nil, nil, nil, c32(0), asm.Op(0x11, 0, 0))
		m.Elem(0, f)
		m.Export("run", asm.Func, f)
		return m.Bytes()
	}
	fib := func(f uint64) []byte {
		return cat(get(0), c64(2), lt64, []byte{0x04, asm.I64}, get(0), els,
			get(0), c64(-1), add64, call(f), get(0), c64(-2), add64, call(f), add64, end)
	}
	manyLocals := func(f uint64) []byte {
		var init, use []byte
		for k := range uint64(300) {
			init = cat(init, get(0), []byte{0x50}, extend, set(k+1))
			use = cat(use, get(k+1), add64)
		}
		return cat(init, get(0), call(f), use)
	}
	list := []Guest{
		{Name: "itself", Want: Deep, Wasm: recursive("run", i64, i64, nil, down)},
		{Name: "nothing but itself", Want: Deep, Wasm: recursive("run", nil, nil, nil, call)},
		{Name: "two in turns", Want: Deep, Wasm: mutual(2)},
		{Name: "a hundred in turns", Want: Deep, Wasm: mutual(100)},
		{Name: "through a table", Want: Deep, Wasm: through()},
		{Name: "with 300 locals", Want: Deep, Wasm: recursive("run", i64, i64, types(300), manyLocals)},
		{Name: "with 40 parameters", Want: Deep, Wasm: recursive("run", types(40), i64, nil, func(f uint64) []byte {
			var args []byte
			for k := range uint64(40) {
				args = cat(args, get((k+1)%40))
			}
			return cat(args, call(f))
		})},
		{Name: "with 40 results", Want: Deep, Wasm: recursive("run", nil, types(40), nil, func(f uint64) []byte {
			return cat(call(f), rep(cat(call(f), rep(drop, 40)), 10))
		})},
		{Name: "from within loops", Want: Deep, Wasm: recursive("run", i64, i64, nil, func(f uint64) []byte {
			return cat(rep(loop, 20), get(0), call(f), set(0), rep(end, 20), get(0))
		})},
		{Name: "with a deep operand stack", Want: Deep | Spent, Wasm: recursive("run", i64, i64, nil, func(f uint64) []byte {
			return cat(rep(cat(get(0), []byte{0x50}, extend), 2000), get(0), call(f), rep(add64, 2000))
		})},
		{Name: "exponential", Want: Spent, Wasm: recursive("run", i64, i64, nil, fib)},
		{Name: "exponential in a handler", Kind: Handler, Want: Spent, Wasm: recursive("handle", i64, i64, nil, fib)},
		{Name: "exponential in a loader", Kind: Loader, Want: Spent, Wasm: recursive("load", i64, i64, nil, fib)},
		{Name: "in a handler", Kind: Handler, Want: Deep | Spent, Wasm: recursive("handle", i64, i64, nil, down)},
		{Name: "in a loader", Kind: Loader, Want: Deep, Wasm: recursive("load", i64, i64, nil, down)},
		{Name: "in _initialize", Want: Deep, Wasm: recursive("_initialize", i64, i64, nil, down)},
	}
	return named("recursion", list)
}
