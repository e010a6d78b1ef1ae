package mote

import (
	"encoding/binary"
	"math"
)

// The instructions of the function at hand.

func (c *compiler) op(code ...byte) { c.code = append(c.code, code...) }

func (c *compiler) u32(n int) { c.code = binary.AppendUvarint(c.code, uint64(n)) }

func (c *compiler) i32(n int64) { c.code = appendSigned(append(c.code, opI32Const), n) }

func (c *compiler) i64(n int64) { c.code = appendSigned(append(c.code, opI64Const), n) }

func (c *compiler) f64(v float64) {
	c.code = binary.LittleEndian.AppendUint64(append(c.code, opF64Const), math.Float64bits(v))
}

func (c *compiler) open(code, result byte) {
	c.op(code, result)
	c.depth++
}

func (c *compiler) close() {
	c.op(opEnd)
	c.depth--
}

// finish gives the body: runs of locals of a type, then the instructions.
func (c *compiler) finish() []byte {
	var runs, b []byte
	n := 0
	for i := 0; i < len(c.types); {
		k := i
		for k < len(c.types) && c.types[k] == c.types[i] {
			k++
		}
		runs = append(binary.AppendUvarint(runs, uint64(k-i)), byte(c.types[i]))
		n++
		i = k
	}
	b = append(binary.AppendUvarint(b, uint64(n)), runs...)
	return append(append(b, c.code...), opEnd)
}

// appendSigned is the LEB128 of the format.
func appendSigned(b []byte, n int64) []byte {
	for {
		x := byte(n & 0x7f)
		n >>= 7
		if n == 0 && x&0x40 == 0 || n == -1 && x&0x40 != 0 {
			return append(b, x)
		}
		b = append(b, x|0x80)
	}
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// list is a section or a part of one: a count, then the items.
type list struct {
	n int
	b []byte
}

func (l *list) add(b ...byte) {
	l.n++
	l.b = append(l.b, b...)
}

func appendSection(b []byte, id byte, l list) []byte {
	if l.n == 0 {
		return b
	}
	body := append(binary.AppendUvarint(nil, uint64(l.n)), l.b...)
	return append(binary.AppendUvarint(append(b, id), uint64(len(body))), body...)
}

// module puts the sections together.
func (c *compiler) module() []byte {
	var types, imports, funcs, memory, globals, exports, code, data list
	seen := map[string]int{}
	for _, f := range c.list {
		sig := f.signature()
		index, ok := seen[string(sig)]
		if !ok {
			index = types.n
			seen[string(sig)] = index
			types.add(sig...)
		}
		if f.module != "" {
			b := append(appendText(appendText(nil, f.module), f.name), 0)
			imports.add(binary.AppendUvarint(b, uint64(index))...)
			continue
		}
		funcs.add(binary.AppendUvarint(nil, uint64(index))...)
		if f.export {
			exports.add(binary.AppendUvarint(append(appendText(nil, f.name), 0), uint64(f.index))...)
		}
	}
	heap := (dataStart + len(c.data) + 7) &^ 7
	for _, v := range c.vars {
		globals.add(append(append([]byte{byte(v.typ), 1}, v.value...), opEnd)...)
	}
	if c.memory || c.pages > 0 || len(c.imports) > 0 {
		pages := max(c.pages, heap>>16+1)
		memory.add(binary.AppendUvarint([]byte{0}, uint64(pages))...)
		globals.add(append(appendSigned([]byte{byte(i32), 0, opI32Const}, int64(heap)), opEnd)...)
		exports.add(append(appendText(nil, "memory"), 2, 0)...)
	}
	for _, b := range c.bodies {
		code.add(append(binary.AppendUvarint(nil, uint64(len(b))), b...)...)
	}
	if len(c.data) > 0 {
		b := append(appendSigned([]byte{0, opI32Const}, dataStart), opEnd)
		data.add(appendText(b, string(c.data))...)
	}
	b := []byte("\x00asm\x01\x00\x00\x00")
	for _, s := range []struct {
		id byte
		l  list
	}{{1, types}, {2, imports}, {3, funcs}, {5, memory}, {6, globals}, {7, exports}, {10, code}, {11, data}} {
		b = appendSection(b, s.id, s.l)
	}
	return b
}

// signature is the function's type in the module.
func (f *function) signature() []byte {
	var params []byte
	n := 0
	for _, p := range f.params {
		if p == texts {
			params = append(params, byte(i32), byte(i32))
			n += 2
		} else {
			params = append(params, byte(p))
			n++
		}
	}
	b := append(append([]byte{0x60}, binary.AppendUvarint(nil, uint64(n))...), params...)
	if f.result == none {
		return append(b, 0)
	}
	return append(b, 1, byte(f.result))
}
