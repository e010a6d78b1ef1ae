package screen

import (
	"unicode"
)

// Default as a colour of a cell is what the viewer has for it.
const Default = 1 << 24

// Flags of a cell.
const (
	Bold      = 1
	Italic    = 2
	Underline = 4
	Inverse   = 8
	allFlags  = Bold | Italic | Underline | Inverse
)

// Style of a cell: colours are 0xRRGGBB or Default.
type Style struct {
	Fg, Bg uint32
	Flags  uint32
}

// Valid reports whether it is one.
func (s Style) Valid() bool { return s.Fg <= Default && s.Bg <= Default && s.Flags&^allFlags == 0 }

// Cell is one character.
type Cell struct {
	Rune rune
	Style
}

var blank = Cell{' ', Style{Fg: Default, Bg: Default}}

// grid is cells in rows.
type grid struct {
	cols, rows int
	cells      []Cell
	dirty      []bool // rows
	style      Style
	col, row   int // the cursor; -1 when there is none
}

func newGrid(cols, rows int) *grid {
	g := &grid{cols: cols, rows: rows, cells: make([]Cell, cols*rows), dirty: make([]bool, rows), style: blank.Style, col: -1, row: -1}
	for i := range g.cells {
		g.cells[i] = blank
	}
	g.touch()
	return g
}

func (g *grid) touch() {
	for i := range g.dirty {
		g.dirty[i] = true
	}
}

// put writes text from a place on, each character in one cell; what lies
// outside is cut off. It gives how many characters it had.
func (g *grid) put(col, row int, text string) int {
	n := 0
	for _, r := range text {
		if x := col + n; row >= 0 && row < g.rows && x >= 0 && x < g.cols {
			g.cells[row*g.cols+x] = Cell{visible(r), g.style}
			g.dirty[row] = true
		}
		n++
	}
	return n
}

// visible is r, or what stands for a character that moves, hides or joins
// others: it would let a process draw outside of its cell.
func visible(r rune) rune {
	if r == ' ' || unicode.IsGraphic(r) && !unicode.In(r, unicode.Mn, unicode.Me, unicode.Zs) {
		return r
	}
	return '\uFFFD'
}

// clear fills with spaces.
func (g *grid) clear() {
	for i := range g.cells {
		g.cells[i] = Cell{' ', g.style}
	}
	g.touch()
}

// scroll moves the rows up by n, or down when it is negative.
func (g *grid) scroll(n int) {
	n = min(max(n, -g.rows), g.rows)
	from, to := g.cells[max(n, 0)*g.cols:], g.cells[max(-n, 0)*g.cols:]
	copy(to, from)
	empty := g.cells[:max(-n, 0)*g.cols]
	if n > 0 {
		empty = g.cells[(g.rows-n)*g.cols:]
	}
	for i := range empty {
		empty[i] = Cell{' ', g.style}
	}
	g.touch()
}
