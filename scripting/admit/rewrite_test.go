package admit_test

import (
	"bytes"
	"fmt"
	"math"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/scripting/admit"
	"github.com/metatopia/metatopia/scripting/internal/asm"
)

var (
	i32  = []byte{asm.I32}
	i64  = []byte{asm.I64}
	end  = []byte{0x0b}
	get  = func(l uint64) []byte { return asm.Op(0x20, l) }
	set  = func(l uint64) []byte { return asm.Op(0x21, l) }
	call = func(f uint64) []byte { return asm.Op(0x10, f) }
	c32  = asm.I32Const
	c64  = asm.I64Const
	wrap = []byte{0xa7} // i32.wrap_i64
	ext  = []byte{0xad} // i64.extend_i32_u
	add  = []byte{0x7c}
	sub  = []byte{0x7d}
	mul  = []byte{0x7e}
	ret  = []byte{0x0f}
)

// program makes a module whose run(n i64) -> i64 is the code, with two more
// i64 locals.
func program(code ...[]byte) []byte {
	var m asm.Module
	m.Memory(1, 4)
	m.Export("run", asm.Func, m.Func(i64, i64, asm.Cat(i64, i64), code...))
	return m.Bytes()
}

// sumLoop adds n, n-1, ... 1.
func sumLoop() []byte {
	return program(
		[]byte{0x02, 0x40, 0x03, 0x40}, get(0), []byte{0x50}, asm.Op(0x0d, 1),
		get(1), get(0), add, set(1), get(0), c64(1), sub, set(0), asm.Op(0x0c, 0), end, end, get(1))
}

func TestSameResults(t *testing.T) {
	fib := func() []byte {
		var m asm.Module
		f := m.Func(i64, i64, nil, get(0), c64(2), []byte{0x53, 0x04, 0x40}, get(0), ret, end,
			get(0), c64(1), sub, call(0), get(0), c64(2), sub, call(0), add)
		m.Export("run", asm.Func, f)
		return m.Bytes()
	}
	// Through an import, a table that holds it, and references.
	indirect := func() []byte {
		var m asm.Module
		imp := m.Import("env", "add", asm.Cat(i64, i64), i64)
		twice := m.Func(asm.Cat(i64, i64), i64, nil, get(0), get(1), mul)
		m.Table(2)
		m.Elem(0, imp, twice)
		f := m.Func(i64, i64, nil,
			get(0), c64(5), c32(0), asm.Op(0x11, 0, 0), c64(7), c32(1), asm.Op(0x11, 0, 0), get(0), call(imp))
		m.Export("run", asm.Func, f)
		m.Export("add", asm.Func, imp)
		return m.Bytes()
	}
	// Several results, left by return, by a branch to the outermost label, by
	// a branch table, and by the end.
	several := func() []byte {
		var m asm.Module
		pair := m.Func(i64, asm.Cat(i64, i64), nil,
			get(0), []byte{0x50, 0x04, 0x40}, c64(1), c64(2), ret, end, // n == 0
			[]byte{0x02, 0x40},
			c64(3), c64(4), get(0), c64(1), []byte{0x51}, asm.Op(0x0d, 1), []byte{0x1a, 0x1a}, // n == 1
			c64(5), get(0), get(0), wrap, []byte{0x0e, 0x01, 0x01, 0x01}, end,
			c64(9), call(0)) // never reached
		g := m.Func(i64, i64, nil, get(0), call(pair), mul)
		m.Export("run", asm.Func, g)
		return m.Bytes()
	}
	memory := program(
		c32(100), c32(7), c32(1000), asm.Op(0xfc, 11, 0), // fill
		c32(3000), c32(90), c32(1000), asm.Op(0xfc, 10, 0, 0), // copy
		c32(2), asm.Op(0x40, 0), ext, // grow: 1
		c32(100), asm.Op(0x40, 0), ext, add, // grow: -1
		c32(3500), []byte{0x29, 0, 0}, add, asm.Op(0x3f, 0), ext, add)
	float := program(
		c32(8), get(0), []byte{0xb9}, asm.F64Bits(math.Float64bits(2.5)), []byte{0xa2, 0x39, 0, 0}, // n*2.5
		c32(16), get(0), []byte{0xb4}, asm.F32Bits(math.Float32bits(0.1)), []byte{0x95, 0x38, 0, 0},
		c32(8), []byte{0x29, 0, 0}, c32(16), []byte{0x35, 0, 0}, add,
		get(0), []byte{0xb9, 0x9a, 0xbd}, add) // -n, reinterpreted
	for name, wasm := range map[string][]byte{
		"sum": sumLoop(), "fib": fib(), "indirect": indirect(), "several results": several(), "memory": memory, "floats": float,
	} {
		for _, n := range []uint64{0, 1, 2, 3, 15} {
			compare(t, fmt.Sprintf("%s(%d)", name, n), wasm, n)
		}
	}
}

