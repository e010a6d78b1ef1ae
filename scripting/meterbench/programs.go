package meterbench

import (
	"bytes"
	"math"

	"github.com/metatopia/metatopia/scripting/internal/asm"
)

// Instructions of the programs; local 0 is always the parameter n.
var (
	cat     = asm.Cat
	i64s    = []byte{asm.I64}
	end     = []byte{0x0b}
	block   = []byte{0x02, 0x40}
	loop    = []byte{0x03, 0x40}
	br      = func(l uint64) []byte { return asm.Op(0x0c, l) }
	brIf    = func(l uint64) []byte { return asm.Op(0x0d, l) }
	get     = func(l uint64) []byte { return asm.Op(0x20, l) }
	set     = func(l uint64) []byte { return asm.Op(0x21, l) }
	tee     = func(l uint64) []byte { return asm.Op(0x22, l) }
	call    = func(f uint64) []byte { return asm.Op(0x10, f) }
	c32     = asm.I32Const
	c64     = asm.I64Const
	f64     = func(v float64) []byte { return asm.F64Bits(math.Float64bits(v)) }
	load64  = []byte{0x29, 3, 0}
	store64 = []byte{0x37, 3, 0}
	loadF   = []byte{0x2b, 3, 0}
	storeF  = []byte{0x39, 3, 0}
	load8   = []byte{0x2d, 0, 0}
	store8  = []byte{0x3a, 0, 0}
	add64   = []byte{0x7c}
	sub64   = []byte{0x7d}
	and64   = []byte{0x83}
	xor64   = []byte{0x85}
	shl64   = []byte{0x86}
	shrU64  = []byte{0x88}
	eqz64   = []byte{0x50}
	ltS64   = []byte{0x53}
	gtS64   = []byte{0x55}
	leS64   = []byte{0x57}
	geS64   = []byte{0x59}
	add32   = []byte{0x6a}
	mulF    = []byte{0xa2}
	addF    = []byte{0xa0}
	subF    = []byte{0xa1}
	wrap    = []byte{0xa7}
	extend  = []byte{0xad} // i64.extend_i32_u
	convert = []byte{0xb9} // f64.convert_i64_s
	reinter = []byte{0xbd} // i64.reinterpret_f64
	iff     = []byte{0x04, 0x40}
)

// Kind groups the programs.
type Kind string

const (
	Integer Kind = "int"   // loops over integers and memory
	Float   Kind = "float" // loops over floats
	Calls   Kind = "call"  // recursion
	Whole   Kind = "whole" // several functions, loops and calls together
)

type program struct {
	name string
	kind Kind
	n    uint64 // half a millisecond of work
	make func(place int) []byte
}

// placed begins a module with a function that nothing calls, whose size sets
// the place of the others: the engine does not align loops, and where the
// branches of a short one come to lie alone can cost it half its speed.
func placed(place int) *asm.Module {
	m := new(asm.Module)
	m.Memory(4, 4)
	m.Func(i64s, i64s, nil, bytes.Repeat(cat(get(0), c64(1000), add64, set(0)), place), get(0))
	return m
}

// one makes modules of one function run(n i64) -> i64 with more locals.
func one(locals []byte, code ...[]byte) func(int) []byte {
	return func(place int) []byte {
		m := placed(place)
		m.Export("run", asm.Func, m.Func(i64s, i64s, locals, code...))
		return m.Bytes()
	}
}

// while repeats the body as long as the condition, an i32, holds.
func while(cond []byte, body ...[]byte) []byte {
	return cat(block, loop, cond, []byte{0x45}, brIf(1), cat(body...), br(0), end, end) // i32.eqz
}

func programs() []program {
	i, f := byte(asm.I64), byte(asm.F64)
	return []program{
		{"sum", Integer, 500_000, one([]byte{i},
			block, loop, get(0), eqz64, brIf(1),
			get(1), get(0), add64, set(1), get(0), c64(1), sub64, set(0), br(0), end, end, get(1))},
		{"sum, tail tested", Integer, 500_000, one([]byte{i},
			loop, get(1), get(0), xor64, get(0), add64, set(1), get(0), c64(1), sub64, tee(0), c64(0), gtS64, brIf(0), end, get(1))},
		{"memory", Integer, 500_000, one([]byte{i, i}, // a[k & 8191] += k
			while(cat(get(1), get(0), ltS64),
				get(1), c64(8191), and64, c64(3), shl64, wrap,
				get(1), c64(8191), and64, c64(3), shl64, wrap, load64, get(1), add64, store64,
				get(1), c64(1), add64, set(1)),
			c32(800), load64)},
		{"sieve", Integer, 30_000, one([]byte{i, i, i}, // primes below n
			c64(2), set(1),
			while(cat(get(1), get(0), ltS64),
				get(1), wrap, load8, []byte{0x45}, iff,
				get(2), c64(1), add64, set(2),
				get(1), get(1), add64, set(3),
				while(cat(get(3), get(0), ltS64), get(3), wrap, c32(1), store8, get(3), get(1), add64, set(3)),
				end,
				get(1), c64(1), add64, set(1)),
			c64(0), set(1),
			while(cat(get(1), get(0), ltS64), get(1), wrap, c32(0), store8, get(1), c64(1), add64, set(1)),
			get(2))},
		{"orbit", Float, 150_000, one([]byte{f, f, f, f, i}, // x, y, vx, vy, k
			f64(1), set(1), f64(1), set(4),
			while(cat(get(5), get(0), ltS64),
				get(3), get(1), f64(0.001), mulF, subF, set(3),
				get(4), get(2), f64(0.001), mulF, subF, set(4),
				get(1), get(3), f64(0.001), mulF, addF, set(1),
				get(2), get(4), f64(0.001), mulF, addF, set(2),
				get(5), c64(1), add64, set(5)),
			get(1), get(2), addF, reinter)},
		{"series", Float, 200_000, one([]byte{f, f, i}, // x = x*a + b; sum += x
			f64(0.5), set(1),
			loop,
			get(1), f64(0.99), mulF, f64(0.01), addF, tee(1), get(2), addF, set(2),
			get(3), c64(1), add64, tee(3), get(0), ltS64, brIf(0), end,
			get(2), reinter)},
		{"polynomial", Float, 300_000, one([]byte{f, f, i}, // no value but the sum is carried
			while(cat(get(3), get(0), ltS64),
				get(3), convert, f64(1e-6), mulF, set(2),
				get(1), get(2), f64(3), mulF, f64(2), addF, get(2), mulF, f64(1), addF, addF, set(1),
				get(3), c64(1), add64, set(3)),
			get(1), reinter)},
		{"matrix", Float, 40, matrix()},
		{"fib", Calls, 22, fib},
		{"quicksort", Whole, 8_000, quicksort},
	}
}

