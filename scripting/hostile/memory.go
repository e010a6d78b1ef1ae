package hostile

import (
	"fmt"

	"github.com/metatopia/metatopia/scripting/internal/asm"
)

// memories want more than there is, or what lies beside it.
func memories() []Guest {
	sized := func(min, max int64, code ...[]byte) []byte {
		var m asm.Module
		exit := m.Import("mt:process@1", "exit", i32, nil)
		m.Memory(min, max)
		m.Passive("passive")
		m.Export("run", asm.Func, m.Func(nil, nil, rep(i32, 4), cat(code...), c32(0), call(exit)))
		return m.Bytes()
	}
	outside := func(at int32, data string) []byte {
		var m asm.Module
		m.Memory(1, 1)
		m.Data(at, data)
		m.Export("run", asm.Func, m.Func(nil, nil, nil))
		return m.Bytes()
	}
	list := []Guest{
		{Name: "page by page", Want: Done, Wasm: sized(1, -1, loop, c32(1), grow(), c32(-1), ne, brIf(0), end)},
		{Name: "all at once", Want: Done | Spent, Wasm: sized(1, -1, c32(65535), grow(), drop)},
		{Name: "more than there are", Want: Done | Spent, Wasm: sized(1, -1, c32(-1), grow(), drop)},
		{Name: "half by half", Want: Done | Spent, Wasm: sized(1, -1, times(100, asm.Op(0x3f, 0), grow(), drop))},
		{Name: "touches all it gets", Want: Done | Spent, Wasm: sized(1, -1, loop, c32(16), grow(), c32(-1), ne, iff,
			asm.Op(0x3f, 0), c32(16), []byte{0x6b}, c32(16), []byte{0x74}, c32(1), c32(16<<16), fill(), br(1), end, end)},
		{Name: "64 MiB to begin with", Want: Unusable | Done, Wasm: sized(1024, -1)},
		{Name: "65 MiB to begin with", Want: Refused, Wasm: sized(1040, -1)},
		{Name: "4 GiB to begin with", Want: Refused, Wasm: sized(65536, -1)},
		{Name: "a maximum below the minimum", Want: Refused, Wasm: sized(2, 1)},
		{Name: "data behind the end", Want: Trapped, Wasm: outside(65530, "0123456789")},
		{Name: "data at a negative place", Want: Trapped, Wasm: outside(-4, "0123456789")},
		{Name: "fill behind the end", Want: Trapped, Wasm: sized(1, 1, c32(65530), c32(1), c32(10), fill())},
		{Name: "fill around the end", Want: Trapped | Spent, Wasm: sized(1, 1, c32(8), c32(1), c32(-4), fill())},
		{Name: "move from behind the end", Want: Trapped, Wasm: sized(1, 1, c32(0), c32(65530), c32(10), move())},
		{Name: "move to behind the end", Want: Trapped, Wasm: sized(1, 1, c32(65530), c32(0), c32(10), move())},
		{Name: "initialise past a segment", Want: Trapped, Wasm: sized(1, 1, c32(0), c32(4), c32(10), asm.Op(0xfc, 8, 0, 0))},
		{Name: "initialise from a dropped segment", Want: Trapped, Wasm: sized(1, 1, asm.Op(0xfc, 9, 0), c32(0), c32(0), c32(1), asm.Op(0xfc, 8, 0, 0))},
		{Name: "no memory, and pointers", Want: Trapped, Wasm: func() []byte {
			var m asm.Module
			log := m.Import("mt:log@1", "log", cat(i32, i32, i32), nil)
			m.Export("run", asm.Func, m.Func(nil, nil, nil, c32(1), c32(0), c32(4), call(log)))
			return m.Bytes()
		}()},
	}
	for _, l := range []struct {
		op   byte
		size int32
	}{{0x28, 4}, {0x29, 8}, {0x2a, 4}, {0x2b, 8}, {0x2d, 1}, {0x2f, 2}, {0x35, 4}} {
		for _, at := range []int32{65537 - l.size, -1, 0x7fffffff} {
			list = append(list, Guest{Name: fmt.Sprintf("load %#x from %d", l.op, at), Want: Trapped, Wasm: sized(1, 1, c32(at), load(l.op), drop)})
		}
		// The sum of address and offset does not fit 32 bits.
		list = append(list, Guest{Name: fmt.Sprintf("load %#x with an offset", l.op), Want: Trapped,
			Wasm: sized(1, 1, c32(-8), []byte{l.op, 0}, asm.U(0xffffffff), drop)})
	}
	return named("memory", list)
}