// TestSameResultsRandom compares programs made at random.
func TestSameResultsRandom(t *testing.T) {
	n := 150
	if testing.Short() {
		n = 20
	}
	for seed := range uint64(n) {
		g := &generator{r: base.NewRand(seed, 1)}
		code := g.block(4)
		compare(t, fmt.Sprintf("seed %d", seed), program(code, get(0), get(1), add, get(2), add), seed)
	}
}

// generator writes structured code over three i64 locals that always ends.
type generator struct {
	r      *base.Rand
	labels int
	tables bool // branch tables too
}

func (g *generator) local() uint64 { return uint64(g.r.IntN(3)) }

func (g *generator) expr() []byte {
	ops := [][]byte{add, sub, mul, {0x83}, {0x84}, {0x85}, {0x86}, {0x88}}
	return asm.Cat(get(g.local()), c64(int64(g.r.IntN(100))-50), ops[g.r.IntN(len(ops))], get(g.local()), ops[g.r.IntN(len(ops))])
}

func (g *generator) block(depth int) []byte {
	var b []byte
	for range 1 + g.r.IntN(4) {
		b = asm.Cat(b, g.statement(depth))
	}
	return b
}

func (g *generator) nested(depth int) []byte {
	g.labels++
	defer func() { g.labels-- }()
	return g.block(depth - 1)
}

func (g *generator) statement(depth int) []byte {
	k := g.r.IntN(8)
	if g.tables && g.r.IntN(6) == 0 {
		k = 8
	}
	if depth == 0 && (k < 4 || k == 8) {
		k = 7
	}
	switch k {
	case 8: // arms that fall through, or go behind the last
		const arms = 5
		b := asm.Cat(bytes.Repeat([]byte{0x02, 0x40}, arms+1), g.expr(), []byte{0xa7, 0x0e, arms, 0, 1, 2, 3, 4, 5})
		for k := range arms {
			g.labels += arms - k
			b = asm.Cat(b, end, g.block(depth-1))
			if g.r.IntN(2) == 0 {
				b = asm.Cat(b, asm.Op(0x0c, uint64(arms-1-k)))
			}
			g.labels -= arms - k
		}
		return asm.Cat(b, end)
	case 0: // block with ways out
		return asm.Cat([]byte{0x02, 0x40}, g.nested(depth), end)
	case 1:
		return asm.Cat(g.expr(), []byte{0x50, 0x04, 0x40}, g.nested(depth), []byte{0x05}, g.nested(depth), end)
	case 2: // a loop that memory counts down from 5: it always ends
		at := c32(int32(8 * (1 + g.labels)))
		g.labels++
		body := g.nested(depth)
		g.labels--
		return asm.Cat(at, c64(5), []byte{0x37, 0, 0, 0x02, 0x40, 0x03, 0x40},
			at, at, []byte{0x29, 0, 0}, c64(1), sub, []byte{0x37, 0, 0},
			at, []byte{0x29, 0, 0, 0x50}, asm.Op(0x0d, 1), body, asm.Op(0x0c, 0), end, end)
	case 3: // branch out of some blocks; never to a loop's header
		return asm.Cat([]byte{0x02, 0x40}, g.nested(depth), g.expr(), []byte{0x50}, asm.Op(0x0d, 0), g.nested(depth), end)
	case 4: // leave the function
		return asm.Cat(g.expr(), c64(3), []byte{0x51, 0x04, 0x40}, g.expr(), ret, end)
	case 5: // store and load
		return asm.Cat(c32(1024+8*int32(g.r.IntN(4))), g.expr(), []byte{0x37, 0, 0}, c32(1024+8*int32(g.r.IntN(4))), []byte{0x29, 0, 0}, set(g.local()))
	default:
		return asm.Cat(g.expr(), set(g.local()))
	}
}

