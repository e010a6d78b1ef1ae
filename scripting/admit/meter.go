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
func (w *writer) ifSpent(cond byte, what int64) {
	w.raw(cond, opIf, blockEmpty)
	w.i32(what)
	w.op(opCall, w.m.imported()) // the meter import stands right after the guest's own
	w.raw(opEnd)
}

// charge takes a constant from the gas counter.
func (w *writer) charge(cost uint32) {
	w.op(opGlobalGet, w.m.gasGlobal())
	w.i64(int64(cost))
	w.settle()
}

// settle finishes a charge: counter and cost are on the stack.
func (w *writer) settle() {
	w.raw(opI64Sub)
	w.op(opLocalTee, w.gas)
	w.op(opGlobalSet, w.m.gasGlobal())
	w.op(opLocalGet, w.gas)
	w.i64(0)
	w.ifSpent(opI64LtS, SpentGas)
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

// depth moves the stack budget by n units; negative n is checked.
func (w *writer) depth(n int64) {
	w.op(opGlobalGet, w.m.depthGlobal())
	w.i32(n)
	w.raw(opI32Add)
	w.op(opGlobalSet, w.m.depthGlobal())
	if n < 0 {
		w.op(opGlobalGet, w.m.depthGlobal())
		w.i32(0)
		w.ifSpent(opI32LtS, SpentDepth)
	}
}

// meter gives the rewritten body of f, whose function type is ty. A function
// that calls is wrapped in a block, so that every way out of it (end, return,
// branch to the outermost label) passes the place where the frame is given
// back. A trap does not; but an instance is never used after a trap.
func (m *module) meter(f body, ty uint32) []byte {
	w := &writer{m: m, locals: f.locals, b: make([]byte, 0, len(f.code)+len(f.code)/4+64)}
	w.gas = w.local(I64)
	costs := f.costs
	w.charge(costs[0])
	costs = costs[1:]
	if f.calls {
		w.depth(-f.frame())
		w.raw(opBlock)
		w.raw(m.resultBlock(ty)...)
	}
	r := &reader{b: f.code}
	for nest := uint32(0); r.more(); {
		i := r.next()
		switch i.op {
		case opBlock, opIf:
			nest++
			w.raw(i.raw...)
		case opLoop:
			nest++
			w.raw(i.raw...)
			w.charge(costs[0])
			costs = costs[1:]
		case opEnd:
			if nest == 0 && f.calls {
				w.raw(opEnd)
				w.depth(f.frame())
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
	}
	out := appendU32(make([]byte, 0, len(w.b)+len(f.decl)+16), f.groups+w.groups)
	out = append(append(out, f.decl...), w.extra...)
	return append(out, w.b...)
}
