package admit

// Counted gives a module that counts, in the gas global and downwards, the
// price of every instruction that it runs, instead of being metered.
func Counted(wasm []byte, p Policy) ([]byte, error) {
	m, err := parse(wasm, p)
	if err != nil {
		return nil, err
	}
	var out []byte
	for k, raw := range m.bodies {
		f, err := m.scan(m.types[m.funcs[m.imported()+uint32(k)]], raw)
		if err != nil {
			return nil, err
		}
		w, moves, nest := &writer{m: m}, f.locals/localsPerGas, []byte{0}
		for r := (&reader{b: f.code}); r.more(); {
			i := r.next()
			c := m.cost(i, moves)
			switch i.op {
			case opBlock, opLoop, opIf:
				nest = append(nest, i.op)
			case opEnd:
				if nest[len(nest)-1] == opBlock {
					c = moves
				}
				nest = nest[:len(nest)-1]
			}
			if c > 0 {
				w.deduct(c, false)
			}
			if i.op == opCall || i.op == opRefFunc {
				w.op(i.op, m.newFunc(i.x))
			} else {
				w.raw(i.raw...)
			}
		}
		b := append(append(appendU32(nil, f.groups), f.decl...), w.b...)
		out = append(appendU32(out, uint32(len(b))), b...)
	}
	return m.emit(out, len(wasm)), nil
}
