package admit

import (
	"strings"
	"unicode/utf8"
)

// Section ids of the binary format.
const (
	secCustom    = 0
	secType      = 1
	secImport    = 2
	secFunc      = 3
	secTable     = 4
	secMemory    = 5
	secGlobal    = 6
	secExport    = 7
	secStart     = 8
	secElem      = 9
	secCode      = 10
	secData      = 11
	secDataCount = 12
)

// order is where a section must stand; DataCount comes before Code.
var order = [...]int{secType: 1, secImport: 2, secFunc: 3, secTable: 4, secMemory: 5, secGlobal: 6,
	secExport: 7, secStart: 8, secElem: 9, secDataCount: 10, secCode: 11, secData: 12}

const (
	externFunc   = 0
	externTable  = 1
	externMemory = 2
	externGlobal = 3
)

type limits struct {
	min, max uint32
}

type global struct {
	typ     ValType
	mutable byte
	init    []byte // rewritten expression
}

type export struct {
	name  string
	kind  byte
	index uint32
}

// module is what pass one learns and pass two emits. Indices are those of the
// original module unless said otherwise.
type module struct {
	policy   Policy
	types    []Signature
	typeRaw  []byte // entries, copied
	imports  []Import
	importTy []uint32
	funcs    []uint32 // type of every function, imported ones first
	tables   []limits
	memory   []limits
	globals  []global
	exports  []export
	elems    uint32
	elemRaw  []byte // entries, rewritten
	count    []byte // DataCount section, copied
	counted  uint32 // what it says
	bodies   [][]byte
	data     []byte            // Data section, without what is active
	active   []Segment         // taken out of it
	datas    uint32            // entries of data
	segments bool              // there are instructions that name them
	changes  string            // an instruction that changes more than memory and globals
	extra    []byte            // block types appended for functions of several results
	extraN   uint32            //
	extraIdx map[uint32]uint32 // function type -> appended block type
}

func (m *module) imported() uint32 { return uint32(len(m.imports)) }

// newFunc is the index of a function after the meter import was inserted.
func (m *module) newFunc(i uint32) uint32 {
	if i >= m.imported() {
		return i + 1
	}
	return i
}

func parse(wasm []byte, p Policy) (*module, error) {
	if len(wasm) > MaxModule {
		return nil, overLimit("module size", uint64(len(wasm)), MaxModule)
	}
	if len(wasm) < 8 || string(wasm[:8]) != "\x00asm\x01\x00\x00\x00" {
		return nil, malformed("not a WebAssembly module of version 1")
	}
	m := &module{policy: p, extraIdx: map[uint32]uint32{}}
	r := &reader{b: wasm, p: 8}
	last := 0
	for r.more() {
		id := r.u8()
		s := &reader{b: r.take(r.u32())}
		if id == secCustom { // names and debug data do not fit the rewritten module
			if name := s.take(s.u32()); r.ok() && (!s.ok() || !utf8.Valid(name)) {
				return nil, malformed("name of a custom section")
			}
			continue
		}
		if !r.ok() {
			continue
		}
		if int(id) >= len(order) {
			return nil, forbidden("section %d", id)
		}
		if order[id] <= last {
			return nil, malformed("section %d out of order", id)
		}
		last = order[id]
		m.section(id, s)
		if s.ok() && s.p != len(s.b) {
			s.fail(malformed("section %d has trailing bytes", id))
		}
		if !s.ok() {
			return nil, s.err
		}
	}
	if !r.ok() {
		return nil, r.err
	}
	if defined := len(m.funcs) - len(m.imports); defined != len(m.bodies) {
		return nil, malformed("%d functions, %d bodies", defined, len(m.bodies))
	}
	if m.count != nil && m.counted != m.datas {
		return nil, malformed("%d data segments, %d counted", m.datas, m.counted)
	}
	return m, nil
}

func (m *module) section(id byte, r *reader) {
	switch id {
	case secType:
		m.readTypes(r)
	case secImport:
		m.readImports(r)
	case secFunc:
		for n := r.count("functions", MaxFuncs); n > 0 && r.ok(); n-- {
			m.funcs = append(m.funcs, m.typeIndex(r))
		}
	case secTable:
		for n := r.count("tables", MaxTables); n > 0 && r.ok(); n-- {
			if r.p < len(r.b) && r.b[r.p] == 0x40 {
				r.fail(forbidden("a table with an initialiser"))
			}
			r.refType()
			m.tables = append(m.tables, r.limits("table", MaxTable))
		}
	case secMemory:
		for n := r.count("memories", 1); n > 0 && r.ok(); n-- {
			m.memory = append(m.memory, r.limits("memory pages", m.policy.MaxPages))
		}
	case secGlobal:
		m.readGlobals(r)
	case secExport:
		m.readExports(r)
	case secStart:
		r.fail(forbidden("a start function: export _initialize instead"))
	case secElem:
		m.readElems(r)
	case secDataCount:
		m.count = r.b
		m.counted = r.u32()
	case secCode:
		for n := r.count("functions", MaxFuncs); n > 0 && r.ok(); n-- {
			m.bodies = append(m.bodies, r.take(r.u32()))
		}
	case secData:
		m.readData(r)
	}
}

