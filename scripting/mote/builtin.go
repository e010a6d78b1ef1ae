package mote

// builtins compile the arguments of a call of them, and the instruction. They
// are set by init, because their names are no names for a program.
var builtins map[string]func(c *compiler, t token, hint typ) typ

func init() {
	builtins = map[string]func(c *compiler, t token, hint typ) typ{
		"i32": convert(i32), "i64": convert(i64), "f64": convert(f64),

		"sqrt": floats(1, 0x9f), "abs": floats(1, 0x99), "floor": floats(1, 0x9c), "ceil": floats(1, 0x9b),
		"trunc": floats(1, 0x9d), "nearest": floats(1, 0x9e),
		"min": floats(2, 0xa4), "max": floats(2, 0xa5), "copysign": floats(2, 0xa6),

		"clz": integers(1, 0x67, 0x79, false), "ctz": integers(1, 0x68, 0x7a, false), "popcnt": integers(1, 0x69, 0x7b, false),
		"div_u": integers(2, 0x6e, 0x80, false), "rem_u": integers(2, 0x70, 0x82, false), "shr_u": integers(2, 0x76, 0x88, false),
		"rotl": integers(2, 0x77, 0x89, false), "rotr": integers(2, 0x78, 0x8a, false),
		"lt_u": integers(2, 0x49, 0x54, true), "le_u": integers(2, 0x4d, 0x58, true),
		"gt_u": integers(2, 0x4b, 0x56, true), "ge_u": integers(2, 0x4f, 0x5a, true),

		"bits":      one(f64, i64, 0xbd),
		"from_bits": one(i64, f64, 0xbf),

		"ptr": literalText(func(c *compiler, s string) int { return c.place(s) }),
		"len": literalText(func(_ *compiler, s string) int { return len(s) }),

		"heap": func(c *compiler, _ token, _ typ) typ {
			c.memory = true
			c.op(opGlobalGet)
			c.u32(len(c.vars)) // the one behind those of the program
			return i32
		},
		"pages": func(c *compiler, _ token, _ typ) typ {
			c.memory = true
			c.op(0x3f, 0)
			return i32
		},
		"grow": func(c *compiler, _ token, _ typ) typ {
			c.memory = true
			c.want(i32)
			c.op(0x40, 0)
			return i32
		},
		"copy": bulk(0xfc, 10, 0, 0),
		"fill": bulk(0xfc, 11, 0),
	}
}

// convert: between integers it widens with the sign or drops the upper half; of
// a float it drops the fraction and stays within the type, NaN gives 0.
func convert(to typ) func(*compiler, token, typ) typ {
	return func(c *compiler, t token, _ typ) typ {
		hint := none
		if n := c.pos + 1; c.tok().kind == number && c.toks[n].text == ")" {
			hint = to
		}
		from := c.expr(hint)
		switch [2]typ{from, to} {
		case [2]typ{i64, i32}:
			c.op(0xa7)
		case [2]typ{f64, i32}:
			c.op(0xfc, 2)
		case [2]typ{i32, i64}:
			c.op(0xac)
		case [2]typ{f64, i64}:
			c.op(0xfc, 6)
		case [2]typ{i32, f64}:
			c.op(0xb7)
		case [2]typ{i64, f64}:
			c.op(0xb9)
		default:
			if from != to {
				c.fail(t.at, "%v cannot be made of %v", to, from)
			}
		}
		return to
	}
}

// floats is an instruction of one or two floats.
func floats(n int, code byte) func(*compiler, token, typ) typ {
	return func(c *compiler, _ token, _ typ) typ {
		c.want(f64)
		if n == 2 {
			c.sign(",")
			c.want(f64)
		}
		c.op(code)
		return f64
	}
}

// integers is an instruction of one or two integers of a type.
func integers(n int, code32, code64 byte, compares bool) func(*compiler, token, typ) typ {
	return func(c *compiler, t token, hint typ) typ {
		if compares || hint == f64 {
			hint = none
		}
		of := c.expr(hint)
		if of != i32 && of != i64 {
			c.fail(t.at, "%v is for integers, not %v", t, of)
		}
		if n == 2 {
			c.sign(",")
			c.want(of)
		}
		if of == i32 {
			c.op(code32)
		} else {
			c.op(code64)
		}
		if compares {
			return i32
		}
		return of
	}
}

// one is an instruction of one value.
func one(from, to typ, code byte) func(*compiler, token, typ) typ {
	return func(c *compiler, _ token, _ typ) typ {
		c.want(from)
		c.op(code)
		return to
	}
}

// literalText is a number that a text literal gives.
func literalText(of func(*compiler, string) int) func(*compiler, token, typ) typ {
	return func(c *compiler, t token, _ typ) typ {
		s := c.next()
		if s.kind != text {
			c.fail(s.at, "%v wants a text literal", t)
		}
		c.i32(int64(of(c, s.text)))
		return i32
	}
}

// bulk is an instruction of three i32 that has no value.
func bulk(code ...byte) func(*compiler, token, typ) typ {
	return func(c *compiler, _ token, _ typ) typ {
		c.memory = true
		for i := range 3 {
			if i > 0 {
				c.sign(",")
			}
			c.want(i32)
		}
		c.op(code...)
		return none
	}
}
