package admit

import "encoding/binary"

// Gas per unit of the instructions whose work depends on an operand.
const (
	bytesPerGasShift = 3  // memory.fill, copy, init: 8 bytes
	gasPerPageShift  = 13 // memory.grow: 65536 bytes to clear
)

// writer builds one metered body.
type writer struct {
	m      *module
	b      []byte
	locals uint32 // next free local
	extra  []byte // declarations of added locals, one group each
	groups uint32
	slots  [3]uint32 // added locals by purpose, 0 for none yet (0 is never free: gas comes first)
	gas    uint32
}

const (
	slotSize = iota
	slotF32
	slotF64
)

func (w *writer) local(t ValType) uint32 {
	w.extra = append(w.extra, 1, byte(t))
	w.groups++
	w.locals++
	return w.locals - 1
}

func (w *writer) slot(k int, t ValType) uint32 {
	if w.slots[k] == 0 {
		w.slots[k] = w.local(t)
	}
	return w.slots[k]
}

func (w *writer) op(op byte, x uint32) { w.b = appendU32(append(w.b, op), x) }
func (w *writer) i32(v int64)          { w.b = appendSigned(append(w.b, opI32Const), v) }
func (w *writer) i64(v int64)          { w.b = appendSigned(append(w.b, opI64Const), v) }
func (w *writer) raw(b ...byte)        { w.b = append(w.b, b...) }

// unlessSpent calls the host with what the code pushes, unless the i64 on top
// of the stack is 0 or more. The usual way is the first arm: the engine
// allocates the registers of the code behind an if from the arm that it sees
// first, and when that is the one with the call it keeps in memory whatever
// lives across, floats above all, on every pass.
func (w *writer) unlessSpent(what, after func()) {
	w.i64(0)
	w.raw(opI64GeS, opIf, blockEmpty, opElse)
	what()
	w.op(opCall, w.m.imported()) // the meter import stands right after the guest's own
	after()
	w.raw(opEnd)
}

func nothing() {}

// take subtracts the cost on top of the stack from the counter below it and
// keeps the result in the global and in a local.
func (w *writer) take(global, local uint32) {
	w.raw(opI64Sub)
	w.op(opLocalTee, local)
	w.op(opGlobalSet, global)
}

// charge takes a constant from the gas counter.
func (w *writer) charge(cost uint32) {
	w.op(opGlobalGet, w.m.gasGlobal())
	w.i64(int64(cost))
	w.settle()
}

// deduct is charge without the look whether anything is left. In a tight loop
// the local has the counter too.
func (w *writer) deduct(cost uint32, tight bool) {
	if tight {
		w.op(opLocalGet, w.gas)
	} else {
		w.op(opGlobalGet, w.m.gasGlobal())
	}
	w.i64(int64(cost))
	w.raw(opI64Sub)
	if tight {
		w.op(opLocalTee, w.gas)
	}
	w.op(opGlobalSet, w.m.gasGlobal())
}

// settle finishes a charge: counter and cost are on the stack. The local has
// the counter afterwards, as a tight loop around wants it.
func (w *writer) settle() {
	w.take(w.m.gasGlobal(), w.gas)
	w.op(opLocalGet, w.gas)
	w.unlessSpent(func() { w.i32(SpentGas) }, func() {
		w.op(opGlobalGet, w.m.gasGlobal())
		w.op(opLocalSet, w.gas)
	})
}

// loop writes the header of a loop with its charge. When gas is spent it takes
// the charge back after the host gave more, and passes the header once more:
// so the engine can put the call out of the way, behind the loop. A branch to
// a loop with parameters would need them again: such a loop is charged in line.
//
// A tight loop has the counter in a local too and only writes the global, so
// that no pass waits for the memory of the last. The locals that it sets are
// copied before the call: the engine stores a value that lives across a call
// where it is made, and what a loop carries is made on every pass; the copy is
// made, and stored, only here.
func (w *writer) loop(head []byte, params bool, cost uint32, t tight, types []ValType) {
	gas := w.m.gasGlobal()
	if params {
		w.raw(head...)
		w.charge(cost)
		return
	}
	if !t.not {
		w.op(opGlobalGet, gas)
		w.op(opLocalSet, w.gas)
	}
	w.raw(head...)
	if t.not {
		w.op(opGlobalGet, gas)
	} else {
		w.op(opLocalGet, w.gas)
	}
	w.i64(int64(cost))
	w.take(gas, w.gas)
	w.op(opLocalGet, w.gas)
	w.unlessSpent(func() {
		for _, x := range t.set {
			w.copy(x, types[x])
		}
		w.i32(SpentGas)
	}, func() {
		w.op(opGlobalGet, gas)
		w.i64(int64(cost))
		w.raw(opI64Add)
		w.op(opLocalTee, w.gas)
		w.op(opGlobalSet, gas)
		w.op(opBr, 1)
	})
}

// copy gives a local a new value that is the same, in a way that the engine
// does not see through.
func (w *writer) copy(x uint32, t ValType) {
	var same []byte
	switch t {
	case I32:
		same = []byte{opI32Const, 0, opI32Add}
	case I64:
		same = []byte{opI64Const, 0, opI64Add}
	case F32:
		same = []byte{opI32ReinterpF, opF32ReinterpI}
	case F64:
		same = []byte{opI64ReinterpF, opF64ReinterpI}
	default:
		return
	}
	w.op(opLocalGet, x)
	w.raw(same...)
	w.op(opLocalSet, x)
}

