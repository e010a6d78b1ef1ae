package screen

import (
	"fmt"
	"strings"
)

// area is where the screen lies on a terminal: cols and rows of it, and the
// pixels of the picture that a cell stands for, of which it shows two.
type area struct{ cols, rows int }

// areaOf fits a copy into a terminal: a grid as it is, cut off; a picture alone
// as large as there is room, two pixels a cell at most.
func (c *Copy) areaOf(width, height int) area {
	if c.Cols > 0 {
		return area{min(c.Cols, width), min(c.Rows, height)}
	}
	if c.Width == 0 || c.Height == 0 {
		return area{}
	}
	cols := min(width, c.Width)
	rows := (c.Height*cols/c.Width + 1) / 2
	if rows > height {
		rows = height
		cols = min(width, max(1, 2*rows*c.Width/c.Height))
	}
	return area{cols, max(rows, 1)}
}

// pixelAt is the pixel behind a half of a cell: of the whole grid, or of the
// area when there is none.
func (c *Copy) pixelAt(a area, col, half int) (x, y int) {
	cols, halves := a.cols, 2*a.rows
	if c.Cols > 0 {
		cols, halves = c.Cols, 2*c.Rows
	}
	return min(col*c.Width/cols, c.Width-1), min(half*c.Height/halves, c.Height-1)
}

// lines draws it with escape sequences.
func (c *Copy) lines(width, height int) []string {
	a := c.areaOf(width, height)
	out := make([]string, a.rows)
	for row := range a.rows {
		var b strings.Builder
		look := ""
		for col := range a.cols {
			cell := c.cellAt(a, col, row)
			if l := sgr(cell); l != look {
				b.WriteString(l)
				look = l
			}
			b.WriteRune(cell.Rune)
		}
		b.WriteString("\x1b[0m")
		out[row] = b.String()
	}
	return out
}

// cellAt is a cell of the grid, over the picture where it is empty.
func (c *Copy) cellAt(a area, col, row int) Cell {
	cell := Cell{' ', -1, -1, 0}
	if c.Cols > 0 {
		cell = c.Cells[row*c.Cols+col]
	}
	if c.Width == 0 || cell.Bg >= 0 {
		return cell
	}
	x, y := c.pixelAt(a, col, 2*row)
	x2, y2 := c.pixelAt(a, col, 2*row+1)
	if cell.Rune != ' ' {
		cell.Bg = c.pixel(x, y)
		return cell
	}
	return Cell{'▀', c.pixel(x, y), c.pixel(x2, y2), 0}
}

func sgr(c Cell) string {
	s := "\x1b[0"
	for _, f := range []struct {
		bit  uint32
		code string
	}{{1, ";1"}, {2, ";3"}, {4, ";4"}, {8, ";7"}} {
		if c.Flags&f.bit != 0 {
			s += f.code
		}
	}
	if c.Fg >= 0 {
		s += fmt.Sprintf(";38;2;%d;%d;%d", c.Fg>>16, c.Fg>>8&255, c.Fg&255)
	}
	if c.Bg >= 0 {
		s += fmt.Sprintf(";48;2;%d;%d;%d", c.Bg>>16, c.Bg>>8&255, c.Bg&255)
	}
	return s + "m"
}
