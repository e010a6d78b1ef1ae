package admit

import "fmt"

// Rewrite checks a module against the policy and gives the metered one. The
// same input always gives the same output. Errors wrap ErrMalformed,
// ErrForbidden or ErrLimit.
func Rewrite(wasm []byte, p Policy) (*Result, error) {
	if p.MaxPages == 0 || p.MaxPages > MaxPages {
		p.MaxPages = MaxPages
	}
	m, err := parse(wasm, p)
	if err != nil {
		return nil, fmt.Errorf("admit: %w", err)
	}
	code, work, err := m.code()
	if err != nil {
		return nil, fmt.Errorf("admit: %w", err)
	}
	res := &Result{Wasm: m.emit(code, len(wasm)), Imports: m.imports, Funcs: map[string]Signature{}, Work: work}
	for _, e := range m.exports {
		if e.kind == externFunc {
			res.Funcs[e.name] = m.types[m.funcs[e.index]]
		}
	}
	for _, mem := range m.memory {
		res.Memory, res.MinPages = true, mem.min
	}
	for _, tab := range m.tables {
		res.Table += tab.min
	}
	m.freeze(res)
	return res, nil
}

// code rewrites every body. The appended block types are known afterwards.
func (m *module) code() (out []byte, work uint64, err error) {
	for k, raw := range m.bodies {
		index := m.imported() + uint32(k)
		sig := m.types[m.funcs[index]]
		f, err := m.scan(sig, raw)
		if err != nil {
			return nil, 0, fmt.Errorf("function %d: %w", index, err)
		}
		if work += f.work(); work > MaxTotalWork {
			return nil, 0, overLimit("module complexity", work, MaxTotalWork)
		}
		b := m.meter(f, m.funcs[index])
		out = append(appendU32(out, uint32(len(b))), b...)
	}
	return out, work, nil
}

func (m *module) gasGlobal() uint32   { return uint32(len(m.globals)) }
func (m *module) depthGlobal() uint32 { return uint32(len(m.globals)) + 1 }

// resultBlock gives the block type with the results of a function and no
// parameters, as it is encoded.
func (m *module) resultBlock(ty uint32) []byte {
	results := m.types[ty].Results
	switch len(results) {
	case 0:
		return []byte{blockEmpty}
	case 1:
		return []byte{byte(results[0])}
	}
	idx, ok := m.extraIdx[ty]
	if !ok {
		idx = uint32(len(m.types)) + m.extraN
		m.extraIdx[ty] = idx
		m.extraN++
		m.extra = append(m.extra, 0x60, 0, byte(len(results)))
		for _, t := range results {
			m.extra = append(m.extra, byte(t))
		}
	}
	return appendSigned(nil, int64(idx))
}

func (m *module) emit(code []byte, size int) []byte {
	out := make([]byte, 0, size+size/4+1024)
	out = append(out, "\x00asm\x01\x00\x00\x00"...)

	types := append(append([]byte{}, m.typeRaw...), m.extra...)
	meter := uint32(len(m.types)) + m.extraN
	types = append(types, 0x60, 1, byte(I32), 0)
	out = appendSection(out, secType, appendVector(meter+1, types))

	var imports []byte
	for k, im := range m.imports {
		imports = appendName(appendName(imports, im.Module), im.Name)
		imports = appendU32(append(imports, externFunc), m.importTy[k])
	}
	imports = appendName(appendName(imports, MeterModule), MeterImport)
	imports = appendU32(append(imports, externFunc), meter)
	out = appendSection(out, secImport, appendVector(m.imported()+1, imports))

	var funcs []byte
	for _, ty := range m.funcs[m.imported():] {
		funcs = appendU32(funcs, ty)
	}
	out = appendSection(out, secFunc, appendVector(uint32(len(m.bodies)), funcs))

	var tables []byte
	for _, l := range m.tables {
		tables = l.append(append(tables, byte(FuncRef)))
	}
	out = appendSection(out, secTable, appendVector(uint32(len(m.tables)), tables))

	var memory []byte
	for _, l := range m.memory {
		memory = l.append(memory)
	}
	out = appendSection(out, secMemory, appendVector(uint32(len(m.memory)), memory))

	var globals []byte
	for _, g := range m.globals {
		globals = append(append(globals, byte(g.typ), g.mutable), g.init...)
	}
	globals = append(globals, byte(I64), 1, opI64Const, 0, opEnd)
	globals = appendSigned(append(globals, byte(I64), 1, opI64Const), Depth)
	globals = append(globals, opEnd)
	out = appendSection(out, secGlobal, appendVector(uint32(len(m.globals))+2, globals))

	var exports []byte
	for _, e := range m.exports {
		index := e.index
		if e.kind == externFunc {
			index = m.newFunc(index)
		}
		exports = appendU32(append(appendName(exports, e.name), e.kind), index)
	}
	exports = appendU32(append(appendName(exports, GasGlobal), externGlobal), m.gasGlobal())
	exports = appendU32(append(appendName(exports, DepthGlobal), externGlobal), m.depthGlobal())
	exports, globalsOut := m.exportGlobals(exports)
	out = appendSection(out, secExport, appendVector(uint32(len(m.exports))+2+globalsOut, exports))

	out = appendSection(out, secElem, appendVector(m.elems, m.elemRaw))
	out = m.dataSection(out, secDataCount)
	out = appendSection(out, secCode, appendVector(uint32(len(m.bodies)), code))
	out = m.dataSection(out, secData)
	return appendSection(out, secCustom, m.digest())
}

// append writes limits with a maximum, always.
func (l limits) append(b []byte) []byte {
	return appendU32(appendU32(append(b, 1), l.min), l.max)
}
