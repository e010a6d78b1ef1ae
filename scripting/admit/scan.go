package admit

import "slices"

// Static costs, in gas. Everything not named costs 1, structure nothing. They
// are part of the determinism contract of handlers: changing one changes the
// gas of every script (docs/protocol/scripting.md).
const (
	costCall         = 4
	costCallIndirect = 8
	costHostCall     = 32
	costDivide       = 4
	localsPerGas     = 16
)

// body is what pass one learns about a function.
type body struct {
	groups uint32 // local declarations
	decl   []byte // copied
	code   []byte
	locals uint32    // parameters included
	types  []ValType // of the locals
	costs  []uint32  // of the entry region, then of every loop in order of its header
	tight  []tight   // the same regions
	parts  []part    // what is charged apart, in order
	calls  bool      // may call a function that is not the host's: needs a depth charge
	// For work and frame: loops, places where control may join, blocks of any
	// kind, values that calls and blocks make, floats made canonical; labels of
	// branch tables, and values that branches carry along.
	loops, joins, blocks, values, canonical, labels, carried uint64
}

// copies counts the copies of locals that charges at the loops will make.
func (f *body) copies() (n uint64) {
	for _, t := range f.tight {
		n += uint64(len(t.set))
	}
	return n
}

// tight is what is known of a loop as long as it calls nothing and has no loop
// in it: the locals that it sets. They are kept in registers while gas is left.
type tight struct {
	not bool
	set []uint32
}

// mostCopies bounds the locals of a tight loop: one that sets more has other
// worries than a few stores.
const mostCopies = 24

func (t *tight) sets(local uint32) {
	switch {
	case t.not || slices.Contains(t.set, local):
	case len(t.set) == mostCopies:
		t.no()
	default:
		t.set = append(t.set, local)
	}
}

func (t *tight) no() { t.not, t.set = true, nil }

// scan validates a body as far as the rewriting needs and prices its regions.
// The region of an instruction is the innermost loop around it, or the
// function. Between two passes of a region's header every instruction in it
// runs at most once, so charging the whole region at the header never charges
// too little, whatever path is taken. What it leaves out is charged where it
// begins: see parts.go.
func (m *module) scan(sig Signature, raw []byte) (body, error) {
	var f body
	if len(raw) > MaxBody {
		return f, overLimit("function size", uint64(len(raw)), MaxBody)
	}
	r := &reader{b: raw}
	f.groups = r.count("local declarations", MaxLocals)
	start := r.p
	locals := uint64(len(sig.Params))
	f.types = append(f.types, sig.Params...)
	for n := f.groups; n > 0 && r.ok(); n-- {
		k := r.u32()
		locals += uint64(k) // cannot overflow: at most MaxLocals terms of 32 bits
		t := r.valType()
		if r.ok() && locals <= MaxLocals {
			f.types = append(f.types, slices.Repeat([]ValType{t}, int(k))...)
		}
	}
	if r.ok() && locals > MaxLocals {
		r.fail(overLimit("locals", locals, MaxLocals))
	}
	if !r.ok() {
		return f, r.err
	}
	f.locals = uint32(locals)
	f.decl, f.code = r.b[start:r.p], r.b[r.p:]
	m.price(&f, sig, r, r.p)
	if r.ok() && f.work() > MaxWork {
		r.fail(overLimit("function complexity", f.work(), MaxWork))
	}
	return f, r.err
}

// scope is an open block: how it was opened, the region and the part around
// it, the scope of the innermost loop, itself included, whether a branch table
// inside makes the code behind it an arm, and how many values a branch to it
// carries.
type scope struct {
	op                 byte
	region, part, loop int
	arm                bool
	arity              uint64
}

