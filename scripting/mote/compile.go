package mote

import (
	"bytes"
	"unicode/utf8"
)

// compiler is the state of one compilation.
type compiler struct {
	src  []byte
	toks []token
	pos  int

	funcs   map[string]*function
	globals map[string]*variable
	list    []*function // imports first
	imports []*function
	vars    []*variable // globals that are no constants
	exports bool
	pages   int // asked for; 0: none
	memory  bool

	data   []byte // from dataStart on
	placed map[string]int

	code   []byte // of the function at hand
	bodies [][]byte
	fn     *function
	locals map[string]*variable
	order  []string // names of the locals in sight, as they were declared
	types  []typ    // of all locals besides the parameters
	depth  int      // blocks of WebAssembly that are open
	loops  []int    // depths of the blocks that loops are left by; the next is the loop
	nest   int
}

// Compile gives the module of a program. The error is an *Error.
func Compile(src []byte) (module []byte, err error) {
	c := &compiler{src: src, funcs: map[string]*function{}, globals: map[string]*variable{}, placed: map[string]int{}}
	defer func() {
		switch e := recover().(type) {
		case nil:
		case *Error:
			module, err = nil, e
		default:
			panic(e)
		}
	}()
	if len(src) > MaxSource {
		return nil, &Error{1, 1, "the program is larger than 64 KiB"}
	}
	if !utf8.Valid(src) {
		return nil, &Error{1, 1, "the program is not UTF-8"}
	}
	if i := bytes.IndexByte(src, 0); i >= 0 {
		c.fail(i, "a zero byte")
	}
	c.lex()
	c.program()
	if !c.exports {
		c.fail(len(src), "nothing is exported: write export fn")
	}
	for _, f := range c.list[len(c.imports):] {
		c.body(f)
	}
	module = c.module()
	if len(module) > MaxModule {
		c.fail(0, "the module is larger than %d bytes", MaxModule)
	}
	return module, nil
}

func (c *compiler) tok() token { return c.toks[c.pos] }

// next takes a token; the end stays.
func (c *compiler) next() token {
	t := c.toks[c.pos]
	if t.kind != end {
		c.pos++
	}
	return t
}

func (c *compiler) is(s string) bool { t := c.tok(); return t.kind == sign && t.text == s }

func (c *compiler) take(s string) bool {
	if c.is(s) {
		c.pos++
		return true
	}
	return false
}

func (c *compiler) sign(s string) {
	if !c.take(s) {
		c.fail(c.tok().at, "%q is missing before %v", s, c.tok())
	}
}

func (c *compiler) isWord(s string) bool { t := c.tok(); return t.kind == name && t.text == s }

func (c *compiler) word(s string) {
	if !c.isWord(s) {
		c.fail(c.tok().at, "%q is missing before %v", s, c.tok())
	}
	c.pos++
}

func (c *compiler) typeName() typ {
	t := c.next()
	if t.kind != name || types[t.text] == none {
		c.fail(t.at, "here is i32, i64 or f64, not %v", t)
	}
	return types[t.text]
}

// deeper counts what is within each other.
func (c *compiler) deeper() {
	if c.nest++; c.nest > maxNest {
		c.fail(c.tok().at, "nested deeper than %d", maxNest)
	}
}

// place puts a text into the data, once, and gives its address.
func (c *compiler) place(s string) int {
	c.memory = true
	at, ok := c.placed[s]
	if !ok {
		at = dataStart + len(c.data)
		c.placed[s] = at
		c.data = append(c.data, s...)
	}
	return at
}
