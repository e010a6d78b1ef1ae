package admit

// constExpr reads an initialiser, one constant and end, and gives it with
// function indices rewritten. Reading globals is not possible in one, because
// guests import none.
func (m *module) constExpr(r *reader) []byte {
	i := r.next()
	raw := i.raw
	switch i.op {
	case opI32Const, opI64Const, opF32Const, opF64Const, opRefNull:
	case opRefFunc:
		if r.ok() && uint64(i.x) >= uint64(len(m.funcs)) {
			r.fail(malformed("function %d of %d", i.x, len(m.funcs)))
		}
		raw = appendU32([]byte{opRefFunc}, m.newFunc(i.x))
	default:
		r.fail(forbidden("opcode %#x in an initialiser", i.op))
	}
	if end := r.u8(); r.ok() && end != opEnd {
		r.fail(forbidden("an initialiser of several instructions"))
	}
	if !r.ok() {
		return nil
	}
	return append(raw[:len(raw):len(raw)], opEnd)
}

// readElems rewrites the element segments. The flags: bit 0 passive or
// declarative, bit 1 explicit table (or declarative), bit 2 expressions.
func (m *module) readElems(r *reader) {
	total := uint32(0)
	m.elems = r.count("element segments", MaxElems)
	out := make([]byte, 0, len(r.b)+len(r.b)/8)
	for n := m.elems; n > 0 && r.ok(); n-- {
		flags := r.u32()
		if flags > 7 {
			r.fail(malformed("element segment flags %d", flags))
			return
		}
		out = appendU32(out, flags)
		if flags&1 == 0 {
			if flags&2 != 0 {
				out = appendU32(out, r.u32())
			}
			out = append(out, m.constExpr(r)...)
		}
		if flags&3 != 0 {
			start := r.p
			if flags&4 != 0 {
				r.refType()
			} else {
				r.zero()
			}
			if r.ok() {
				out = append(out, r.b[start:r.p]...)
			}
		}
		k := r.count("elements", MaxElems)
		if total += k; total > MaxElems {
			r.fail(overLimit("elements", uint64(total), MaxElems))
		}
		out = appendU32(out, k)
		for ; k > 0 && r.ok(); k-- {
			if flags&4 != 0 {
				out = append(out, m.constExpr(r)...)
			} else {
				out = appendU32(out, m.newFunc(m.funcIndex(r)))
			}
		}
	}
	m.elemRaw = out
}
