package spdx

import (
	"errors"
	"fmt"
	"strings"
)

const (
	// MaxExpr bounds an expression in bytes: the longest in use name five or
	// six licences.
	MaxExpr = 200
	// maxDepth bounds nested parentheses, and so the parser's stack.
	maxDepth = 8
)

// ErrExpr: the text is no licence expression.
var ErrExpr = errors.New("not an SPDX licence expression")

// Check tells whether s is an expression. Names that are not in the table are
// taken for licences that this version does not know.
func Check(s string) error {
	_, err := parse(s)
	return err
}

// Free tells whether s leaves everybody free to use, change and pass on the
// work: each licence of an AND must, one of an OR. It is false for what is no
// expression.
func Free(s string) bool {
	free, err := parse(s)
	return err == nil && free
}

// parser reads
//
//	expr   = term { "OR" term }
//	term   = factor { "AND" factor }
//	factor = "(" expr ")" | NAME ["+"] [ "WITH" NAME ]
type parser struct {
	rest  []string
	depth int
}

func parse(s string) (free bool, err error) {
	if s == "" || len(s) > MaxExpr {
		return false, fmt.Errorf("%w: %d bytes, 1 to %d allowed", ErrExpr, len(s), MaxExpr)
	}
	words := strings.FieldsFunc(strings.NewReplacer("(", " ( ", ")", " ) ").Replace(s), func(r rune) bool { return r == ' ' })
	p := parser{rest: words}
	free, err = p.expr()
	if err == nil && len(p.rest) > 0 {
		err = fmt.Errorf("%w: %q is too much", ErrExpr, p.rest[0])
	}
	return free, err
}

func (p *parser) next() string {
	if len(p.rest) == 0 {
		return ""
	}
	w := p.rest[0]
	p.rest = p.rest[1:]
	return w
}

// took takes the next word if it is w.
func (p *parser) took(w string) bool {
	if len(p.rest) == 0 || p.rest[0] != w {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

func (p *parser) expr() (free bool, err error) {
	if free, err = p.term(); err != nil {
		return false, err
	}
	for p.took("OR") {
		other, err := p.term()
		if err != nil {
			return false, err
		}
		free = free || other
	}
	return free, nil
}

func (p *parser) term() (free bool, err error) {
	if free, err = p.factor(); err != nil {
		return false, err
	}
	for p.took("AND") {
		other, err := p.factor()
		if err != nil {
			return false, err
		}
		free = free && other
	}
	return free, nil
}

func (p *parser) factor() (free bool, err error) {
	if p.took("(") {
		if p.depth++; p.depth > maxDepth {
			return false, fmt.Errorf("%w: nested too deep", ErrExpr)
		}
		if free, err = p.expr(); err != nil {
			return false, err
		}
		p.depth--
		if !p.took(")") {
			return false, fmt.Errorf("%w: a parenthesis is open", ErrExpr)
		}
		return free, nil
	}
	name := p.next()
	if !isName(strings.TrimSuffix(name, "+")) {
		return false, fmt.Errorf("%w: %q is no licence's name", ErrExpr, name)
	}
	free = isFree(strings.TrimSuffix(name, "+"))
	if p.took("WITH") {
		// An exception gives more freedom, never less.
		if with := p.next(); !isName(with) {
			return false, fmt.Errorf("%w: %q is no exception's name", ErrExpr, with)
		}
	}
	return free, nil
}

func isName(s string) bool {
	switch s {
	case "", "AND", "OR", "WITH":
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '.' && c != ':' {
			return false
		}
	}
	return true
}
