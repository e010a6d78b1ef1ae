package mote

import (
	"strings"
	"unicode/utf8"
)

type kind uint8

const (
	end kind = iota
	name
	number
	text
	char // its value is one byte of text
	sign // operators, brackets
)

// token is a piece of the source. text is the name, the digits, the sign, or
// what a text literal stands for.
type token struct {
	kind kind
	at   int // offset
	text string
}

func (t token) String() string {
	switch t.kind {
	case end:
		return "the end of the program"
	case text, char:
		return "a literal"
	}
	return "\"" + t.text + "\""
}

var signs = [...]string{"<<", ">>", "==", "!=", "<=", ">=", "&&", "||", "+=", "-=", "*="}

const oneSign = "+-*/%&|^~!<>=(){}[],:"

// lex cuts the source into tokens; the last one is the end.
func (c *compiler) lex() {
	s := c.src
	for i := 0; ; {
		for i < len(s) && (s[i] == ' ' || s[i] == '\t' || s[i] == '\n' || s[i] == '\r') {
			i++
		}
		if i == len(s) {
			c.toks = append(c.toks, token{end, i, ""})
			return
		}
		at := i
		two := string(s[i:min(i+2, len(s))])
		switch b := s[i]; {
		case two == "//":
			for i < len(s) && s[i] != '\n' {
				i++
			}
			continue
		case letter(b):
			for i < len(s) && (letter(s[i]) || digit(s[i])) {
				i++
			}
			if i-at > maxName {
				c.fail(at, "a name has at most %d letters", maxName)
			}
			c.toks = append(c.toks, token{name, at, string(s[at:i])})
		case digit(b):
			i = c.number(at)
			c.toks = append(c.toks, token{number, at, string(s[at:i])})
		case b == '"' || b == '\'':
			var v string
			v, i = c.quoted(at)
			k := text
			if b == '\'' {
				if k = char; len(v) != 1 {
					c.fail(at, "between ' and ' is one byte")
				}
			}
			c.toks = append(c.toks, token{k, at, v})
		default:
			v := ""
			for _, x := range signs {
				if two == x {
					v = x
				}
			}
			if v == "" && strings.IndexByte(oneSign, b) >= 0 {
				v = string(b)
			}
			if v == "" {
				r, _ := utf8.DecodeRune(s[i:])
				c.fail(at, "%q has no meaning here", r)
			}
			i += len(v)
			c.toks = append(c.toks, token{sign, at, v})
		}
	}
}

// number gives the end of the number at i: digits with a fraction or an
// exponent, or 0x and hexadecimal digits.
func (c *compiler) number(i int) int {
	s, at := c.src, i
	run := func(ok func(byte) bool) {
		from := i
		for i < len(s) && ok(s[i]) {
			i++
		}
		if i == from {
			c.fail(at, "a digit is missing in the number")
		}
	}
	if s[i] == '0' && i+1 < len(s) && s[i+1] == 'x' {
		i += 2
		run(func(b byte) bool { return digit(b) || b >= 'a' && b <= 'f' || b >= 'A' && b <= 'F' })
	} else {
		run(digit)
		if i < len(s) && s[i] == '.' {
			i++
			run(digit)
		}
		if i < len(s) && s[i] == 'e' {
			i++
			if i < len(s) && (s[i] == '-' || s[i] == '+') {
				i++
			}
			run(digit)
		}
	}
	if i < len(s) && letter(s[i]) {
		c.fail(at, "a letter follows the number")
	}
	return i
}

// quoted reads the literal at i and gives what it stands for, and its end.
func (c *compiler) quoted(i int) (string, int) {
	s, at, mark := c.src, i, c.src[i]
	var v []byte
	for i++; i < len(s) && s[i] != mark && s[i] != '\n'; i++ {
		if s[i] != '\\' {
			v = append(v, s[i])
			continue
		}
		i++
		if i == len(s) {
			break
		}
		switch s[i] {
		case 'n':
			v = append(v, '\n')
		case 't':
			v = append(v, '\t')
		case '\\', '"', '\'':
			v = append(v, s[i])
		case 'x':
			if i+2 >= len(s) || hex(s[i+1]) < 0 || hex(s[i+2]) < 0 {
				c.fail(i-1, `\x wants two hexadecimal digits`)
			}
			v = append(v, byte(hex(s[i+1])<<4|hex(s[i+2])))
			i += 2
		default:
			c.fail(i-1, `known are \n \t \\ \" \' \xHH`)
		}
	}
	if i >= len(s) || s[i] != mark {
		c.fail(at, "the literal does not end on its line")
	}
	return string(v), i + 1
}

func letter(b byte) bool { return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b == '_' }
func digit(b byte) bool  { return b >= '0' && b <= '9' }

func hex(b byte) int {
	switch {
	case digit(b):
		return int(b - '0')
	case b >= 'a' && b <= 'f':
		return int(b-'a') + 10
	case b >= 'A' && b <= 'F':
		return int(b-'A') + 10
	}
	return -1
}
