package screen

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/metatopia/metatopia/node/control"
)

// Bounds of a screen, as those of the node: what comes from it may still be of
// another version.
const (
	maxCells  = 1 << 16
	maxPixels = 1 << 22
)

// Cell is a character with its look; colours are -1 for the viewer's own.
type Cell struct {
	Rune   rune
	Fg, Bg int32 // 0xRRGGBB
	Flags  uint32
}

// Copy is a process's screen as its frames made it.
type Copy struct {
	Title         string
	Cols, Rows    int
	Cells         []Cell
	Width, Height int
	RGB           []byte
	Cursor        *control.ScreenCell
}

// Apply changes it by one frame.
func (c *Copy) Apply(f *control.ScreenFrame) error {
	if f.Cols < 0 || f.Rows < 0 || f.Width < 0 || f.Height < 0 || f.Cols*f.Rows > maxCells || f.Width*f.Height > maxPixels ||
		f.Cols > maxCells || f.Rows > maxCells || f.Width > maxPixels || f.Height > maxPixels {
		return fmt.Errorf("screen: %dx%d cells, %dx%d pixels", f.Cols, f.Rows, f.Width, f.Height)
	}
	if f.Whole || f.Cols != c.Cols || f.Rows != c.Rows {
		c.Cells = make([]Cell, f.Cols*f.Rows)
		for i := range c.Cells {
			c.Cells[i] = Cell{' ', -1, -1, 0}
		}
	}
	if f.Whole || f.Width != c.Width || f.Height != c.Height {
		c.RGB = make([]byte, 3*f.Width*f.Height)
	}
	c.Title, c.Cols, c.Rows, c.Width, c.Height, c.Cursor = f.Title, f.Cols, f.Rows, f.Width, f.Height, f.Cursor
	for _, l := range f.Lines {
		if l.Row < 0 || l.Row >= c.Rows {
			return fmt.Errorf("screen: line %d of %d", l.Row, c.Rows)
		}
		c.line(c.Cells[l.Row*c.Cols:(l.Row+1)*c.Cols], l.Runs)
	}
	for _, b := range f.Bands {
		if b.Y < 0 || b.Rows < 0 || b.Y > c.Height || b.Rows > c.Height-b.Y {
			return fmt.Errorf("screen: rows %d to %d of %d", b.Y, b.Y+b.Rows, c.Height)
		}
		if _, err := io.ReadFull(flate.NewReader(bytes.NewReader(b.RGB)), c.RGB[3*c.Width*b.Y:3*c.Width*(b.Y+b.Rows)]); err != nil {
			return fmt.Errorf("screen: picture: %w", err)
		}
	}
	return nil
}

func (c *Copy) line(cells []Cell, runs []control.ScreenRun) {
	at := 0
	for _, run := range runs {
		fg, bg := colour(run.Fg), colour(run.Bg)
		for _, r := range run.Text {
			if at == len(cells) {
				return
			}
			cells[at] = Cell{r, fg, bg, run.Flags}
			at++
		}
	}
}

func colour(s string) int32 {
	n, err := strconv.ParseUint(strings.TrimPrefix(s, "#"), 16, 24)
	if err != nil {
		return -1
	}
	return int32(n)
}

// Text is the characters, line by line, without what is empty at the ends.
func (c *Copy) Text() string {
	var b strings.Builder
	empty := 0
	for y := range c.Rows {
		var row strings.Builder
		for _, cell := range c.Cells[y*c.Cols : (y+1)*c.Cols] {
			row.WriteRune(cell.Rune)
		}
		line := strings.TrimRight(row.String(), " ")
		if line == "" {
			empty++
			continue
		}
		b.WriteString(strings.Repeat("\n", empty))
		empty = 0
		b.WriteString(line + "\n")
	}
	return b.String()
}

// pixel is the colour at a place of the picture.
func (c *Copy) pixel(x, y int) int32 {
	i := 3 * (y*c.Width + x)
	return int32(c.RGB[i])<<16 | int32(c.RGB[i+1])<<8 | int32(c.RGB[i+2])
}
