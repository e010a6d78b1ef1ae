package hostile

import (
	"bytes"

	"github.com/metatopia/metatopia/scripting/internal/asm"
)

// Instructions, by the names of the specification.
var (
	cat    = asm.Cat
	rep    = bytes.Repeat
	i32    = []byte{asm.I32}
	i64    = []byte{asm.I64}
	end    = []byte{0x0b}
	block  = []byte{0x02, 0x40}
	loop   = []byte{0x03, 0x40}
	iff    = []byte{0x04, 0x40}
	els    = []byte{0x05}
	drop   = []byte{0x1a}
	eqz    = []byte{0x45}
	ne     = []byte{0x47}
	add    = []byte{0x6a}
	add64  = []byte{0x7c}
	wrap   = []byte{0xa7}
	extend = []byte{0xad}
	lt64   = []byte{0x53}
	c32    = asm.I32Const
	c64    = asm.I64Const
)

func get(l uint64) []byte   { return asm.Op(0x20, l) }
func set(l uint64) []byte   { return asm.Op(0x21, l) }
func tee(l uint64) []byte   { return asm.Op(0x22, l) }
func call(f uint64) []byte  { return asm.Op(0x10, f) }
func br(l uint64) []byte    { return asm.Op(0x0c, l) }
func brIf(l uint64) []byte  { return asm.Op(0x0d, l) }
func grow() []byte          { return asm.Op(0x40, 0) }
func fill() []byte          { return asm.Op(0xfc, 11, 0) }
func move() []byte          { return asm.Op(0xfc, 10, 0, 0) }
func load(op byte) []byte   { return []byte{op, 0, 0} }
func table(n int) []byte    { return cat([]byte{0x0e}, asm.U(uint64(n)), make([]byte, n+1)) }
func types(n int) []byte    { return rep(i64, n) }
func exports(k Kind) string { return [...]string{"run", "handle", "load"}[k] }

// runs is a module with a page of memory whose run is the code; it has four
// i32 locals.
func runs(code ...[]byte) []byte { return as(Process, code...) }

func as(k Kind, code ...[]byte) []byte {
	var m asm.Module
	m.Memory(1, 4)
	m.Export(exports(k), asm.Func, m.Func(nil, nil, rep(i32, 4), code...))
	return m.Bytes()
}

// with is runs with one imported function, function 0.
func with(module, name string, params, results []byte, code ...[]byte) []byte {
	var m asm.Module
	m.Import(module, name, params, results)
	m.Memory(1, 4)
	m.Data(0, "name")
	m.Export("run", asm.Func, m.Func(nil, nil, rep(i32, 4), code...))
	return m.Bytes()
}

// exits is with two imported functions, the second of which ends the process
// with a code.
func exits(module, name string, params, results []byte, code ...[]byte) []byte {
	var m asm.Module
	m.Import(module, name, params, results)
	m.Import("mt:process@1", "exit", i32, nil)
	m.Memory(1, 4)
	m.Data(0, "name")
	m.Export("run", asm.Func, m.Func(nil, nil, rep(i32, 4), code...))
	return m.Bytes()
}

// forever repeats the code without end.
func forever(code ...[]byte) []byte { return cat(loop, cat(code...), br(0), end) }

// times repeats the code n times, with local 3.
func times(n int32, code ...[]byte) []byte {
	return cat(loop, cat(code...), get(3), c32(1), add, tee(3), c32(n), []byte{0x48}, brIf(0), end)
}