func (m *module) typeIndex(r *reader) uint32 {
	i := r.u32()
	if r.ok() && uint64(i) >= uint64(len(m.types)) {
		r.fail(malformed("type %d of %d", i, len(m.types)))
	}
	return i
}

func (m *module) funcIndex(r *reader) uint32 {
	i := r.u32()
	if r.ok() && uint64(i) >= uint64(len(m.funcs)) {
		r.fail(malformed("function %d of %d", i, len(m.funcs)))
	}
	return i
}

func (m *module) readTypes(r *reader) {
	n := r.count("types", MaxTypes)
	m.typeRaw = r.b[r.p:]
	for ; n > 0 && r.ok(); n-- {
		if form := r.u8(); r.ok() && form != 0x60 {
			r.fail(forbidden("type form %#x", form))
		}
		m.types = append(m.types, Signature{Params: r.valTypes("parameters"), Results: r.valTypes("results")})
	}
}

func (r *reader) valTypes(what string) []ValType {
	var ts []ValType
	for n := r.count(what, MaxParams); n > 0 && r.ok(); n-- {
		ts = append(ts, r.valType())
	}
	return ts
}

func (r *reader) limits(what string, most uint32) limits {
	flags := r.u8()
	if r.ok() && flags > 1 {
		r.fail(forbidden("shared or 64-bit memory"))
	}
	l := limits{min: r.u32(), max: most}
	if r.ok() && l.min > most {
		r.fail(overLimit(what, uint64(l.min), uint64(most)))
	}
	if flags == 1 {
		declared := r.u32()
		if r.ok() && declared < l.min {
			r.fail(malformed("%s: maximum below minimum", what))
		}
		if memory := most <= MaxPages; r.ok() && memory && declared > 1<<16 {
			r.fail(malformed("%s: more than 4 GiB", what))
		}
		l.max = min(declared, most)
	}
	return l
}

func (m *module) readImports(r *reader) {
	for n := r.count("imports", MaxImports); n > 0 && r.ok(); n-- {
		im := Import{Module: r.name(), Name: r.name()}
		kind := r.u8()
		if !r.ok() {
			return
		}
		if kind != externFunc {
			r.fail(forbidden("import %s.%s: only functions can be imported", im.Module, im.Name))
			return
		}
		ty := m.typeIndex(r)
		if !r.ok() {
			return
		}

		want, ok := m.policy.Import(im.Module, im.Name)
		if !ok || im.Module == MeterModule {
			r.fail(forbidden("import %s.%s: no such interface", im.Module, im.Name))
			return
		}
		if !want.Equal(m.types[ty]) {
			r.fail(forbidden("import %s.%s: wrong signature", im.Module, im.Name))
			return
		}
		m.imports = append(m.imports, im)
		m.importTy = append(m.importTy, ty)
		m.funcs = append(m.funcs, ty)
	}
}

func (m *module) readGlobals(r *reader) {
	for n := r.count("globals", MaxGlobals); n > 0 && r.ok(); n-- {
		g := global{typ: r.valType(), mutable: r.u8()}
		if r.ok() && g.mutable > 1 {
			r.fail(malformed("global mutability"))
		}
		g.init = m.constExpr(r)
		m.globals = append(m.globals, g)
	}
}

func (m *module) readExports(r *reader) {
	for n := r.count("exports", MaxExports); n > 0 && r.ok(); n-- {
		e := export{name: r.name(), kind: r.u8()}
		if strings.HasPrefix(e.name, "mt:") {
			r.fail(forbidden("export %q: names starting with mt: belong to the host", e.name))
		}
		switch e.kind {
		case externFunc:
			e.index = m.funcIndex(r)
		case externTable, externMemory:
			e.index = r.u32() // nothing is added there; the engine checks
		case externGlobal:
			e.index = r.u32()
			if r.ok() && uint64(e.index) >= uint64(len(m.globals)) {
				r.fail(malformed("export of global %d of %d", e.index, len(m.globals)))
			}
		default:
			r.fail(malformed("export kind %d", e.kind))
		}
		m.exports = append(m.exports, e)
	}
}