// enter charges the entry of a function that calls: gas, and a frame of the
// stack budget. Both counters are looked at together, by the sign of their
// union. A spent stack is told first: it is final, gas may be refilled.
func (w *writer) enter(cost uint32, frame int64) {
	depth := w.local(I64)
	w.op(opGlobalGet, w.m.gasGlobal())
	w.i64(int64(cost))
	w.take(w.m.gasGlobal(), w.gas)
	w.op(opGlobalGet, w.m.depthGlobal())
	w.i64(frame)
	w.take(w.m.depthGlobal(), depth)
	w.op(opLocalGet, w.gas)
	w.op(opLocalGet, depth)
	w.raw(opI64Or)
	w.unlessSpent(func() {
		w.op(opLocalGet, depth)
		w.i64(0)
		w.raw(opI64LtS) // 1 is SpentDepth
	}, nothing)
}

// leave gives the frame back.
func (w *writer) leave(frame int64) {
	w.op(opGlobalGet, w.m.depthGlobal())
	w.i64(frame)
	w.raw(opI64Add)
	w.op(opGlobalSet, w.m.depthGlobal())
}

// chargeOperand charges by the i32 on top of the stack, which stays there.
func (w *writer) chargeOperand(op byte, shift int64) {
	n := w.slot(slotSize, I32)
	w.op(opLocalSet, n)
	w.op(opGlobalGet, w.m.gasGlobal())
	w.op(opLocalGet, n)
	w.raw(opI64ExtendU)
	if shift != 0 {
		w.i64(shift)
		w.raw(op)
	}
	w.settle()
	w.op(opLocalGet, n)
}

// canonical replaces the float on top of the stack, when it is a NaN, by the
// canonical one: x == x ? x : nan.
func (w *writer) canonical(t ValType) {
	k, eq := slotF32, byte(opF32Eq)
	if t == F64 {
		k, eq = slotF64, opF64Eq
	}
	x := w.slot(k, t)
	w.op(opLocalTee, x)
	if t == F32 {
		w.b = binary.LittleEndian.AppendUint32(append(w.b, opF32Const), 0x7fc00000)
	} else {
		w.b = binary.LittleEndian.AppendUint64(append(w.b, opF64Const), 0x7ff8000000000000)
	}
	w.op(opLocalGet, x)
	w.op(opLocalGet, x)
	w.raw(eq, opSelect)
}

// frame is what a call of f takes from the stack budget, in units of 8 bytes:
// an upper bound of the native frame. The engine gives every value that lives
// across a call its own place. Values are made by instructions of at least 3
// bytes, by calls and blocks, and of every local where control joins.
func (f *body) frame() int64 {
	n := 16 + uint64(len(f.code))/3 + f.values + uint64(f.locals)*(1+f.blocks)
	return int64(min(n, 1<<30))
}

// meter gives the rewritten body of f, whose function type is ty. A function
// that calls is wrapped in a block, so that every way out of it (end, return,
// branch to the outermost label) passes the place where the frame is given
// back. A trap does not; but an instance is never used after a trap.
func (m *module) meter(f body, ty uint32) []byte {
	w := &writer{m: m, locals: f.locals, b: make([]byte, 0, len(f.code)+len(f.code)/4+64)}
	w.gas = w.local(I64)
	if f.calls {
		w.enter(f.costs[0], f.frame())
		w.raw(opBlock)
		w.raw(m.resultBlock(ty)...)
	} else {
		w.charge(f.costs[0])
	}
	r := &reader{b: f.code}
	region, parts := 1, f.parts
	for nest := uint32(0); r.more(); {
		i := r.next()
		switch i.op {
		case opBlock, opIf:
			nest++
			w.raw(i.raw...)
		case opLoop:
			nest++
			params := i.x != noType && len(m.types[i.x].Params) != 0
			w.loop(i.raw, params, f.costs[region], f.tight[region], f.types)
			region++
		case opEnd:
			if nest == 0 && f.calls {
				w.raw(opEnd)
				w.leave(f.frame())
			}
			nest--
			w.raw(opEnd)
		case opReturn:
			if f.calls {
				w.op(opBr, nest)
			} else {
				w.raw(opReturn)
			}
		case opCall, opRefFunc:
			w.op(i.op, m.newFunc(i.x))
		case opMemoryGrow:
			w.chargeOperand(opI64Shl, gasPerPageShift)
			w.raw(i.raw...)
		case opF32Store, opF32Copysign, opI32ReinterpF:
			w.canonical(F32)
			w.raw(i.raw...)
		case opF64Store, opF64Copysign, opI64ReinterpF:
			w.canonical(F64)
			w.raw(i.raw...)
		case opMisc:
			switch i.sub {
			case miscMemoryInit, miscMemoryCopy, miscMemoryFill:
				w.chargeOperand(opI64ShrU, bytesPerGasShift)
			case miscTableInit, miscTableCopy, miscTableGrow, miscTableFill:
				w.chargeOperand(0, 0)
			}
			w.raw(i.raw...)
		default:
			w.raw(i.raw...)
		}
		if len(parts) > 0 && uint32(r.p) == parts[0].at {
			w.deduct(parts[0].cost, !f.tight[parts[0].region].not)
			parts = parts[1:]
		}
	}
	out := appendU32(make([]byte, 0, len(w.b)+len(f.decl)+16), f.groups+w.groups)
	out = append(append(out, f.decl...), w.extra...)
	return append(out, w.b...)
}
