package hostile

import (
	"fmt"

	"github.com/metatopia/metatopia/scripting/internal/asm"
)

// forged name what they were not given: counters of the meter, functions and
// names of the host, handles of other processes.
func forged() []Guest {
	// One global of its own; the meter's come behind it.
	global := func(code ...[]byte) []byte {
		var m asm.Module
		m.Memory(1, 1)
		m.Global(asm.I64, 1, c64(0))
		m.Export("run", asm.Func, m.Func(nil, nil, nil, code...))
		return m.Bytes()
	}
	exported := func(name string, kind byte, index uint64) []byte {
		var m asm.Module
		m.Memory(1, 1)
		m.Global(asm.I64, 1, c64(0))
		m.Export(name, kind, index)
		m.Export("run", asm.Func, m.Func(nil, nil, nil))
		return m.Bytes()
	}
	imported := func(module, name string, params, results []byte) []byte {
		var m asm.Module
		m.Import(module, name, params, results)
		m.Export("run", asm.Func, m.Func(nil, nil, nil))
		return m.Bytes()
	}
	wrongKind := func(k Kind, module, name string, params, results []byte) []byte {
		var m asm.Module
		m.Import(module, name, params, results)
		m.Export(exports(k), asm.Func, m.Func(nil, nil, nil))
		return m.Bytes()
	}
	element := func() []byte {
		var m asm.Module
		m.Table(1)
		f := m.Func(nil, nil, nil)
		m.Elem(0, f+1)
		m.Export("run", asm.Func, f)
		return m.Bytes()
	}
	refused := []Guest{
		{Name: "writes the gas", Wasm: global(c64(1<<60), asm.Op(0x24, 1))},
		{Name: "reads the gas", Wasm: global(asm.Op(0x23, 1), drop)},
		{Name: "writes the depth", Wasm: global(c64(1<<60), asm.Op(0x24, 2))},
		{Name: "writes a global far away", Wasm: global(c64(1), asm.Op(0x24, 0xffffffff))},
		{Name: "exports the gas", Wasm: exported("gas", asm.Global, 1)},
		{Name: "exports the depth", Wasm: exported("depth", asm.Global, 2)},
		{Name: "takes the name of the gas", Wasm: exported("mt:gas", asm.Global, 0)},
		{Name: "takes the name of the depth", Wasm: exported("mt:depth", asm.Global, 0)},
		{Name: "takes a name of an image", Wasm: exported("mt:g0", asm.Global, 0)},
		{Name: "calls the meter", Wasm: runs(c32(0), call(1))},
		{Name: "refers to the meter", Wasm: runs(asm.Op(0xd2, 1), drop)},
		{Name: "has the meter in a table", Wasm: element()},
		{Name: "imports the meter", Wasm: imported("mt:meter", "spent", i32, nil)},
		{Name: "imports another meter", Wasm: imported("mt:meter", "refill", nil, nil)},
		{Name: "imports what is not there", Wasm: imported("env", "system", i32, i32)},
		{Name: "imports a version of the future", Wasm: imported("mt:process@999", "self", nil, i32)},
		{Name: "imports with other types", Wasm: imported("mt:process@1", "self", i32, i32)},
		{Name: "imports without a name", Wasm: imported("", "", nil, nil)},
		{Name: "uses an added local", Wasm: runs(get(4), drop)},
		{Name: "names an added type", Wasm: runs([]byte{0x02, 9, 0x0b})},
		{Name: "a handler with the network", Kind: Handler, Wasm: wrongKind(Handler, "mt:lump@1", "size", cat(i32, i32), i32)},
		{Name: "a handler with a clock", Kind: Handler, Wasm: wrongKind(Handler, "mt:time@1", "now", nil, i64)},
		{Name: "a loader that spawns", Kind: Loader, Wasm: wrongKind(Loader, "mt:process@1", "spawn", cat(rep(i32, 5), i64), i32)},
		{Name: "a loader that sends", Kind: Loader, Wasm: wrongKind(Loader, "mt:message@1", "send", cat(i32, i64, i32, i32), i32)},
		{Name: "a loader that says", Kind: Loader, Wasm: wrongKind(Loader, "mt:world@1", "say", cat(i32, i32), i32)},
	}
	for k := range refused {
		refused[k].Want = Refused
		if refused[k].Kind == Handler { // a process could use them
			refused[k].Want = Unusable
		}
	}
	// The rest try a function on every handle from -50 to 5000, with none
	// given: it must fail each time. They exit with how often it did not.
	type try struct {
		name            string
		params, results []byte
		before, after   []byte // arguments around the handle
	}
	ptr := cat(c32(0), c32(4))
	tries := []try{
		{"kill", i32, i32, nil, nil},
		{"link", cat(i32, i64), i32, nil, c64(0)},
		{"rights", i32, i32, nil, nil},
		{"demote", cat(i32, i32), i32, nil, c32(15)},
		{"lend", cat(i32, i32), i32, nil, c32(15)},
		{"revoke", i32, i32, nil, nil},
		{"drop", i32, i32, nil, nil},
		{"register", cat(i32, i32, i32), i32, ptr, nil},
	}
	list := refused
	guess := func(module string, t try, negative []byte) Guest {
		return Guest{Name: "guesses handles for " + t.name, Want: Done, Checked: true, Wasm: exits(module, t.name, t.params, t.results,
			c32(-50), set(0),
			loop, t.before, get(0), t.after, call(0), negative, eqz, get(1), add, set(1),
			get(0), c32(1), add, tee(0), c32(5000), []byte{0x48}, brIf(0), end,
			get(1), call(1))}
	}
	below := cat(c32(0), []byte{0x48}) // i32.lt_s
	for _, t := range tries {
		list = append(list, guess("mt:process@1", t, below))
	}
	list = append(list,
		guess("mt:process@1", try{"monitor", i32, i64, nil, nil}, cat(c64(0), lt64)),
		guess("mt:message@1", try{"send", cat(i32, i64, i32, i32), i32, nil, cat(c64(0), ptr)}, below),
		guess("mt:message@1", try{"cap", i32, i32, nil, nil}, below),
		Guest{Name: "sends handles that it has not", Want: Done, Checked: true, Wasm: func() []byte {
			var m asm.Module
			self := m.Import("mt:process@1", "self", nil, i32)
			send := m.Import("mt:message@1", "send_caps", cat(i32, i64, rep(i32, 4)), i32)
			exit := m.Import("mt:process@1", "exit", i32, nil)
			m.Memory(1, 1)
			m.Data(0, "\x07\x00\x00\x00\x00\x01\x00\x00\xff\xff\xff\xff")
			m.Export("run", asm.Func, m.Func(nil, nil, nil,
				call(self), c64(0), c32(0), c32(0), c32(0), c32(3), call(send), below, eqz, call(exit)))
			return m.Bytes()
		}()},
		Guest{Name: "gives itself more rights", Want: Done, Checked: true, Wasm: func() []byte {
			var m asm.Module
			self := m.Import("mt:process@1", "self", nil, i32)
			demote := m.Import("mt:process@1", "demote", cat(i32, i32), i32)
			rights := m.Import("mt:process@1", "rights", i32, i32)
			exit := m.Import("mt:process@1", "exit", i32, nil)
			m.Memory(1, 1)
			// Down to no right, and up again.
			m.Export("run", asm.Func, m.Func(nil, nil, nil,
				call(self), c32(0), call(demote), c32(-1), call(demote), call(rights), c32(0), []byte{0x4a}, call(exit)))
			return m.Bytes()
		}()},
		Guest{Name: "looks for names of others", Want: Done, Checked: true, Wasm: exits("mt:process@1", "whereis", cat(i32, i32), i32,
			ptr, call(0), below, eqz, call(1))},
		Guest{Name: "spawns a module without a grant", Want: Done, Checked: true, Wasm: exits("mt:process@1", "spawn_module",
			cat(rep(i32, 7), i64), i32, ptr, c32(0), c32(0), ptr, c32(0), c64(0), call(0), below, eqz, call(1))},
		Guest{Name: "unregisters what it has not registered", Want: Done, Checked: true, Wasm: exits("mt:process@1", "unregister", cat(i32, i32), i32,
			ptr, call(0), below, eqz, call(1))},
		Guest{Name: "cancels timers of others", Want: Done, Checked: true, Wasm: exits("mt:message@1", "cancel", i64, i32,
			c32(-50), set(0),
			loop, get(0), []byte{0xac}, call(0), below, eqz, get(1), add, set(1),
			get(0), c32(1), add, tee(0), c32(5000), []byte{0x48}, brIf(0), end, get(1), call(1))},
	)
	for k := range 4 {
		list = append(list, Guest{Name: fmt.Sprintf("an export of kind %d that is not there", k), Want: Refused, Wasm: exported("x", byte(k), 77)})
	}
	return named("forged", list)
}