// TestCanonicalNaN: whatever bits a NaN has, what can be seen are the
// canonical ones.
func TestCanonicalNaN(t *testing.T) {
	odd := asm.F64Bits(0xfff800000000beef)
	odd32 := asm.F32Bits(0xffc0beef)
	for name, c := range map[string]struct {
		code []byte
		want uint64
	}{
		"f64 reinterpreted": {asm.Cat(odd, []byte{0xbd}), 0x7ff8000000000000},
		"f64 stored":        {asm.Cat(c32(0), odd, []byte{0x39, 0, 0}, c32(0), []byte{0x29, 0, 0}), 0x7ff8000000000000},
		"f64 copysign":      {asm.Cat(asm.F64Bits(math.Float64bits(1)), odd, []byte{0xa6, 0xbd}), math.Float64bits(1)},
		"f32 reinterpreted": {asm.Cat(odd32, []byte{0xbc}, ext), 0x7fc00000},
		"f32 stored":        {asm.Cat(c32(0), odd32, []byte{0x38, 0, 0}, c32(0), []byte{0x35, 0, 0}), 0x7fc00000},
		"f32 copysign":      {asm.Cat(asm.F32Bits(math.Float32bits(1)), odd32, []byte{0x98, 0xbc}, ext), uint64(math.Float32bits(1))},
		"0/0":               {asm.Cat(asm.F64Bits(0), asm.F64Bits(0), []byte{0xa3, 0xbd}), 0x7ff8000000000000},
		"a number":          {asm.Cat(asm.F64Bits(math.Float64bits(-1.5)), []byte{0xbd}), math.Float64bits(-1.5)},
	} {
		got, _, err := run(t, rewrite(t, program(c.code)), "run", 1e6, 1e6, 0)
		if err != nil || got[0] != c.want {
			t.Errorf("%s: got %#x, %v; want %#x", name, got, err, c.want)
		}
	}
}

// TestGasGolden: the price of a known program. It changes only with the cost
// table of docs/protocol/scripting.md, and is the same on every CPU.
func TestGasGolden(t *testing.T) {
	for n, want := range map[uint64]int64{0: 15, 10: 145, 1000: 13015} {
		_, gas, err := run(t, rewrite(t, sumLoop()), "run", 1e9, 1e9, n)
		if err != nil || gas != want {
			t.Errorf("sum to %d: %d gas, %v; want %d", n, gas, err, want)
		}
	}
}

// TestGasCut: with any budget below the price the program stops, after the
// same effects, however the budget is sliced.
func TestGasCut(t *testing.T) {
	// Counts in memory how often the loop ran.
	var m asm.Module
	m.Memory(1, 1)
	m.Export("run", asm.Func, m.Func(i64, i64, nil,
		[]byte{0x03, 0x40}, c32(0), c32(0), []byte{0x29, 0, 0}, c64(1), add, []byte{0x37, 0, 0}, asm.Op(0x0c, 0), end, c64(0)))
	wasm := rewrite(t, m.Bytes())
	for _, budget := range []int64{1, 10, 1000, 12345} {
		var first int64
		for _, slice := range []int64{3, 100, 1 << 40} {
			_, gas, err := run(t, wasm, "run", slice, budget, 0)
			if err != errSpent {
				t.Fatalf("budget %d: %v", budget, err)
			}
			if first == 0 {
				first = gas
			}
			if gas != first {
				t.Errorf("budget %d in slices of %d: stopped at %d, else at %d", budget, slice, gas, first)
			}
		}
	}
}

