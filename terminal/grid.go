package terminal

// style is how a cell looks: a colour of the 16 (plus one; 0 is the
// terminal's own) in the low bits, and attributes.
type style uint8

const (
	plain  style = 0
	red    style = 2
	green  style = 3
	yellow style = 4
	blue   style = 5
	pink   style = 6
	cyan   style = 7

	colourMask style = 0x1f
	bold       style = 0x20
	dim        style = 0x40
	reverse    style = 0x80
)

// cell is a character and its style in eight bytes. A wide character is
// followed by a cell with rune 0.
type cell struct {
	r  rune
	st style
}

var blank = cell{r: ' '}

// grid is one screen. Rows and columns count from 0.
type grid struct {
	w, h  int
	cells []cell
}

func newGrid(w, h int) *grid {
	g := &grid{w: w, h: h, cells: make([]cell, w*h)}
	g.clear()
	return g
}

func (g *grid) clear() {
	for i := range g.cells {
		g.cells[i] = blank
	}
}

func (g *grid) row(y int) []cell { return g.cells[y*g.w : (y+1)*g.w] }

// put writes s from column x of row y, and gives the column after it. What
// does not fit is left out; half of a wide character is never written.
func (g *grid) put(x, y int, st style, s string) int {
	row := g.row(y)
	for _, r := range s {
		n := cells(r)
		if x+n > g.w {
			break
		}
		row[x] = cell{r, st}
		if n == 2 {
			row[x+1] = cell{0, st}
		}
		x += n
	}
	return x
}

// fill gives the rest of row y from column x one style.
func (g *grid) fill(x, y int, st style) {
	row := g.row(y)
	for ; x < g.w; x++ {
		row[x] = cell{' ', st}
	}
}

// text is the grid as lines, without the blanks at their ends.
func (g *grid) text() string {
	var out []byte
	for y := range g.h {
		end := len(out)
		for _, c := range g.row(y) {
			if c.r == 0 {
				continue
			}
			out = append(out, string(c.r)...)
			if c.r != ' ' {
				end = len(out)
			}
		}
		out = append(out[:end], '\n')
	}
	return string(out)
}
