package hostile

import (
	"fmt"

	"github.com/metatopia/metatopia/scripting/internal/asm"
)

// bombs are small and ask much of whoever compiles or loads them.
func bombs() []Guest {
	step := cat(loop, get(0), c64(1), add64, set(0), get(0), wrap, brIf(0), end)
	one := func(locals int, code ...[]byte) []byte {
		var m asm.Module
		m.Memory(1, 1)
		var use []byte // of every local, so that each is looked for through all the code
		for k := range uint64(min(locals, 2000)) {
			use = cat(use, get(k), drop)
		}
		m.Export("run", asm.Func, m.Func(nil, nil, types(locals), cat(code...), use))
		return m.Bytes()
	}
	section := func(id byte, body ...[]byte) []byte {
		m := asm.Module{Extra: map[byte][]byte{id: cat(body...)}}
		m.Memory(1, 1)
		m.Export("run", asm.Func, m.Func(nil, nil, nil))
		return m.Bytes()
	}
	entries := func(id byte, n int, entry ...byte) []byte {
		return section(id, asm.U(uint64(n)), rep(entry, n))
	}
	funcs := func(n int, locals int, code ...[]byte) []byte {
		var m asm.Module
		body := cat(code...)
		for range n {
			m.Func(nil, nil, types(locals), body)
		}
		m.Export("run", asm.Func, 0)
		return m.Bytes()
	}
	carrying := func(values, labels int) []byte {
		var m asm.Module
		ty := m.Type(nil, types(values))
		m.Export("run", asm.Func, m.Func(nil, nil, nil, []byte{2}, asm.U(ty), rep(c64(1), values), c32(0), table(labels), end, rep(drop, values)))
		return m.Bytes()
	}
	list := []Guest{
		{Name: "30000 loops", Wasm: one(1, rep(step, 30000))},
		{Name: "4000 loops of 500 locals", Wasm: one(500, rep(step, 4000))},
		{Name: "2000 loops of 200 locals", Wasm: one(200, rep(step, 2000))},
		{Name: "1500 loops of 1000 locals", Wasm: one(1000, rep(step, 1500))},
		{Name: "loops in loops", Wasm: one(100, rep(loop, 10000), rep(end, 10000))},
		{Name: "blocks in blocks", Wasm: one(1, rep(block, 60000), rep(end, 60000))},
		{Name: "ifs in ifs", Wasm: one(1, rep(cat(c32(1), iff), 30000), rep(end, 30000))},
		{Name: "ifs in a row", Wasm: one(500, rep(cat(c32(1), iff, end), 20000))},
		{Name: "branches", Wasm: one(10, block, rep(cat(c32(0), brIf(0)), 20000), end)},
		{Name: "a wide table of branches", Wasm: one(1000, block, c32(0), table(16000), end)},
		{Name: "a table of branches too wide", Wasm: one(1, block, c32(0), table(20000), end)},
		{Name: "tables of branches", Wasm: one(1, rep(cat(block, c32(0), table(10000), end), 20))},
		{Name: "tables that carry", Wasm: carrying(60, 16000)},
		{Name: "floats stored", Wasm: one(1, rep(cat(c32(0), asm.F64Bits(0), []byte{0x39, 0, 0}), 40000))},
		{Name: "one long expression", Wasm: one(1, rep(get(0), 200_000), rep(add64, 199_999), drop)},
		{Name: "too large a function", Wasm: one(1, rep([]byte{0x01}, 600<<10))},
		{Name: "2000 locals", Wasm: one(2000)},
		{Name: "4 billion locals", Wasm: section(10, asm.U(1), asm.U(10), asm.U(1), asm.U(0xffffffff), []byte{0x7e, 0x0b, 0, 0, 0})},
		{Name: "locals whose sum overflows", Wasm: section(10, asm.U(1), asm.U(14), asm.U(2), asm.U(0xffffffff), []byte{0x7e}, asm.U(0xffffffff), []byte{0x7e, 0x0b})},
		{Name: "70000 functions", Wasm: funcs(70_000, 0)},
		{Name: "100 hard functions", Wasm: funcs(100, 50, rep(step, 300))},
		{Name: "many easy functions", Wasm: funcs(20_000, 30, rep(step, 4))},
		{Name: "types", Wasm: entries(1, 5000, 0x60, 0, 0)},
		{Name: "a type of 1000 parameters", Wasm: section(1, asm.U(1), []byte{0x60}, asm.U(1000), types(1000), []byte{0})},
		{Name: "a type of a billion parameters", Wasm: section(1, asm.U(1), []byte{0x60}, asm.U(1_000_000_000), []byte{0})},
		{Name: "globals", Wasm: entries(6, 5000, 0x7f, 0, 0x41, 0, 0x0b)},
		{Name: "exports", Wasm: entries(7, 2000, 1, 'x', 0, 0)},
		{Name: "tables", Wasm: entries(4, 10, 0x70, 0, 0)},
		{Name: "a table of a billion", Wasm: section(4, asm.U(1), []byte{0x70, 0}, asm.U(1_000_000_000))},
		{Name: "memories", Wasm: entries(5, 100, 0, 1)},
		{Name: "element segments", Wasm: entries(9, 70_000, 1, 0, 0)},
		{Name: "a billion elements", Wasm: section(9, asm.U(1), []byte{1, 0}, asm.U(1_000_000_000))},
		{Name: "data segments", Wasm: entries(11, 140_000, 1, 0)},
		{Name: "a billion data segments", Wasm: section(11, asm.U(1_000_000_000))},
		{Name: "imports", Wasm: entries(2, 300, 3, 'e', 'n', 'v', 1, 'x', 0, 0)},
		{Name: "a name of a megabyte", Wasm: section(7, asm.U(1), asm.U(1<<20), rep([]byte{'x'}, 1<<20), []byte{0, 0})},
		{Name: "9 MB of nothing", Wasm: append(runs(), cat([]byte{0}, asm.U(9<<20), []byte{1, 'x'}, make([]byte, 9<<20-2))...)},
	}
	for k := range list {
		list[k].Want = Refused
	}
	// As hard as it may be: these are compiled, and end.
	for _, n := range []int{50, 200, 400} {
		list = append(list, Guest{Name: fmt.Sprintf("%d loops, just admitted", n), Want: Done | Spent, Wasm: one(200, rep(step, n))})
	}
	list = append(list, Guest{Name: "a handler that takes long to compile", Kind: Handler, Want: Refused | Unusable, Wasm: func() []byte {
		var m asm.Module
		for range 12 {
			m.Func(nil, nil, types(100), block, c32(0), table(250), end)
		}
		m.Export("handle", asm.Func, m.Func(nil, nil, nil))
		return m.Bytes()
	}()})
	return named("bomb", list)
}
