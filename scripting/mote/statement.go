package mote

// body compiles a function. Its parameters are the first locals.
func (c *compiler) body(f *function) {
	c.fn, c.pos, c.code = f, f.body, nil
	c.locals, c.order, c.types = map[string]*variable{}, nil, nil
	c.depth, c.loops, c.nest = 0, nil, 0
	for i, p := range f.names {
		c.local(p, f.params[i])
	}
	c.types = c.types[:0]
	ends := c.block()
	if f.result != none {
		if !ends {
			c.fail(c.toks[c.pos-1].at, "%s may end here without its result, %v", f.name, f.result)
		}
		c.op(opUnreachable)
	}
	c.bodies = append(c.bodies, c.finish())
}

// local declares a local and gives it a number.
func (c *compiler) local(t token, of typ) *variable {
	c.declare(t)
	if c.locals[t.text] != nil {
		c.fail(t.at, "%v is declared twice", t)
	}
	n := len(c.types)
	if c.nest > 0 {
		n += len(c.fn.params)
	}
	if n >= maxLocals {
		c.fail(t.at, "a function has at most %d variables", maxLocals)
	}
	v := &variable{typ: of, index: n, local: true}
	c.locals[t.text] = v
	c.order = append(c.order, t.text)
	c.types = append(c.types, of)
	return v
}

// block compiles statements up to the closing brace, and tells whether their
// end is never reached.
func (c *compiler) block() (ends bool) {
	c.deeper()
	seen := len(c.order)
	for !c.is("}") {
		if ends {
			c.fail(c.tok().at, "this is never reached")
		}
		ends = c.statement()
	}
	c.sign("}")
	for _, n := range c.order[seen:] {
		delete(c.locals, n)
	}
	c.order = c.order[:seen]
	c.nest--
	return ends
}

func (c *compiler) statement() (ends bool) {
	t := c.tok()
	if t.kind != name {
		c.fail(t.at, "here is a statement, not %v", t)
	}
	switch t.text {
	case "let":
		c.pos++
		c.let()
	case "if":
		c.pos++
		return c.ifElse()
	case "while":
		c.pos++
		c.while()
	case "return":
		c.pos++
		if c.fn.result != none {
			c.want(c.fn.result)
		}
		c.op(opReturn)
		return true
	case "break", "continue":
		c.pos++
		if len(c.loops) == 0 {
			c.fail(t.at, "%v outside a loop", t)
		}
		to := c.loops[len(c.loops)-1]
		if t.text == "continue" {
			to++
		}
		c.op(opBr)
		c.u32(c.depth - to)
		return true
	case "trap":
		c.pos++
		c.op(opUnreachable)
		return true
	default:
		c.assignOrCall(t)
	}
	return false
}

// let reads NAME [: TYPE] = EXPRESSION.
func (c *compiler) let() {
	t := c.next()
	of := none
	if c.take(":") {
		of = c.typeName()
	}
	c.sign("=")
	at := c.tok().at
	if of != none {
		c.want(of)
	} else if of = c.expr(none); of == none {
		c.fail(at, "this has no value")
	}
	v := c.local(t, of)
	c.op(opLocalSet)
	c.u32(v.index)
}

func (c *compiler) ifElse() (ends bool) {
	c.deeper()
	c.want(i32)
	c.sign("{")
	c.open(opIf, 0x40)
	ends = c.block()
	if !c.isWord("else") {
		ends = false
	} else {
		c.pos++
		c.op(opElse)
		if c.isWord("if") {
			c.pos++
			ends = c.ifElse() && ends
		} else {
			c.sign("{")
			ends = c.block() && ends
		}
	}
	c.close()
	c.nest--
	return ends
}

// while is block { loop { br_if out unless the condition; body; br loop } }.
func (c *compiler) while() {
	c.open(opBlock, 0x40)
	c.loops = append(c.loops, c.depth)
	c.open(opLoop, 0x40)
	c.want(i32)
	c.op(opI32Eqz, opBrIf, 1)
	c.sign("{")
	if !c.block() {
		c.op(opBr, 0)
	}
	c.close()
	c.close()
	c.loops = c.loops[:len(c.loops)-1]
}

// assignOrCall reads a statement that begins with a name of the program or of a
// builtin, or with memory: TYPE[ADDRESS].
func (c *compiler) assignOrCall(t token) {
	c.pos++
	switch {
	case c.is("("):
		c.pos--
		if c.primary(none) != none {
			c.op(opDrop)
		}
	case c.is("["):
		m, ok := cells[t.text]
		if !ok {
			c.fail(t.at, "memory is i32[], i64[], f64[], u8[] or u16[], not %v", t)
		}
		c.address()
		c.sign("=")
		c.want(m.typ)
		c.op(m.store, m.align, 0)
	default:
		v := c.find(t)
		if v.fixed {
			c.fail(t.at, "%v is a constant", t)
		}
		op := c.next()
		switch {
		case op.kind != sign:
			c.fail(op.at, "\"=\" is missing before %v", op)
		case op.text == "=":
			c.want(v.typ)
		case op.text == "+=" || op.text == "-=" || op.text == "*=":
			c.get(v)
			c.want(v.typ)
			c.op(operators[op.text[:1]].code(v.typ))
		default:
			c.fail(op.at, "\"=\" is missing before %v", op)
		}
		if v.local {
			c.op(opLocalSet)
		} else {
			c.op(opGlobalSet)
		}
		c.u32(v.index)
	}
}

// find gives what a name stands for.
func (c *compiler) find(t token) *variable {
	if v := c.locals[t.text]; v != nil {
		return v
	}
	v := c.globals[t.text]
	if v == nil {
		c.fail(t.at, "%v is not declared", t)
	}
	return v
}

// get pushes the value of a variable.
func (c *compiler) get(v *variable) {
	switch {
	case v.fixed:
		c.code = append(c.code, v.value...)
		return
	case v.local:
		c.op(opLocalGet)
	default:
		c.op(opGlobalGet)
	}
	c.u32(v.index)
}