// TestNoFreeCode: skipping a loop does not skip the price of what follows it,
// and bulk instructions pay by size.
func TestNoFreeCode(t *testing.T) {
	var long []byte
	for range 1000 {
		long = asm.Cat(long, get(1), c64(1), add, set(1))
	}
	skip := program([]byte{0x03, 0x40}, // n times
		[]byte{0x02, 0x40}, c32(1), asm.Op(0x0d, 0), []byte{0x03, 0x40, 0x0b}, end, long,
		get(0), c64(1), sub, asm.Op(0x22, 0), []byte{0x50, 0x45}, asm.Op(0x0d, 0), end, c64(0))
	if _, gas, err := run(t, rewrite(t, skip), "run", 1e9, 1e9, 10); err != nil || gas < 40_000 {
		t.Errorf("10 turns of 4000 instructions cost %d, %v", gas, err)
	}
	fill := program(c32(0), c32(1), c32(65536), asm.Op(0xfc, 11, 0), c64(0))
	if _, gas, err := run(t, rewrite(t, fill), "run", 1e9, 1e9, 0); err != nil || gas < 8192 {
		t.Errorf("filling 64 KiB costs %d, %v", gas, err)
	}
	grow := program(c32(1), asm.Op(0x40, 0), ext)
	if _, gas, err := run(t, rewrite(t, grow), "run", 1e9, 1e9, 0); err != nil || gas < 8192 {
		t.Errorf("growing by a page costs %d, %v", gas, err)
	}
}

// TestDepth: runaway recursion ends at the same depth, direct and through a
// table; a recursion that returns gives its frames back.
func TestDepth(t *testing.T) {
	var direct asm.Module
	direct.Export("run", asm.Func, direct.Func(i64, i64, nil, get(0), c64(1), add, call(0), c64(1), add))
	var table asm.Module
	table.Table(1)
	f := table.Func(i64, i64, nil, get(0), c32(0), asm.Op(0x11, 0, 0), c64(1), add)
	table.Elem(0, f)
	table.Export("run", asm.Func, f)
	for name, m := range map[string]*asm.Module{"direct": &direct, "table": &table} {
		var first int64
		for range 2 {
			_, gas, err := run(t, rewrite(t, m.Bytes()), "run", 1e9, 1e12, 0)
			if err != errDeep || (first != 0 && gas != first) {
				t.Errorf("%s: %v after %d gas, first %d", name, err, gas, first)
			}
			first = gas
		}
	}
	// A million calls one after the other, each leaving in another way.
	var m asm.Module
	leave := m.Func(i64, i64, nil,
		get(0), []byte{0x50, 0x04, 0x40}, c64(0), ret, end,
		get(0), c64(1), []byte{0x51}, []byte{0x04, 0x40}, c64(1), asm.Op(0x0c, 1), end,
		get(0), c64(2), []byte{0x51}, []byte{0x04, 0x40}, c64(2), c32(0), []byte{0x0e, 1, 1, 1}, end,
		get(0), c64(3), sub, call(0))
	m.Export("run", asm.Func, m.Func(i64, i64, i64,
		[]byte{0x03, 0x40}, get(0), c64(7), []byte{0x82}, call(leave), get(1), add, set(1),
		get(0), c64(1), sub, asm.Op(0x22, 0), []byte{0x50, 0x45}, asm.Op(0x0d, 0), end, get(1)))
	if _, _, err := run(t, rewrite(t, m.Bytes()), "run", 1e9, 1e12, 1_000_000); err != nil {
		t.Error(err)
	}
}

// TestMemoryCap: the maximum is capped whatever the module declares.
func TestMemoryCap(t *testing.T) {
	for _, max := range []int64{-1, 4, 65536} {
		var m asm.Module
		m.Memory(1, max)
		m.Export("run", asm.Func, m.Func(i64, i64, nil,
			[]byte{0x03, 0x40}, c32(1), asm.Op(0x40, 0), c32(-1), []byte{0x47}, asm.Op(0x0d, 0), end, asm.Op(0x3f, 0), ext))
		want := uint64(host.MaxPages)
		if max == 4 {
			want = 4
		}
		got, _, err := run(t, rewrite(t, m.Bytes()), "run", 1e12, 1e12, 0)
		if err != nil || got[0] != want {
			t.Errorf("declared %d: %d pages, %v", max, got, err)
		}
	}
}

