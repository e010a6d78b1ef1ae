package admit_test

import (
	"github.com/metatopia/metatopia/scripting/internal/asm"
)

// programmer writes valid modules from bytes that say what to do next, so that
// a fuzzer can change programs by changing bytes. They end soon: loops
// count down, functions call only those before them, seldom and in no loop.
// The bits of a NaN never show.
type programmer struct {
	in     []byte
	m      asm.Module
	locals []byte // types of the function under construction
	funcs  []fnType
	labels []byte // open blocks without values, innermost last: 0 block, 1 loop
	size   int    // instructions of the function so far
	calls  int    // of functions, in it
	ends   uint64 // block type (i64) -> (i64)
}

type fnType struct {
	params []byte
	result byte
}

var valueTypes = []byte{asm.I32, asm.I64, asm.F32, asm.F64}

// oper is a numeric instruction by its operands and its result.
type oper struct {
	code []byte
	in   []byte
}

var opers = func() map[byte][]oper {
	all := map[byte][]oper{}
	add := func(result byte, first, last int, in ...byte) {
		for op := first; op <= last; op++ {
			all[result] = append(all[result], oper{[]byte{byte(op)}, in})
		}
	}
	i, l, f, d := byte(asm.I32), byte(asm.I64), byte(asm.F32), byte(asm.F64)
	add(i, 0x45, 0x45, i)
	add(i, 0x46, 0x4f, i, i)
	add(i, 0x50, 0x50, l)
	add(i, 0x51, 0x5a, l, l)
	add(i, 0x5b, 0x60, f, f)
	add(i, 0x61, 0x66, d, d)
	add(i, 0x67, 0x69, i)
	add(i, 0x6a, 0x78, i, i)
	add(l, 0x79, 0x7b, l)
	add(l, 0x7c, 0x8a, l, l)
	add(f, 0x8b, 0x91, f)
	add(f, 0x92, 0x97, f, f)
	add(d, 0x99, 0x9f, d)
	add(d, 0xa0, 0xa5, d, d)
	add(i, 0xa7, 0xa7, l)
	add(i, 0xa8, 0xa9, f)
	add(i, 0xaa, 0xab, d)
	add(l, 0xac, 0xad, i)
	add(l, 0xae, 0xaf, f)
	add(l, 0xb0, 0xb1, d)
	add(f, 0xb2, 0xb3, i)
	add(f, 0xb4, 0xb5, l)
	add(f, 0xb6, 0xb6, d)
	add(d, 0xb7, 0xb8, i)
	add(d, 0xb9, 0xba, l)
	add(d, 0xbb, 0xbb, f)
	add(f, 0xbe, 0xbe, i)
	add(d, 0xbf, 0xbf, l)
	add(i, 0xc0, 0xc1, i)
	add(l, 0xc2, 0xc4, l)
	for k, in := range []byte{f, f, d, d, f, f, d, d} {
		result := []byte{i, l}[k/4]
		all[result] = append(all[result], oper{[]byte{0xfc, byte(k)}, []byte{in}})
	}
	return all
}()

// next gives a number below n.
func (p *programmer) next(n int) int {
	if len(p.in) == 0 {
		return 0
	}
	v := int(p.in[0])
	p.in = p.in[1:]
	return v % n
}

// program makes the module: run(i64) -> i64, a memory, globals and a table.
func (p *programmer) program() []byte {
	p.m.Import("env", "add", asm.Cat(i64, i64), i64)
	p.funcs = append(p.funcs, fnType{asm.Cat(i64, i64), asm.I64})
	p.m.Memory(1, 3)
	p.m.Table(8)
	for _, t := range valueTypes {
		p.m.Global(t, 1, p.constant(t))
	}
	p.m.Passive("some passive data")
	p.ends = p.m.Type(i64, i64)
	leaf := p.m.Func(asm.Cat(i64, i64), i64, nil, get(0), get(1), mul)
	p.funcs = append(p.funcs, fnType{asm.Cat(i64, i64), asm.I64})
	for range 1 + p.next(4) {
		params := make([]byte, p.next(4))
		for k := range params {
			params[k] = valueTypes[p.next(4)]
		}
		p.function(params, valueTypes[p.next(4)])
	}
	p.m.Elem(0, 0, leaf, 0) // the rest traps
	run := p.function(i64, asm.I64)
	p.m.Export("run", asm.Func, run)
	p.m.Export("memory", asm.Memory, 0)
	return p.m.Bytes()
}

func (p *programmer) function(params []byte, result byte) uint64 {
	p.locals, p.size, p.calls = append([]byte{}, params...), 0, 0
	for range 4 + p.next(6) {
		p.locals = append(p.locals, valueTypes[p.next(4)])
	}
	own := p.locals[len(params):]
	var code []byte
	for range 1 + p.next(5) {
		code = asm.Cat(code, p.statement(4))
	}
	code = asm.Cat(code, p.expr(result, 3))
	index := p.m.Func(params, []byte{result}, asm.Cat(own, i32), code) // the last counts loops
	p.funcs = append(p.funcs, fnType{params, result})
	return index
}

