package mote

import "strconv"

// program reads the declarations; the bodies of functions are passed over, so
// that what stands above can name what stands below.
func (c *compiler) program() {
	for c.tok().kind != end {
		switch t := c.next(); {
		case t.kind == name && t.text == "import":
			c.importOf()
		case t.kind == name && t.text == "memory":
			c.memoryOf(t)
		case t.kind == name && (t.text == "var" || t.text == "const"):
			c.global(t.text == "const")
		case t.kind == name && t.text == "fn":
			c.function(false)
		case t.kind == name && t.text == "export":
			c.word("fn")
			c.function(true)
		default:
			c.fail(t.at, "here begins import, memory, const, var, fn or export fn, not %v", t)
		}
	}
}

// declare checks a name that the whole program sees.
func (c *compiler) declare(t token) string {
	if t.kind != name {
		c.fail(t.at, "a name is missing before %v", t)
	}
	_, isFunc := c.funcs[t.text]
	_, isVar := c.globals[t.text]
	if _, isBuiltin := builtins[t.text]; keywords[t.text] || isBuiltin {
		c.fail(t.at, "%v is a word of the language", t)
	} else if isFunc || isVar {
		c.fail(t.at, "%v is declared twice", t)
	}
	return t.text
}

// importOf reads what follows import: "INTERFACE" NAME(TYPES) TYPE.
func (c *compiler) importOf() {
	m := c.next()
	if m.kind != text || m.text == "" || len(m.text) > maxImport {
		c.fail(m.at, "import wants the name of an interface, as \"mt:log@1\"")
	}
	t := c.next()
	f := &function{module: m.text, name: c.declare(t), params: []typ{}}
	if len(c.list) > len(c.imports) {
		c.fail(t.at, "imports stand before functions")
	}
	c.params(f)
	c.imports = append(c.imports, f)
	c.add(t, f)
}

// function reads what follows fn.
func (c *compiler) function(export bool) {
	t := c.next()
	f := &function{name: c.declare(t), export: export}
	c.params(f)
	c.sign("{")
	f.body = c.pos
	for open, at := 1, c.tok().at; open > 0; {
		switch t := c.next(); {
		case t.kind == end:
			c.fail(at, "the body of %s has no end", f.name)
		case t.kind == sign && t.text == "{":
			open++
		case t.kind == sign && t.text == "}":
			open--
		}
	}
	c.exports = c.exports || export
	c.add(t, f)
}

func (c *compiler) add(at token, f *function) {
	if len(c.list) == maxFuncs {
		c.fail(at.at, "a program has at most %d functions", maxFuncs)
	}
	f.index = len(c.list)
	c.list = append(c.list, f)
	c.funcs[f.name] = f
}

// params reads (NAME: TYPE, ...) and a result. Those of imports may go without
// names, and may be text.
func (c *compiler) params(f *function) {
	imported := f.module != ""
	c.sign("(")
	for first := true; !c.is(")"); first = false {
		if !first {
			c.sign(",")
		}
		t := c.next()
		if !imported || c.is(":") {
			if t.kind != name {
				c.fail(t.at, "a name is missing before %v", t)
			}
			f.names = append(f.names, t)
			c.sign(":")
			t = c.next()
		}
		p, ok := types[t.text]
		if imported && t.text == "text" {
			p, ok = texts, true
		}
		if t.kind != name || !ok {
			c.fail(t.at, "%v is no type of a parameter", t)
		}
		if f.params = append(f.params, p); len(f.params) > maxParams {
			c.fail(t.at, "a function has at most %d parameters", maxParams)
		}
	}
	c.sign(")")
	if t := c.tok(); t.kind == name && types[t.text] != none {
		f.result = types[c.next().text]
	}
}

// global reads NAME: TYPE = LITERAL.
func (c *compiler) global(fixed bool) {
	t := c.next()
	v := &variable{fixed: fixed}
	called := c.declare(t)
	if len(c.globals) == maxGlobals {
		c.fail(t.at, "a program has at most %d variables and constants", maxGlobals)
	}
	c.sign(":")
	v.typ = c.typeName()
	c.sign("=")
	kept := c.code
	c.code = nil
	minus := c.take("-")
	l := c.next()
	if l.kind != number && (l.kind != char || minus) {
		c.fail(l.at, "here is a literal, not %v", l)
	}
	if got := c.literal(l, v.typ, minus); got != v.typ {
		c.fail(l.at, "%v is wanted, this is %v", v.typ, got)
	}
	v.value, c.code = c.code, kept
	if !fixed {
		v.index = len(c.vars)
		c.vars = append(c.vars, v)
	}
	c.globals[called] = v
}

// memoryOf reads the pages that follow memory.
func (c *compiler) memoryOf(at token) {
	t := c.next()
	n, err := strconv.Atoi(t.text)
	if t.kind != number || err != nil || n < 1 || n > maxPages {
		c.fail(t.at, "memory wants a number of pages, 1 to %d", maxPages)
	}
	if c.pages != 0 {
		c.fail(at.at, "memory is declared twice")
	}
	c.pages = n
}