func TestResult(t *testing.T) {
	var m asm.Module
	m.Import("env", "add", asm.Cat(i64, i64), i64)
	m.Memory(3, 5)
	m.Export("run", asm.Func, m.Func(i32, nil, nil))
	res, err := admit.Rewrite(m.Bytes(), host)
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(res.Imports) != "[{env add}]" || !res.Memory || res.MinPages != 3 ||
		!res.Funcs["run"].Equal(admit.Signature{Params: []admit.ValType{admit.I32}}) || len(res.Funcs) != 1 {
		t.Errorf("got %+v", res)
	}
}

// TestFrames: recursion of functions made to have frames as large as possible
// for what they are charged still ends by the depth budget, never by the
// engine's stack.
func TestFrames(t *testing.T) {
	rep := bytes.Repeat
	recursive := func(params, results, locals []byte, code func(self uint64) []byte, types func(m *asm.Module)) []byte {
		var m asm.Module
		m.Memory(1, 1)
		if types != nil {
			types(&m)
		}
		// The types of m stand before; its first function is the recursive one.
		f := m.Func(params, results, locals, code(0))
		var args, drops []byte
		for range params {
			args = asm.Cat(args, c64(1))
		}
		for range results {
			drops = append(drops, 0x1a)
		}
		m.Export("run", asm.Func, m.Func(nil, nil, nil, args, call(f), drops))
		return m.Bytes()
	}
	sum := func(n int) []byte { return rep(add, n) }
	const many = 40
	wide := rep(i64, many)
	cases := map[string][]byte{
		"many values": recursive(i64, i64, nil, func(f uint64) []byte {
			return asm.Cat(rep(asm.Cat(get(0), []byte{0x50, 0xad}), 5000), get(0), call(f), sum(5000))
		}, nil),
		"many loads": recursive(i64, i64, nil, func(f uint64) []byte {
			return asm.Cat(rep(asm.Cat(get(0), wrap, []byte{0x29, 0, 0}), 5000), get(0), call(f), sum(5000))
		}, nil),
		"many results": recursive(nil, wide, nil, func(f uint64) []byte {
			return asm.Cat(call(f), rep(call(f), 30), sum(30*many))
		}, nil),
		"many parameters": recursive(wide, i64, nil, func(f uint64) []byte {
			var args []byte
			for k := range uint64(many) {
				args = asm.Cat(args, get((k+1)%many))
			}
			return asm.Cat(args, call(f), args, sum(many-1), add)
		}, nil),
		"many locals": recursive(i64, i64, rep(i64, 900), func(f uint64) []byte {
			var init, use []byte
			for k := range uint64(900) {
				init = asm.Cat(init, get(0), []byte{0x50, 0xad}, set(k+1))
				use = asm.Cat(use, get(k+1), add)
			}
			return asm.Cat(init, get(0), call(f), use)
		}, nil),
		"locals in loops": recursive(i64, i64, rep(i64, 200), func(f uint64) []byte {
			var change, use []byte
			for k := range uint64(200) {
				change = asm.Cat(change, get(k+1), get(0), add, set(k+1))
				use = asm.Cat(use, get(k+1), add)
			}
			return asm.Cat(rep([]byte{0x03, 0x40}, 100), change, get(0), call(f), set(0),
				rep(asm.Cat(get(0), wrap, asm.Op(0x0d, 0), get(0), call(f), set(0), end), 100), get(0), use)
		}, nil),
		"small": recursive(nil, nil, nil, call, nil),
	}
	for name, wasm := range cases {
		if _, _, err := run(t, rewrite(t, wasm), "run", 1e15, 1e15); err != errDeep {
			t.Errorf("%s: %.200v", name, err)
		}
	}
}