func (p *programmer) constant(t byte) []byte {
	switch v := int64(p.next(256)) - 128; t {
	case asm.I32:
		return asm.I32Const(int32(v * v * v))
	case asm.I64:
		return asm.I64Const(v * v * v * v * v)
	case asm.F32:
		return asm.F32Bits(uint32(v) << 23)
	default:
		return asm.F64Bits(uint64(v) << 52)
	}
}

// local finds a local of a type.
func (p *programmer) local(t byte) (uint64, bool) {
	for k, n := 0, p.next(16); k < len(p.locals); k++ {
		if at := (k + n) % len(p.locals); p.locals[at] == t {
			return uint64(at), true
		}
	}
	return 0, false
}

// address is most often inside the memory.
func (p *programmer) address() []byte {
	if p.next(32) == 31 {
		return asm.Cat(p.expr(asm.I32, 1), c32(0x40000), []byte{0x72}) // traps
	}
	return asm.Cat(p.expr(asm.I32, 1), c32(0x7ff8), []byte{0x71})
}

// plainNaN makes a float fit to be seen: a NaN becomes the canonical one.
func (p *programmer) plainNaN(t byte, code []byte) []byte {
	if t == asm.F32 {
		return asm.Cat(code, set32g(2), asm.Op(0x23, 2), asm.F32Bits(0x7fc00000), asm.Op(0x23, 2), asm.Op(0x23, 2), []byte{0x5b, 0x1b})
	}
	return asm.Cat(code, set32g(3), asm.Op(0x23, 3), asm.F64Bits(0x7ff8000000000000), asm.Op(0x23, 3), asm.Op(0x23, 3), []byte{0x61, 0x1b})
}

func set32g(g uint64) []byte { return asm.Op(0x24, g) }

var (
	loads  = map[byte][]byte{asm.I32: {0x28, 0x2c, 0x2d, 0x2e, 0x2f}, asm.I64: {0x29, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35}, asm.F32: {0x2a}, asm.F64: {0x2b}}
	stores = map[byte][]byte{asm.I32: {0x36, 0x3a, 0x3b}, asm.I64: {0x37, 0x3c, 0x3d, 0x3e}, asm.F32: {0x38}, asm.F64: {0x39}}
)

// expr pushes a value of type t.
func (p *programmer) expr(t byte, depth int) []byte {
	p.size++
	k := p.next(12)
	if depth == 0 || p.size > 2000 {
		k %= 3
	}
	switch k {
	case 1, 2:
		if l, ok := p.local(t); ok {
			return get(l)
		}
	case 3, 4, 5:
		o := opers[t][p.next(len(opers[t]))]
		var code []byte
		for _, in := range o.in {
			code = asm.Cat(code, p.expr(in, depth-1))
		}
		return asm.Cat(code, o.code)
	case 6:
		ops := loads[t]
		return asm.Cat(p.address(), asm.Op(ops[p.next(len(ops))], 0, uint64(p.next(8))))
	case 7:
		if l, ok := p.local(t); ok {
			return asm.Cat(p.expr(t, depth-1), asm.Op(0x22, l))
		}
	case 8:
		return asm.Op(0x23, uint64(asm.I32-t)) // the global of that type
	case 9:
		return p.call(t, depth)
	case 10: // if with a result
		return asm.Cat(p.expr(asm.I32, depth-1), []byte{0x04, t}, p.inside(0, func() []byte { return p.expr(t, depth-1) }),
			[]byte{0x05}, p.inside(0, func() []byte { return p.expr(t, depth-1) }), end)
	case 11:
		return p.special(t, depth)
	}
	return p.constant(t)
}

// inside writes code within a block that nothing branches to by chance.
func (p *programmer) inside(kind byte, code func() []byte) []byte {
	p.labels = append(p.labels, 2+kind)
	defer func() { p.labels = p.labels[:len(p.labels)-1] }()
	return code()
}

func (p *programmer) call(t byte, depth int) []byte {
	for k, n := 0, p.next(8); k < len(p.funcs); k++ {
		at := (k + n) % len(p.funcs)
		if p.funcs[at].result != t || at > 1 && (p.calls >= 3 || p.loops()) {
			continue
		}
		if at > 1 {
			p.calls++
		}
		var code []byte
		for _, in := range p.funcs[at].params {
			code = asm.Cat(code, p.expr(in, depth-1))
		}
		return asm.Cat(code, call(uint64(at)))
	}
	return p.constant(t)
}

