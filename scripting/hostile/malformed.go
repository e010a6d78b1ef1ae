package hostile

import (
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/scripting/internal/asm"
)

// malformed are not modules, or use what guests may not.
func malformed() []Guest {
	// A library may export functions of any type: it is admitted and not started.
	const asLibrary = Refused | Unusable
	section := func(id byte, body ...[]byte) []byte {
		m := asm.Module{Extra: map[byte][]byte{id: cat(body...)}}
		m.Memory(1, 1)
		m.Export("run", asm.Func, m.Func(nil, nil, nil))
		return m.Bytes()
	}
	good := runs(times(3, get(0), c32(1), add, set(0)))
	list := []Guest{
		{Name: "nothing", Wasm: nil},
		{Name: "text", Wasm: []byte("(module (func (export \"run\")))")},
		{Name: "another magic number", Wasm: append([]byte("\x7fELF"), good[4:]...)},
		{Name: "version 2", Wasm: append([]byte("\x00asm\x02\x00\x00\x00"), good[8:]...)},
		{Name: "a component", Wasm: []byte("\x00asm\x0d\x00\x01\x00")},
		{Name: "an empty module", Wasm: good[:8]},
		{Name: "a section twice", Wasm: append(append([]byte{}, good...), 1, 1, 0)},
		{Name: "a section that is larger than the module", Wasm: append(append([]byte{}, good...), 11, 0xff, 0xff, 0xff, 0xff, 0x0f)},
		{Name: "a section of another length", Wasm: section(5, []byte{1, 0, 1, 0})},
		{Name: "an unknown section", Wasm: append(append([]byte{}, good...), 77, 0)},
		{Name: "a tag section", Wasm: section(13, []byte{1, 0, 0})},
		{Name: "a start function", Wasm: section(8, []byte{0})},
		{Name: "an integer too long", Wasm: section(5, []byte{1, 0, 0x81, 0x80, 0x80, 0x80, 0x80, 0})},
		{Name: "an integer too large", Wasm: section(5, []byte{1, 0, 0xff, 0xff, 0xff, 0xff, 0x7f})},
		{Name: "a name that is no text", Wasm: section(7, []byte{1, 1, 0xff, 0, 0})},
		{Name: "functions without bodies", Wasm: section(10)},
		{Name: "bodies without functions", Wasm: section(3, []byte{0})},
		{Name: "a function of no type", Wasm: section(3, []byte{1, 9})},
		{Name: "an unknown type", Wasm: section(1, []byte{1, 0x60, 1, 0x11, 0})},
		{Name: "a struct", Wasm: section(1, []byte{1, 0x5f, 0})},
		{Name: "an imported memory", Wasm: section(2, []byte{1, 1, 'm', 1, 'n', 2, 0, 1})},
		{Name: "an imported table", Wasm: section(2, []byte{1, 1, 'm', 1, 'n', 1, 0x70, 0, 1})},
		{Name: "an imported global", Wasm: section(2, []byte{1, 1, 'm', 1, 'n', 3, 0x7e, 1})},
		{Name: "shared memory", Wasm: section(5, []byte{1, 3, 1, 1})},
		{Name: "memory of 64 bits", Wasm: section(5, []byte{1, 4, 1})},
		{Name: "a computed place of data", Wasm: section(11, []byte{1, 0, 0x41, 1, 0x41, 1, 0x6a, 0x0b, 1, 'x'})},
		{Name: "another number of data segments", Wasm: func() []byte {
			m := asm.Module{Extra: map[byte][]byte{12: {9}}}
			m.Memory(1, 1)
			m.Passive("one")
			m.Export("run", asm.Func, m.Func(nil, nil, nil))
			return m.Bytes()
		}()},
		{Name: "no end", Wasm: runs(block)},
		{Name: "an end too much", Wasm: runs(end)},
		{Name: "code behind the end", Wasm: runs(end, []byte{0x01})},
		{Name: "an else without if", Wasm: runs(els)},
		{Name: "an unknown instruction", Wasm: runs([]byte{0xc5})},
		{Name: "a prefix without instruction", Wasm: runs([]byte{0xfc, 0x7f})},
		{Name: "SIMD", Wasm: runs(append([]byte{0xfd, 12}, make([]byte, 16)...), drop)},
		{Name: "threads", Wasm: runs([]byte{0xfe, 3, 0})},
		{Name: "exceptions", Wasm: runs([]byte{0x1f, 0x40, 0, 0x0b})},
		{Name: "a throw", Wasm: runs([]byte{0x08, 0})},
		{Name: "a tail call", Wasm: runs([]byte{0x12, 0})},
		{Name: "a call of a reference", Wasm: runs([]byte{0x14, 0})},
		{Name: "a label that is not there", Wasm: runs(br(5))},
		{Name: "a local that is not there", Wasm: runs(get(99), drop)},
		{Name: "a global that is not there", Wasm: runs(asm.Op(0x23, 9), drop)},
		{Name: "a function that is not there", Wasm: runs(call(9))},
		{Name: "a table that is not there", Wasm: runs(c32(0), asm.Op(0x11, 0, 0))},
		{Name: "a data segment that is not there", Wasm: runs(asm.Op(0xfc, 9, 7))},
		{Name: "a huge alignment", Wasm: runs(c32(0), []byte{0x28, 64, 0}, drop)},
		{Name: "an alignment beyond the size", Wasm: runs(c32(0), []byte{0x28, 3, 0}, drop)},
		{Name: "an empty stack", Wasm: runs(drop)},
		{Name: "values left over", Wasm: runs(c32(1))},
		{Name: "other types", Wasm: runs(c64(1), c32(1), add, drop)},
		{Name: "a result of another type", Wasm: runs([]byte{0x02, asm.I32}, c64(1), end, drop)},
		{Name: "a select of two types", Wasm: runs(c32(1), c64(1), c32(0), []byte{0x1b}, drop)},
		{Name: "run takes something", Want: asLibrary, Wasm: func() []byte {
			var m asm.Module
			m.Export("run", asm.Func, m.Func(i32, nil, nil))
			return m.Bytes()
		}()},
		{Name: "run gives something", Want: asLibrary, Wasm: func() []byte {
			var m asm.Module
			m.Export("run", asm.Func, m.Func(nil, i32, nil, c32(0)))
			return m.Bytes()
		}()},
		{Name: "run is a memory", Wasm: section(7, []byte{1, 3, 'r', 'u', 'n', 2, 0})},
		{Name: "run twice", Wasm: section(7, []byte{2, 3, 'r', 'u', 'n', 0, 0, 3, 'r', 'u', 'n', 0, 0})},
		{Name: "no export", Wasm: section(7)},
	}
	for _, at := range []int{9, len(good) / 4, len(good) / 2, len(good) - 9, len(good) - 1} {
		list = append(list, Guest{Name: fmt.Sprintf("cut at %d", at), Wasm: good[:at]})
	}
	r := base.NewRand(5, 5)
	for k := range 10 {
		noise := append([]byte{}, good[:8]...)
		for range 200 {
			noise = append(noise, byte(r.IntN(256)))
		}
		list = append(list, Guest{Name: fmt.Sprintf("noise %d", k), Wasm: noise})
	}
	for k := range list {
		if list[k].Want == 0 {
			list[k].Want = Refused
		}
	}
	for k := range 40 { // these may happen to be modules
		bent := append([]byte{}, good...)
		for range 1 + k%3 {
			bent[8+r.IntN(len(bent)-8)] ^= 1 << r.IntN(8)
		}
		list = append(list, Guest{Name: fmt.Sprintf("bent %d", k), Wasm: bent, Want: Refused | Unusable | anyEnd})
	}
	return named("malformed", list)
}
