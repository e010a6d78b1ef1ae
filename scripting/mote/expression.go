package mote

import "strconv"

// want compiles an expression that must have a type.
func (c *compiler) want(t typ) {
	at := c.tok()
	if got := c.expr(t); got != t {
		c.fail(at.at, "%v is wanted, this is %v", t, got)
	}
}

// expr compiles an expression and gives its type. hint is the type that a
// number literal takes.
func (c *compiler) expr(hint typ) typ { return c.binary(1, hint) }

// binary climbs: operators of at least a precedence.
func (c *compiler) binary(least int, hint typ) typ {
	left := c.unary(hint)
	for {
		t := c.tok()
		o, ok := operators[t.text]
		if t.kind != sign || !ok || o.binds < least {
			return left
		}
		c.pos++
		if left == none {
			c.fail(t.at, "what stands before %v has no value", t)
		}
		if o.logic {
			left = c.logic(t, o, left)
			continue
		}
		right := c.binary(o.binds+1, left)
		if right != left {
			c.fail(t.at, "%v between %v and %v", t, left, right)
		}
		code := o.code(left)
		if code == 0 {
			c.fail(t.at, "%v is not for %v", t, left)
		}
		c.op(code)
		if o.compares {
			left = i32
			if n, again := operators[c.tok().text]; c.tok().kind == sign && again && n.compares {
				c.fail(c.tok().at, "comparisons are not chained: write &&")
			}
		}
	}
}

// logic compiles && and ||: the right side only when it decides. The result is
// 0 or 1.
func (c *compiler) logic(t token, o operator, left typ) typ {
	if left != i32 {
		c.fail(t.at, "%v between conditions, which are i32, not %v", t, left)
	}
	right := func() {
		if got := c.binary(o.binds+1, i32); got != i32 {
			c.fail(t.at, "%v between conditions, which are i32, not %v", t, got)
		}
		c.op(opI32Const, 0, opI32Ne)
	}
	c.open(opIf, byte(i32))
	if t.text == "&&" {
		right()
		c.op(opElse, opI32Const, 0)
	} else {
		c.op(opI32Const, 1, opElse)
		right()
	}
	c.close()
	return i32
}

func (c *compiler) unary(hint typ) typ {
	c.deeper()
	defer func() { c.nest-- }()
	t := c.tok()
	switch {
	case c.take("-"):
		if n := c.tok(); n.kind == number {
			c.pos++
			return c.literal(n, hint, true)
		}
		switch of := c.unary(hint); of {
		case i32:
			c.op(opI32Const, 0x7f, opI32Mul)
			return of
		case i64:
			c.op(opI64Const, 0x7f, opI64Mul)
			return of
		case f64:
			c.op(opF64Neg)
			return of
		}
	case c.take("!"):
		switch c.unary(i32) {
		case i32:
			c.op(opI32Eqz)
			return i32
		case i64:
			c.op(opI64Eqz)
			return i32
		}
	case c.take("~"):
		switch of := c.unary(hint); of {
		case i32:
			c.op(opI32Const, 0x7f, opI32Xor)
			return of
		case i64:
			c.op(opI64Const, 0x7f, opI64Xor)
			return of
		}
	default:
		return c.primary(hint)
	}
	c.fail(t.at, "%v is not for what follows", t)
	return none
}

// primary compiles a literal, a name, a call, a read of memory, or what is in
// parentheses.
func (c *compiler) primary(hint typ) typ {
	t := c.next()
	switch t.kind {
	case number, char:
		return c.literal(t, hint, false)
	case sign:
		if t.text == "(" {
			of := c.expr(hint)
			c.sign(")")
			return of
		}
	case text:
		c.fail(t.at, "a text stands where an import wants one, or in ptr() and len()")
	case name:
		switch {
		case c.is("("):
			return c.call(t, hint)
		case c.is("["):
			m, ok := cells[t.text]
			if !ok {
				c.fail(t.at, "memory is i32[], i64[], f64[], u8[] or u16[], not %v", t)
			}
			c.address()
			c.op(m.load, m.align, 0)
			return m.typ
		case !keywords[t.text]:
			v := c.find(t)
			c.get(v)
			return v.typ
		}
	}
	c.fail(t.at, "here is an expression, not %v", t)
	return none
}

// address compiles what is in brackets.
func (c *compiler) address() {
	c.memory = true
	c.sign("[")
	c.want(i32)
	c.sign("]")
}

// literal pushes a number: of the type hinted at, else i32, or f64 if it has a
// fraction or an exponent.
func (c *compiler) literal(t token, hint typ, minus bool) typ {
	if t.kind == char {
		c.i32(int64(t.text[0]))
		return i32
	}
	v, err := strconv.ParseUint(t.text, 0, 64)
	isHex := len(t.text) > 1 && t.text[1] == 'x'
	if !isHex {
		if len(t.text) > 1 && t.text[0] == '0' && digit(t.text[1]) {
			c.fail(t.at, "a number begins with one 0 at most")
		}
		if f, ferr := strconv.ParseFloat(t.text, 64); hint == f64 || err != nil {
			if ferr != nil || err != nil && !fraction(t.text) {
				c.fail(t.at, "the number is too large")
			}
			if minus {
				f = -f
			}
			c.f64(f)
			return f64
		}
	}
	if err != nil {
		c.fail(t.at, "the number is too large")
	}
	bits := 32
	if hint == i64 {
		bits = 64
	}
	most := uint64(1)<<(bits-1) - 1
	switch {
	case isHex && !minus:
		most = most<<1 + 1
	case minus:
		most++
	}
	if v > most {
		c.fail(t.at, "the number is too large for an integer of %d bits", bits)
	}
	n := int64(v)
	if minus {
		n = -n
	}
	if hint == i64 {
		c.i64(n)
		return i64
	}
	c.i32(int64(int32(n)))
	return i32
}

// fraction tells whether a decimal number is written as a float.
func fraction(s string) bool {
	for i := range len(s) {
		if s[i] == '.' || s[i] == 'e' {
			return true
		}
	}
	return false
}

// call compiles a call of a function of the program, or of a builtin.
func (c *compiler) call(t token, hint typ) typ {
	c.sign("(")
	if b, ok := builtins[t.text]; ok {
		of := b(c, t, hint)
		c.sign(")")
		return of
	}
	f := c.funcs[t.text]
	if f == nil {
		c.fail(t.at, "there is no function %v", t)
	}
	for i, p := range f.params {
		if c.is(")") {
			c.fail(c.tok().at, "%s wants %d arguments, these are %d", f.name, len(f.params), i)
		}
		if i > 0 {
			c.sign(",")
		}
		c.argument(p)
	}
	if !c.is(")") {
		c.fail(c.tok().at, "%s wants %d arguments", f.name, len(f.params))
	}
	c.pos++
	c.op(opCall)
	c.u32(f.index)
	return f.result
}

// argument compiles one; a text is a literal, or text(ADDRESS, LENGTH).
func (c *compiler) argument(p typ) {
	t := c.tok()
	switch {
	case p != texts:
		c.want(p)
	case t.kind == text:
		c.pos++
		c.i32(int64(c.place(t.text)))
		c.i32(int64(len(t.text)))
	case t.kind == name && t.text == "text":
		c.pos++
		c.sign("(")
		c.want(i32)
		c.sign(",")
		c.want(i32)
		c.sign(")")
	default:
		c.fail(t.at, "a text is wanted: a literal, or text(ADDRESS, LENGTH)")
	}
}
