package hostile

import "github.com/metatopia/metatopia/scripting/internal/asm"

// loops run for ever in all the ways that there are to go back.
func loops() []Guest {
	spin := forever()
	two := func(code func(m *asm.Module) []byte) []byte {
		var m asm.Module
		m.Memory(1, 1)
		body := code(&m)
		m.Export("run", asm.Func, m.Func(nil, nil, rep(i32, 4), body))
		return m.Bytes()
	}
	inFunc := func(export string) []byte {
		var m asm.Module
		m.Memory(1, 1)
		f := m.Func(nil, nil, nil, spin)
		m.Export(export, asm.Func, f)
		m.Export("run", asm.Func, m.Func(nil, nil, nil))
		return m.Bytes()
	}
	list := []Guest{
		{Name: "an empty loop", Wasm: runs(spin)},
		{Name: "a condition", Wasm: runs(loop, c32(1), brIf(0), end)},
		{Name: "nested", Wasm: runs(forever(forever(forever())))},
		{Name: "to the outer header", Wasm: runs(loop, loop, br(1), end, end)},
		{Name: "a branch table", Wasm: runs(loop, c32(0), []byte{0x0e, 3, 0, 0, 0, 0}, end)},
		{Name: "a table of two headers", Wasm: runs(loop, loop, get(0), c32(1), add, tee(0), []byte{0x0e, 2, 0, 1, 0}, end, end)},
		{Name: "in an arm", Wasm: runs(loop, get(0), iff, br(1), els, br(1), end, end)},
		{Name: "carries a value", Wasm: two(func(m *asm.Module) []byte {
			ty := m.Type(i64, nil)
			return cat(c64(1), []byte{0x03}, asm.U(ty), c64(1), add64, br(0), end)
		})},
		{Name: "carries twenty", Wasm: two(func(m *asm.Module) []byte {
			ty := m.Type(types(20), types(20))
			return cat(rep(c64(1), 20), []byte{0x03}, asm.U(ty), br(0), end, rep(drop, 20))
		})},
		{Name: "calls", Wasm: two(func(m *asm.Module) []byte {
			f := m.Func(nil, nil, nil)
			return forever(call(f))
		})},
		{Name: "calls through a table", Wasm: two(func(m *asm.Module) []byte {
			f := m.Func(nil, nil, nil)
			m.Table(1)
			m.Elem(0, f)
			return forever(c32(0), asm.Op(0x11, 0, 0))
		})},
		{Name: "stores", Wasm: runs(forever(get(0), c32(0xfffc), []byte{0x71}, get(0), []byte{0x36, 0, 0}, get(0), c32(4), add, set(0)))},
		{Name: "divides", Wasm: runs(forever(c64(7), c64(3), []byte{0x7f}, drop))},
		{Name: "floats", Wasm: runs(forever(asm.F64Bits(0), asm.F64Bits(0), []byte{0xa3, 0x9f, 0x1a}))},
		{Name: "fills all memory", Wasm: runs(forever(c32(0), c32(1), c32(65536), fill()))},
		{Name: "moves all memory", Wasm: runs(forever(c32(0), c32(1), c32(65535), move()))},
		{Name: "fills nothing", Wasm: runs(forever(c32(0), c32(1), c32(0), fill()))},
		{Name: "grows by nothing", Wasm: runs(forever(c32(0), grow(), drop))},
		{Name: "fails to grow", Wasm: runs(forever(c32(-1), grow(), drop))},
		{Name: "only instructions that are free", Wasm: runs(loop, rep([]byte{0x01}, 10_000), rep(cat(block, end), 100), br(0), end)},
		{Name: "a long body", Wasm: runs(forever(rep(cat(get(0), c32(1), add, set(0)), 5000)))},
		{Name: "behind a loop that is skipped", Wasm: runs(loop, block, c32(1), brIf(0), forever(), end,
			rep(cat(get(0), c32(1), add, set(0)), 3000), br(0), end)},
		{Name: "many small loops in one", Wasm: runs(forever(rep(cat(loop, end), 200)))},
		{Name: "blocks without end", Wasm: runs(loop, rep(block, 300), br(300), rep(end, 300), end)},
		{Name: "in _initialize", Wasm: inFunc("_initialize")},
		{Name: "in _warm", Wasm: inFunc("_warm")},
		{Name: "in _thaw", Wasm: inFunc("_thaw")},
		{Name: "in a handler", Kind: Handler, Wasm: as(Handler, spin)},
		{Name: "in a handler, long body", Kind: Handler, Wasm: as(Handler, forever(rep(cat(get(0), c32(1), add, set(0)), 5000)))},
		{Name: "in a loader", Kind: Loader, Wasm: as(Loader, spin)},
		{Name: "asks for the time", Wasm: with("mt:time@1", "now", nil, i64, forever(call(0), drop))},
		{Name: "asks for randomness", Wasm: with("mt:random@1", "u64", nil, i64, forever(call(0), drop))},
		{Name: "yields to nobody", Wasm: with("wasi_snapshot_preview1", "sched_yield", nil, i32, forever(call(0), drop))},
	}
	for k := range list {
		list[k].Want = Spent
	}
	return named("loop", list)
}
