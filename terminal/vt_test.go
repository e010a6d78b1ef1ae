package terminal

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// vt is a small terminal: what our renderer sends and no more. Anything else
// is kept in bad, so that a test can fail on it.
type vt struct {
	g        *grid
	x, y     int
	top, end int
	st       style
	held     []byte
	bad      []string
	alt      bool
}

func newVT(w, h int) *vt { return &vt{g: newGrid(w, h), end: h} }

func (v *vt) Write(b []byte) (int, error) {
	v.held = append(v.held, b...)
	for len(v.held) > 0 {
		n := v.one(v.held)
		if n == 0 {
			break
		}
		v.held = v.held[n:]
	}
	return len(b), nil
}

func (v *vt) one(b []byte) int {
	switch c := b[0]; {
	case c == 0x1b:
		return v.escape(b)
	case c == '\r':
		v.x = 0
	case c == '\b':
		v.x = max(v.x-1, 0)
	case c == '\n':
		if v.y == v.end-1 {
			w := v.g.w
			copy(v.g.cells[v.top*w:], v.g.cells[(v.top+1)*w:v.end*w])
			for i := range v.g.row(v.end - 1) {
				v.g.row(v.end - 1)[i] = blank
			}
		} else {
			v.y = min(v.y+1, v.g.h-1)
		}
	case c < ' ' || c == 0x7f:
		v.bad = append(v.bad, strconv.Quote(string(c)))
	default:
		if !utf8.FullRune(b) {
			return 0
		}
		r, n := utf8.DecodeRune(b)
		w := cells(r)
		if v.x+w > v.g.w {
			v.x = v.g.w - w // no wrapping
		}
		row := v.g.row(v.y)
		// Writing over half of a wide character takes the other half away.
		for i := v.x; i < v.x+w; i++ {
			if row[i].r == 0 && i > 0 {
				row[i-1] = cell{' ', row[i-1].st}
			}
			if i+1 < v.g.w && row[i+1].r == 0 {
				row[i+1] = cell{' ', row[i+1].st}
			}
		}
		row[v.x] = cell{r, v.st}
		if w == 2 {
			row[v.x+1] = cell{0, v.st}
		}
		v.x = min(v.x+w, v.g.w-1)
		return n
	}
	return 1
}

func (v *vt) escape(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	if b[1] != '[' {
		v.bad = append(v.bad, strconv.Quote(string(b[:2])))
		return 2
	}
	i := 2
	for i < len(b) && (b[i] < 0x40 || b[i] > 0x7e) {
		i++
	}
	if i == len(b) {
		return 0
	}
	arg, final := string(b[2:i]), b[i]
	p := []int{}
	for _, s := range strings.Split(strings.TrimPrefix(arg, "?"), ";") {
		n, _ := strconv.Atoi(s)
		p = append(p, n)
	}
	one := func(i int) int {
		if i >= len(p) || p[i] == 0 {
			return 1
		}
		return p[i]
	}
	switch {
	case strings.HasPrefix(arg, "?"):
		if p[0] == 1049 {
			v.alt = final == 'h'
		}
	case final == 'H':
		v.y, v.x = min(one(0), v.g.h)-1, min(one(1), v.g.w)-1
	case final == 'C':
		v.x = min(v.x+one(0), v.g.w-1)
	case final == 'D':
		v.x = max(v.x-one(0), 0)
	case final == 'J' && arg == "2":
		v.g.clear()
	case final == 'K' && arg == "":
		for x := v.x; x < v.g.w; x++ {
			v.g.row(v.y)[x] = blank
		}
	case final == 'r':
		v.top, v.end = 0, v.g.h
		if arg != "" {
			v.top, v.end = p[0]-1, p[1]
		}
		v.x, v.y = 0, 0
	case final == 'm':
		for _, n := range p {
			switch {
			case n == 0:
				v.st = plain
			case n == 1:
				v.st |= bold
			case n == 2:
				v.st |= dim
			case n == 7:
				v.st |= reverse
			case n >= 30 && n < 38:
				v.st = v.st&^colourMask | style(n-29)
			case n >= 90 && n < 98:
				v.st = v.st&^colourMask | style(n-81)
			default:
				v.bad = append(v.bad, strconv.Quote(string(b[:i+1])))
			}
		}
	default:
		v.bad = append(v.bad, strconv.Quote(string(b[:i+1])))
	}
	return i + 1
}
