package admit

import (
	"crypto/sha256"
	"encoding/binary"
	"strconv"
)

// The engine gets a module without its active data segments; the host writes
// them, or a whole initialised memory in their place. So one compiled module
// serves ordinary starts and starts from any number of images. Its mutable
// globals are exported for the same reason.

// Segment is a stretch of the initial memory.
type Segment struct {
	Offset uint32
	Data   []byte // of the bytes given to Rewrite
}

// WriteData writes the active data segments to the memory of a new instance.
// It gives false when one does not fit, at which an instance never starts.
func (r *Result) WriteData(mem []byte) bool {
	for _, s := range r.Data {
		if uint64(s.Offset)+uint64(len(s.Data)) > uint64(len(mem)) {
			return false
		}
		copy(mem[s.Offset:], s.Data)
	}
	return true
}

// Global is a mutable global of the guest, under the name of its export.
type Global struct {
	Export string
	Type   ValType
	Init   uint64 // its value in a new instance
}

// digestSection is a custom section with the digest of the data taken out, so
// that modules that differ in it alone are not taken for one.
const digestSection = "mt:data"

func (m *module) digest() []byte {
	if len(m.active) == 0 {
		return nil
	}
	h := sha256.New()
	var head [8]byte
	for _, s := range m.active {
		binary.LittleEndian.PutUint32(head[:], s.Offset)
		binary.LittleEndian.PutUint32(head[4:], uint32(len(s.Data)))
		h.Write(head[:])
		h.Write(s.Data)
	}
	return h.Sum(appendName(nil, digestSection))
}

// freeze fills in what a host needs to start instances and to keep them.
func (m *module) freeze(res *Result) {
	res.Data, res.Size = m.active, len(res.Wasm)
	for _, s := range m.active {
		res.Size += len(s.Data)
	}
	res.Static = m.changes
	for i, g := range m.globals {
		switch {
		case g.mutable == 0:
		case g.typ == FuncRef:
			res.Static = "a mutable global is a function"
		default:
			res.Globals = append(res.Globals, Global{globalExport(i), g.typ, constant(g.init)})
		}
	}
}

func globalExport(i int) string { return "mt:g" + strconv.Itoa(i) }

// constant is the value of an initialiser of a number that was read before; 0
// when its type is not that of the global, which the engine refuses.
func constant(expr []byte) uint64 {
	r := &reader{b: expr, p: 1}
	switch expr[0] {
	case opI32Const:
		return uint64(uint32(r.signed(32)))
	case opI64Const:
		return uint64(r.signed(64))
	case opF32Const:
		return uint64(binary.LittleEndian.Uint32(r.take(4)))
	case opF64Const:
		return binary.LittleEndian.Uint64(r.take(8))
	}
	return 0
}

// exportGlobals appends the exports of the mutable globals and gives their
// number.
func (m *module) exportGlobals(b []byte) ([]byte, uint32) {
	n := uint32(0)
	for i, g := range m.globals {
		if g.mutable == 1 && g.typ != FuncRef {
			b = appendU32(append(appendName(b, globalExport(i)), externGlobal), uint32(i))
			n++
		}
	}
	return b, n
}

// look notes what an instruction means for images.
func (m *module) look(i instr) {
	if what := stateful(i); what != "" {
		m.changes = what
	}
	m.segments = m.segments || i.op == opMisc && (i.sub == miscMemoryInit || i.sub == miscDataDrop)
}

// stateful names the instruction that changes more of an instance than its
// memory and globals; "" for none.
func stateful(i instr) string {
	if i.op == opTableSet {
		return "table.set"
	}
	if i.op == opMisc {
		switch i.sub {
		case miscDataDrop:
			return "data.drop"
		case miscElemDrop:
			return "elem.drop"
		case miscTableInit:
			return "table.init"
		case miscTableCopy:
			return "table.copy"
		case miscTableGrow:
			return "table.grow"
		case miscTableFill:
			return "table.fill"
		}
	}
	return ""
}

// readData takes the active segments out. Each leaves an empty one behind,
// which is what an active segment is once it was written, for instructions that
// name segments; emit drops them all when there is no such instruction.
func (m *module) readData(r *reader) {
	n := r.count("data segments", MaxData)
	var left []byte
	for k := n; k > 0 && r.ok(); k-- {
		start := r.p
		flags := r.u32()
		if flags == 1 {
			r.take(r.u32())
			left = append(left, r.b[start:r.p]...)
			continue
		}
		if flags == 2 {
			r.zero()
		} else if flags != 0 {
			r.fail(malformed("data segment flags %d", flags))
		}
		offset := m.dataOffset(r)
		data := r.take(r.u32())
		if len(m.memory) == 0 {
			r.fail(malformed("data without a memory"))
		}
		m.active = append(m.active, Segment{offset, data})
		left = append(left, 1, 0)
	}
	m.data, m.datas = appendVector(n, left), n
}

// dataSection appends the DataCount section, or the Data section.
func (m *module) dataSection(out []byte, id byte) []byte {
	switch {
	case !m.segments:
		return out
	case id == secDataCount:
		return appendSection(out, id, m.count)
	}
	return appendSection(out, id, m.data)
}

func (m *module) dataOffset(r *reader) uint32 {
	start := r.p
	m.constExpr(r)
	if !r.ok() {
		return 0
	}
	if r.b[start] != opI32Const {
		r.fail(malformed("data at an offset that is no i32"))
		return 0
	}
	return uint32((&reader{b: r.b[start+1:]}).signed(32))
}
