package admit

// Opcodes that the rewriting looks at; see the WebAssembly 2.0 specification,
// section 5.4, for the whole table.
const (
	opUnreachable  = 0x00
	opBlock        = 0x02
	opLoop         = 0x03
	opIf           = 0x04
	opElse         = 0x05
	opEnd          = 0x0b
	opBr           = 0x0c
	opBrIf         = 0x0d
	opBrTable      = 0x0e
	opReturn       = 0x0f
	opCall         = 0x10
	opCallIndirect = 0x11
	opSelect       = 0x1b
	opSelectT      = 0x1c
	opLocalGet     = 0x20
	opLocalSet     = 0x21
	opLocalTee     = 0x22
	opGlobalGet    = 0x23
	opGlobalSet    = 0x24
	opTableGet     = 0x25
	opTableSet     = 0x26
	opLoadFirst    = 0x28
	opF32Store     = 0x38
	opF64Store     = 0x39
	opStoreLast    = 0x3e
	opMemorySize   = 0x3f
	opMemoryGrow   = 0x40
	opI32Const     = 0x41
	opI64Const     = 0x42
	opF32Const     = 0x43
	opF64Const     = 0x44
	opNumericFirst = 0x45
	opI64LtS       = 0x53
	opI64GeS       = 0x59
	opF32Eq        = 0x5b
	opF64Eq        = 0x61
	opI32Add       = 0x6a
	opI64Add       = 0x7c
	opI64Sub       = 0x7d
	opI64Or        = 0x84
	opI64ShrU      = 0x88
	opI64Shl       = 0x86
	opF32Copysign  = 0x98
	opF64Copysign  = 0xa6
	opI64ExtendU   = 0xad
	opI32ReinterpF = 0xbc
	opI64ReinterpF = 0xbd
	opF32ReinterpI = 0xbe
	opF64ReinterpI = 0xbf
	opNumericLast  = 0xc4
	opRefNull      = 0xd0
	opRefIsNull    = 0xd1
	opRefFunc      = 0xd2
	opMisc         = 0xfc

	blockEmpty = 0x40
)

// Sub-opcodes after opMisc.
const (
	miscTruncLast  = 7
	miscMemoryInit = 8
	miscDataDrop   = 9
	miscMemoryCopy = 10
	miscMemoryFill = 11
	miscTableInit  = 12
	miscElemDrop   = 13
	miscTableCopy  = 14
	miscTableGrow  = 15
	miscTableSize  = 16
	miscTableFill  = 17
)

// instr is one decoded instruction; raw holds its bytes.
type instr struct {
	op  byte
	sub uint32 // after opMisc
	x   uint32 // first index: function, local, global, type, label; br_table: the largest label
	n   uint32 // br_table: the number of labels
	raw []byte
}

// next decodes one instruction. Opcodes outside the table are refused, so
// that the engine cannot read a body in another way than it was metered.
func (r *reader) next() (i instr) {
	start := r.p
	i.op = r.u8()
	switch op := i.op; {
	case op == opBlock || op == opLoop || op == opIf:
		i.x = r.blockType()
	case op == opBr || op == opBrIf, op == opCall, op == opRefFunc,
		op >= opLocalGet && op <= opTableSet:
		i.x = r.u32()
	case op == opBrTable:
		n := r.count("br_table targets", MaxBranches)
		for k := uint32(0); k <= n && r.ok(); k++ {
			i.x = max(i.x, r.u32())
		}
		i.n = n + 1
	case op == opCallIndirect:
		i.x = r.u32()
		r.u32() // table, checked by the engine
	case op == opSelectT:
		if r.u32() != 1 {
			r.fail(malformed("select of several values"))
		}
		r.valType()
	case op >= opLoadFirst && op <= opStoreLast:
		if r.u32() > 3 {
			r.fail(malformed("alignment")) // also refuses the multi-memory flag
		}
		r.u32()
	case op == opMemorySize || op == opMemoryGrow:
		if r.u8() != 0 {
			r.fail(forbidden("several memories"))
		}
	case op == opI32Const:
		r.signed(32)
	case op == opI64Const:
		r.signed(64)
	case op == opF32Const:
		r.take(4)
	case op == opF64Const:
		r.take(8)
	case op == opRefNull:
		r.refType()
	case op == opMisc:
		i.sub = r.u32()
		r.misc(i.sub)
	case op == opUnreachable, op == 0x01, op == opElse, op == opEnd, op == opReturn,
		op == 0x1a, op == opSelect, op == opRefIsNull,
		op >= opNumericFirst && op <= opNumericLast:
	default:
		r.fail(refusedOpcode(op))
	}
	if r.ok() {
		i.raw = r.b[start:r.p]
	}
	return i
}

func (r *reader) misc(sub uint32) {
	switch {
	case sub <= miscTruncLast:
	case sub == miscMemoryInit:
		r.u32()
		r.zero()
	case sub == miscMemoryCopy:
		r.zero()
		r.zero()
	case sub == miscMemoryFill:
		r.zero()
	case sub == miscTableInit || sub == miscTableCopy:
		r.u32()
		r.u32()
	case sub == miscDataDrop || sub == miscElemDrop || sub >= miscTableGrow && sub <= miscTableFill:
		r.u32()
	default:
		r.fail(malformed("opcode fc %#x", sub))
	}
}

func (r *reader) zero() {
	if r.u8() != 0 {
		r.fail(forbidden("several memories"))
	}
}

// noType is what blockType gives for a block without a type index.
const noType = ^uint32(0)

// blockType reads a block type and gives its type index or noType.
func (r *reader) blockType() uint32 {
	if r.p < len(r.b) && r.b[r.p]&0xc0 == 0x40 { // one byte, negative: empty or a value type
		if r.b[r.p] == blockEmpty {
			r.p++
		} else {
			r.valType()
		}
		return noType
	}
	v := r.signed(33)
	if v < 0 {
		r.fail(malformed("block type"))
		return noType
	}
	return uint32(v)
}

func refusedOpcode(op byte) error {
	switch {
	case op == 0x06 || op == 0x07 || op == 0x08 || op == 0x09 || op == 0x0a || op == 0x18 || op == 0x19 || op == 0x1f:
		return forbidden("exception handling")
	case op == 0x12 || op == 0x13 || op == 0x15:
		return forbidden("tail calls")
	case op == 0x14 || op >= 0xd4 && op <= 0xd6:
		return forbidden("typed references")
	case op == 0xfd:
		return forbidden("SIMD")
	case op == 0xfe:
		return forbidden("threads")
	}
	return malformed("opcode %#x", op)
}