// matrix multiplies two n x n matrices of floats.
func matrix() func(int) []byte {
	i, f := byte(asm.I64), byte(asm.F64)
	const row, col, k, sum = 1, 2, 3, 4
	at := func(base int32, r, c uint64) []byte { // address of [r][c], rows of 64
		return cat(get(r), c64(6), shl64, get(c), add64, c64(3), shl64, wrap, c32(base), add32)
	}
	next := func(l uint64) []byte { return cat(get(l), c64(1), add64, set(l)) }
	below := func(l uint64) []byte { return cat(get(l), get(0), ltS64) }
	return one([]byte{i, i, i, f},
		while(below(row), c64(0), set(col),
			while(below(col),
				at(0, row, col), get(row), get(col), add64, convert, storeF,
				at(65536, row, col), get(row), get(col), sub64, convert, storeF, next(col)),
			next(row)),
		c64(0), set(row),
		while(below(row), c64(0), set(col),
			while(below(col), c64(0), set(k), f64(0), set(sum),
				while(below(k),
					get(sum), at(0, row, k), loadF, at(65536, k, col), loadF, mulF, addF, set(sum), next(k)),
				at(131072, row, col), get(sum), storeF, next(col)),
			next(row)),
		c32(131072+8), load64)
}

func fib(place int) []byte {
	m := placed(place)
	f := m.Func(i64s, i64s, nil, get(0), c64(2), ltS64, iff, get(0), []byte{0x0f}, end,
		get(0), c64(1), sub64, call(1), get(0), c64(2), sub64, call(1), add64)
	m.Export("run", asm.Func, f)
	return m.Bytes()
}

// quicksort fills memory with n random numbers, sorts them and adds up
// neighbours that are in order.
func quicksort(place int) []byte {
	m := placed(place)
	i := byte(asm.I64)
	at := func(l uint64) []byte { return cat(get(l), c64(3), shl64, wrap) }
	inc := func(l uint64) []byte { return cat(get(l), c64(1), add64, set(l)) }
	const lo, hi, x, y, pivot, tmp = 0, 1, 2, 3, 4, 5
	sort := m.Func(cat(i64s, i64s), nil, []byte{i, i, i, i},
		get(lo), get(hi), geS64, iff, []byte{0x0f}, end,
		get(lo), set(x), get(hi), set(y),
		get(lo), get(hi), add64, c64(1), shrU64, c64(3), shl64, wrap, load64, set(pivot),
		while(cat(get(x), get(y), leS64),
			while(cat(at(x), load64, get(pivot), ltS64), inc(x)),
			while(cat(at(y), load64, get(pivot), gtS64), get(y), c64(1), sub64, set(y)),
			get(x), get(y), leS64, iff,
			at(x), load64, set(tmp), at(x), at(y), load64, store64, at(y), get(tmp), store64,
			inc(x), get(y), c64(1), sub64, set(y), end),
		get(lo), get(y), call(1), get(x), get(hi), call(1))
	const k, seed, sum = 1, 2, 3
	m.Export("run", asm.Func, m.Func(i64s, i64s, []byte{i, i, i},
		c64(0x1234567), set(seed),
		while(cat(get(k), get(0), ltS64),
			get(seed), get(seed), c64(13), shl64, xor64, set(seed),
			get(seed), get(seed), c64(7), shrU64, xor64, set(seed),
			get(seed), get(seed), c64(17), shl64, xor64, set(seed),
			at(k), get(seed), store64, inc(k)),
		c64(0), get(0), c64(1), sub64, call(sort),
		c64(1), set(k),
		while(cat(get(k), get(0), ltS64),
			get(sum), get(k), c64(1), sub64, c64(3), shl64, wrap, load64, at(k), load64, leS64, extend, add64, set(sum),
			inc(k)),
		get(sum)))
	return m.Bytes()
}
