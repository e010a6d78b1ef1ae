// Package asm assembles small WebAssembly modules by hand, for tests: good
// ones, and ones that no compiler would write.
package asm

import "encoding/binary"

// Value types.
const (
	I32 = 0x7f
	I64 = 0x7e
	F32 = 0x7d
	F64 = 0x7c
)

// Export kinds.
const (
	Func   = 0
	Table  = 1
	Memory = 2
	Global = 3
)

// Module collects entries; Bytes puts them together. Raw section bodies can
// be given in Extra, to build malformed modules.
type Module struct {
	types, imports, funcs, globals, exports, elems, codes, datas [][]byte
	memory, table                                                []byte
	dataCount                                                    bool
	Extra                                                        map[byte][]byte // whole sections, replacing
}

// U appends an unsigned LEB128, S a signed one.
func U(v uint64) []byte { return binary.AppendUvarint(nil, v) }
func S(v int64) []byte {
	var b []byte
	for {
		c := byte(v & 0x7f)
		v >>= 7
		if (v == 0 && c&0x40 == 0) || (v == -1 && c&0x40 != 0) {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}

// Cat joins code fragments.
func Cat(parts ...[]byte) []byte {
	var b []byte
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

// Op is an opcode with unsigned immediates.
func Op(code byte, imm ...uint64) []byte {
	b := []byte{code}
	for _, v := range imm {
		b = append(b, U(v)...)
	}
	return b
}

func I32Const(v int32) []byte { return append([]byte{0x41}, S(int64(v))...) }
func I64Const(v int64) []byte { return append([]byte{0x42}, S(v)...) }
func F64Bits(v uint64) []byte { return binary.LittleEndian.AppendUint64([]byte{0x44}, v) }
func F32Bits(v uint32) []byte { return binary.LittleEndian.AppendUint32([]byte{0x43}, v) }

func vec(b []byte) []byte { return append(U(uint64(len(b))), b...) }

// Type adds a function type and gives its index.
func (m *Module) Type(params, results []byte) uint64 {
	m.types = append(m.types, Cat([]byte{0x60}, vec(params), vec(results)))
	return uint64(len(m.types) - 1)
}

// Import adds a function import; imports come before functions.
func (m *Module) Import(module, name string, params, results []byte) uint64 {
	ty := m.Type(params, results)
	m.imports = append(m.imports, Cat(vec([]byte(module)), vec([]byte(name)), []byte{Func}, U(ty)))
	return uint64(len(m.imports) - 1)
}

// Func adds a function: locals by type, code without the final end.
func (m *Module) Func(params, results, locals []byte, code ...[]byte) uint64 {
	m.funcs = append(m.funcs, U(m.Type(params, results)))
	decl := U(uint64(len(locals)))
	for _, t := range locals {
		decl = append(decl, 1, t)
	}
	m.codes = append(m.codes, vec(Cat(decl, Cat(code...), []byte{0x0b})))
	return uint64(len(m.imports) + len(m.funcs) - 1)
}

// Export exports something by index.
func (m *Module) Export(name string, kind byte, index uint64) {
	m.exports = append(m.exports, Cat(vec([]byte(name)), []byte{kind}, U(index)))
}

// Memory declares the memory, in pages; max below 0 declares none.
func (m *Module) Memory(min, max int64) {
	if max < 0 {
		m.memory = Cat(U(1), []byte{0}, U(uint64(min)))
		return
	}
	m.memory = Cat(U(1), []byte{1}, U(uint64(min)), U(uint64(max)))
}

// Table declares a table of functions.
func (m *Module) Table(min uint64) { m.table = Cat(U(1), []byte{0x70, 0}, U(min)) }

// Global adds a global with a constant initialiser and gives its index.
func (m *Module) Global(typ, mutable byte, init []byte) uint64 {
	m.globals = append(m.globals, Cat([]byte{typ, mutable}, init, []byte{0x0b}))
	return uint64(len(m.globals) - 1)
}

// Elem fills table 0 from an offset.
func (m *Module) Elem(offset int32, funcs ...uint64) {
	b := Cat(U(0), I32Const(offset), []byte{0x0b}, U(uint64(len(funcs))))
	for _, f := range funcs {
		b = append(b, U(f)...)
	}
	m.elems = append(m.elems, b)
}

// Data fills memory from an offset.
func (m *Module) Data(offset int32, data string) {
	m.datas = append(m.datas, Cat(U(0), I32Const(offset), []byte{0x0b}, vec([]byte(data))))
}

// Passive adds a passive data segment and the DataCount section.
func (m *Module) Passive(data string) {
	m.dataCount = true
	m.datas = append(m.datas, Cat(U(1), vec([]byte(data))))
}

// Bytes gives the module.
func (m *Module) Bytes() []byte {
	out := []byte("\x00asm\x01\x00\x00\x00")
	section := func(id byte, body []byte) {
		if x, ok := m.Extra[id]; ok {
			body = x
		}
		if len(body) != 0 {
			out = Cat(out, []byte{id}, vec(body))
		}
	}
	entries := func(id byte, list [][]byte) {
		var body []byte
		if len(list) != 0 {
			body = Cat(U(uint64(len(list))), Cat(list...))
		}
		section(id, body)
	}
	entries(1, m.types)
	entries(2, m.imports)
	entries(3, m.funcs)
	section(4, m.table)
	section(5, m.memory)
	section(13, nil)
	entries(6, m.globals)
	entries(7, m.exports)
	section(8, nil)
	entries(9, m.elems)
	if m.dataCount {
		section(12, U(uint64(len(m.datas))))
	}
	entries(10, m.codes)
	entries(11, m.datas)
	return out
}
