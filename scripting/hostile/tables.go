package hostile

import "github.com/metatopia/metatopia/scripting/internal/asm"

// tables misuse references and calls through tables.
func tables() []Guest {
	// Table 0 has 4 entries: a function without parameters, one with, nothing,
	// nothing.
	mod := func(code ...[]byte) []byte {
		var m asm.Module
		plain := m.Func(nil, nil, nil)
		other := m.Func(i64, i64, nil, get(0))
		m.Table(4)
		m.Elem(0, plain, other)
		m.Memory(1, 1)
		m.Export("run", asm.Func, m.Func(nil, nil, rep(i32, 4), code...))
		return m.Bytes()
	}
	at := func(k int32) []byte { return cat(c32(k), asm.Op(0x11, 0, 0)) }
	null := []byte{0xd0, 0x70}
	list := []Guest{
		{Name: "a null reference", Want: Trapped, Wasm: mod(at(2))},
		{Name: "another type", Want: Trapped, Wasm: mod(at(1))},
		{Name: "behind the end", Want: Trapped, Wasm: mod(at(4))},
		{Name: "far behind the end", Want: Trapped, Wasm: mod(at(0x7fffffff))},
		{Name: "before the beginning", Want: Trapped, Wasm: mod(at(-1))},
		{Name: "read behind the end", Want: Trapped, Wasm: mod(c32(4), asm.Op(0x25, 0), drop)},
		{Name: "write behind the end", Want: Trapped, Wasm: mod(c32(4), null, asm.Op(0x26, 0))},
		{Name: "fill behind the end", Want: Trapped, Wasm: mod(c32(1), null, c32(10), asm.Op(0xfc, 17, 0))},
		{Name: "copy behind the end", Want: Trapped, Wasm: mod(c32(2), c32(0), c32(10), asm.Op(0xfc, 14, 0, 0))},
		{Name: "initialise behind the end", Want: Trapped, Wasm: mod(c32(0), c32(0), c32(10), asm.Op(0xfc, 12, 0, 0))},
		{Name: "a function that was taken out", Want: Trapped, Wasm: mod(c32(0), null, asm.Op(0x26, 0), at(0))},
		{Name: "one moved over another", Want: Trapped, Wasm: mod(c32(0), c32(1), c32(1), asm.Op(0xfc, 14, 0, 0), at(0))},
		{Name: "growth without end", Want: Spent, Wasm: mod(forever(null, c32(1000), asm.Op(0xfc, 15, 0), drop))},
		{Name: "growth at once", Want: Done | Spent, Wasm: mod(null, c32(-1), asm.Op(0xfc, 15, 0), drop)},
		{Name: "growth in large steps", Want: Done | Spent, Wasm: mod(times(100, null, c32(1<<20), asm.Op(0xfc, 15, 0), drop))},
		{Name: "fill without end", Want: Spent, Wasm: mod(null, c32(100_000), asm.Op(0xfc, 15, 0), drop, forever(c32(0), null, c32(100_000), asm.Op(0xfc, 17, 0)))},
		{Name: "a table of tables", Want: Refused, Wasm: mod(c32(0), asm.Op(0x11, 0, 3))},
		{Name: "external references", Want: Refused, Wasm: mod([]byte{0xd0, 0x6f}, drop)},
		{Name: "a number as a reference", Want: Refused, Wasm: mod(c32(0), c32(77), asm.Op(0x26, 0))},
		{Name: "a reference as a number", Want: Refused, Wasm: mod(null, c32(1), add, drop)},
		{Name: "a reference to a function not declared", Want: Refused | Done, Wasm: mod(asm.Op(0xd2, 2), drop)},
		{Name: "elements of no table", Want: Refused, Wasm: func() []byte {
			var m asm.Module
			f := m.Func(nil, nil, nil)
			m.Elem(0, f)
			m.Export("run", asm.Func, f)
			return m.Bytes()
		}()},
		{Name: "elements behind the end", Want: Trapped | Refused | Done, Wasm: func() []byte {
			var m asm.Module
			f := m.Func(nil, nil, nil)
			m.Table(1)
			m.Elem(7, f)
			m.Export("run", asm.Func, f)
			return m.Bytes()
		}()},
	}
	return named("table", list)
}

// floats look for bits that differ between processors. Each exits with 0 when
// it sees the canonical ones.
func floats() []Guest {
	const nan = 0x7ff8000000000000
	zero, odd := asm.F64Bits(0), asm.F64Bits(0xfff0dead0000beef)
	// look is code that leaves an i64, which must be the canonical NaN.
	look := func(name string, code ...[]byte) Guest {
		var m asm.Module
		exit := m.Import("mt:process@1", "exit", i32, nil)
		m.Memory(1, 1)
		m.Export("run", asm.Func, m.Func(nil, nil, []byte{asm.F64, asm.F32}, cat(code...), c64(nan), []byte{0x52}, call(exit))) // i64.ne
		return Guest{Name: name, Want: Done, Checked: true, Wasm: m.Bytes()}
	}
	bits := []byte{0xbd}
	div, sub, mul, sqrt, neg := []byte{0xa3}, []byte{0xa1}, []byte{0xa2}, []byte{0x9f}, []byte{0x9a}
	inf := asm.F64Bits(0x7ff0000000000000)
	stored := cat(c32(0), []byte{0x29, 0, 0})
	list := []Guest{
		look("0/0", zero, zero, div, bits),
		look("the root of -1", asm.F64Bits(0xbff0000000000000), sqrt, bits),
		look("infinity less itself", inf, inf, sub, bits),
		look("infinity times nothing", inf, zero, mul, bits),
		look("a negative one", zero, zero, div, neg, bits),
		look("one of the module's own", odd, bits),
		look("one stored", c32(0), odd, []byte{0x39, 0, 0}, stored),
		look("the least of it and 1", odd, asm.F64Bits(0x3ff0000000000000), []byte{0xa4}, bits),
		look("one made shorter and longer", odd, []byte{0xb6, 0xbb}, bits),
		look("one through a local", odd, set(0), get(0), bits),
		look("one rounded", odd, []byte{0x9e}, bits),
		look("a sign copied from one", asm.F64Bits(nan), odd, []byte{0xa6}, bits),
		look("a short one stored", c32(4), c32(0x7ff80000), []byte{0x36, 0, 0}, c32(0), asm.F32Bits(0xffc0beef), []byte{0x38, 0, 0},
			c32(0), []byte{0x35, 0, 0}, c64(0x7fc00000), []byte{0x85}, c64(nan), []byte{0x84}),
	}
	return named("float", list)
}