// price walks the code, which begins at offset first of r.
func (m *module) price(f *body, sig Signature, r *reader, first int) {
	moves := f.locals / localsPerGas
	var s splitter
	s.begin(0, true, 1+moves)
	defer s.finish(f)
	f.tight = append(f.tight, tight{not: true})
	region := 0
	nest := []scope{{op: opBlock, part: noPart, arity: uint64(len(sig.Results))}} // the function itself first
	for {
		i := r.next()
		if !r.ok() {
			return
		}
		s.add(m.cost(i, moves))
		at := uint32(r.p - first)
		m.look(i)
		switch i.op {
		case opBlock, opLoop, opIf:
			if i.x != noType {
				f.values += m.arity(r, i.x)
			}
			f.blocks++
			loop := nest[len(nest)-1].loop
			if i.op == opLoop {
				loop = len(nest)
			}
			nest = append(nest, scope{i.op, region, s.now, loop, false, m.carries(i)})
			f.joins++
			switch i.op {
			case opLoop:
				f.loops++
				f.tight[region].no()
				region = len(f.tight)
				s.begin(at, true, 1+moves)
				f.tight = append(f.tight, tight{})
			case opIf:
				s.begin(at, false, 0)
			}
		case opElse:
			if len(nest) > 1 { // the engine refuses one without an if
				s.now = nest[len(nest)-1].part
				s.begin(at, false, 0)
			}
		case opEnd:
			if len(nest) == 1 {
				if r.p != len(r.b) {
					r.fail(malformed("code after the end of a function"))
				}
				return
			}
			closed := nest[len(nest)-1]
			nest = nest[:len(nest)-1]
			if closed.op == opBlock {
				s.add(moves) // of the way that comes from inside; the others pay at their branches
			}
			region, s.now = closed.region, closed.part
			if closed.arm {
				s.begin(at, false, 0)
			}
		case opBr, opBrIf, opBrTable:
			if uint64(i.x) >= uint64(len(nest)) {
				r.fail(malformed("label %d of %d", i.x, len(nest)))
				return
			}
			f.joins++
			// The labels of a table all carry the same number of values.
			f.labels += uint64(i.n)
			f.carried += nest[len(nest)-1-int(i.x)].arity * uint64(max(i.n, 1))
			switch {
			case i.op == opBrIf:
				// What a way out of the loop goes past is gone past once.
				if len(nest)-1-int(i.x) >= nest[len(nest)-1].loop {
					s.begin(at, false, 0)
				}
			case i.op == opBrTable && i.n >= minArms:
				for k := range nest {
					nest[k].arm = true
				}
				s.now = noPart
			default:
				s.now = noPart
			}
		case opReturn, opUnreachable:
			s.now = noPart
		case opCall, opRefFunc:
			if uint64(i.x) >= uint64(len(m.funcs)) {
				r.fail(malformed("function %d of %d", i.x, len(m.funcs)))
				return
			}
			f.calls = f.calls || i.op == opCall && i.x >= m.imported()
			f.values += m.arity(r, m.funcs[i.x])
			if i.op == opCall {
				f.tight[region].no()
			}
		case opCallIndirect:
			f.values += m.arity(r, i.x)
			f.calls = true
			f.tight[region].no()
		case opLocalGet, opLocalSet, opLocalTee:
			if i.x >= f.locals {
				r.fail(malformed("local %d of %d", i.x, f.locals))
			}
			if i.op != opLocalGet {
				f.tight[region].sets(i.x)
			}
		case opF32Store, opF64Store, opF32Copysign, opF64Copysign, opI32ReinterpF, opI64ReinterpF:
			f.canonical++
		case opGlobalGet, opGlobalSet:
			if uint64(i.x) >= uint64(len(m.globals)) {
				r.fail(malformed("global %d of %d", i.x, len(m.globals)))
			}
		}
	}
}

// arity is the number of values that go in and out of a type.
func (m *module) arity(r *reader, ty uint32) uint64 {
	if uint64(ty) >= uint64(len(m.types)) {
		r.fail(malformed("type %d of %d", ty, len(m.types)))
		return 0
	}
	return uint64(len(m.types[ty].Params) + len(m.types[ty].Results))
}

// carries is how many values a branch to the label of a block takes along; its
// type was looked at before.
func (m *module) carries(i instr) uint64 {
	switch {
	case i.x == noType:
		return 1 // or none: the difference does not matter
	case uint64(i.x) >= uint64(len(m.types)):
		return 0 // refused by the caller
	case i.op == opLoop:
		return uint64(len(m.types[i.x].Params))
	}
	return uint64(len(m.types[i.x].Results))
}

// cost prices one instruction. The engine may move every local where control
// divides or joins, and every parameter and result of a call: moves is the
// price of the former.
func (m *module) cost(i instr, moves uint32) uint32 {
	switch i.op {
	case opLoop:
		return moves
	case opIf, opBr, opBrIf, opBrTable:
		return 1 + moves
	case opBlock, opElse, opEnd, 0x01:
		return 0
	case opMemoryGrow:
		return costHostCall // leaves the native code
	case opMisc:
		if i.sub == miscTableGrow {
			return costHostCall
		}
	case opCall:
		if uint64(i.x) >= uint64(len(m.funcs)) {
			return 0 // refused by the caller
		}
		sig := m.types[m.funcs[i.x]]
		values := uint32(len(sig.Params) + len(sig.Results))
		if i.x < m.imported() {
			return costHostCall + values
		}
		return costCall + values
	case opCallIndirect:
		if uint64(i.x) >= uint64(len(m.types)) {
			return 0
		}
		return costCallIndirect + uint32(len(m.types[i.x].Params)+len(m.types[i.x].Results))
	case 0x6d, 0x6e, 0x6f, 0x70, 0x7f, 0x80, 0x81, 0x82, 0x91, 0x95, 0x9f, 0xa3: // div, rem, sqrt
		return costDivide
	}
	return 1
}