// special pushes what only some types have.
func (p *programmer) special(t byte, depth int) []byte {
	switch t {
	case asm.I32:
		switch p.next(4) {
		case 0:
			return asm.Op(0x3f, 0) // memory.size
		case 1:
			return asm.Cat(p.expr(asm.I32, 1), c32(1), []byte{0x71}, asm.Op(0x40, 0)) // memory.grow by 0 or 1
		case 2:
			return asm.Cat(p.plainNaN(asm.F32, p.expr(asm.F32, depth-1)), []byte{0xbc})
		}
		return asm.Op(0xfc, 16, 0) // table.size
	case asm.I64:
		switch p.next(4) {
		case 0:
			return asm.Cat(p.plainNaN(asm.F64, p.expr(asm.F64, depth-1)), []byte{0xbd})
		case 1: // through the table
			return asm.Cat(p.expr(asm.I64, 1), p.expr(asm.I64, 1), c32(int32(p.next(4))), asm.Op(0x11, 0, 0))
		case 2: // a loop that takes and gives a value, once
			return asm.Cat(p.expr(asm.I64, 1), []byte{0x03}, asm.U(p.ends), p.inside(1, func() []byte {
				return asm.Cat(c64(3), add)
			}), end)
		}
		return asm.Cat(p.expr(t, 1), p.expr(t, 1), p.expr(asm.I32, 1), []byte{0x1b}) // select
	}
	sign := byte(0x98)
	if t == asm.F64 {
		sign = 0xa6
	}
	return asm.Cat(p.plainNaN(t, p.expr(t, 1)), p.plainNaN(t, p.expr(t, 1)), []byte{sign})
}

// statement leaves the stack as it is.
func (p *programmer) statement(depth int) []byte {
	p.size++
	k := p.next(13)
	if depth == 0 || p.size > 2000 {
		k %= 5
	}
	switch t := valueTypes[p.next(4)]; k {
	default:
		if l, ok := p.local(t); ok {
			return asm.Cat(p.expr(t, depth), set(l))
		}
		return asm.Cat(p.expr(t, depth), []byte{0x1a})
	case 2:
		code := p.expr(t, depth)
		if t == asm.F32 || t == asm.F64 {
			code = p.plainNaN(t, code)
		}
		ops := stores[t]
		return asm.Cat(p.address(), code, asm.Op(ops[p.next(len(ops))], 0, uint64(p.next(8))))
	case 3:
		return asm.Cat(p.expr(t, depth), asm.Op(0x24, uint64(asm.I32-t)))
	case 4: // out of some block
		for d := range p.labels {
			if p.labels[len(p.labels)-1-d] == 0 {
				return asm.Cat(p.expr(asm.I32, 1), asm.Op(0x0d, uint64(d)))
			}
		}
		return nil
	case 5:
		return asm.Cat([]byte{0x02, 0x40}, p.block(0, depth), end)
	case 6, 7, 8:
		return p.loop(depth)
	case 9:
		return asm.Cat(p.expr(asm.I32, depth-1), []byte{0x04, 0x40}, p.block(0, depth), []byte{0x05}, p.block(0, depth), end)
	case 10: // a table of two blocks
		return asm.Cat([]byte{0x02, 0x40, 0x02, 0x40}, p.expr(asm.I32, 1), []byte{0x0e, 2, 0, 1, 1}, end, p.inside(0, func() []byte { return p.statement(0) }), end)
	case 11: // bulk memory, most often inside
		op := [][]byte{asm.Op(0xfc, 11, 0), asm.Op(0xfc, 10, 0, 0)}[p.next(2)]
		return asm.Cat(p.address(), p.expr(asm.I32, 1), c32(0x7ff8), []byte{0x71}, p.expr(asm.I32, 1), c32(0xff), []byte{0x71}, op)
	case 12:
		return asm.Cat(p.address(), c32(int32(p.next(20))), c32(int32(p.next(20))), asm.Op(0xfc, 8, 0, 0))
	}
}

func (p *programmer) block(kind byte, depth int) []byte {
	p.labels = append(p.labels, kind)
	defer func() { p.labels = p.labels[:len(p.labels)-1] }()
	var code []byte
	for range 1 + p.next(3) {
		code = asm.Cat(code, p.statement(depth-1))
	}
	return code
}

// loop runs its body a few times; the count is in memory, above what the rest
// of the program most often writes, or in the last local when nothing else
// loops.
func (p *programmer) loop(depth int) []byte {
	turns := int32(1 + p.next(5))
	at := uint64(len(p.locals))
	if p.loops() {
		where := c32(int32(0x10000 - 8*len(p.labels)))
		return asm.Cat(where, c32(turns), asm.Op(0x36, 2, 0), []byte{0x03, 0x40}, p.block(1, depth),
			where, where, asm.Op(0x28, 2, 0), c32(1), []byte{0x6b}, asm.Op(0x36, 2, 0), where, asm.Op(0x28, 2, 0), c32(0), []byte{0x4a}, asm.Op(0x0d, 0), end)
	}
	return asm.Cat(c32(turns), set(at), []byte{0x03, 0x40}, p.block(1, depth),
		get(at), c32(1), []byte{0x6b}, asm.Op(0x22, at), c32(0), []byte{0x4a}, asm.Op(0x0d, 0), end)
}

func (p *programmer) loops() bool {
	for _, l := range p.labels {
		if l == 1 || l == 3 {
			return true
		}
	}
	return false
}
