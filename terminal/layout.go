package terminal

import (
	"fmt"
	"slices"
	"strings"

	"github.com/metatopia/metatopia/node/control"
)

// The screen, from the top: a header (region, place, world), who is near, a
// rule, the log, a rule, the prompt.
const (
	rowHeader = 0
	rowNear   = 1
	rowRule   = 2
	rowLog    = 3
)

// layout draws the model into g and gives where the cursor is. back is how
// many rows of the log are hidden below its end (page up).
func (m *model) layout(g *grid, log []line, back int, in *input) (x, y int) {
	g.clear()
	m.header(g)
	g.fillWith(rowRule, '─', dim)
	g.fillWith(g.h-2, '─', dim)
	drawLog(g, log, back)
	return in.draw(g, g.h-1)
}

func (m *model) header(g *grid) {
	g.fill(0, rowHeader, reverse)
	me, ok := m.entities[m.me]
	if !ok {
		g.put(1, rowHeader, reverse|bold, "Metatopia")
		g.put(1, rowNear, dim, "Waiting for a world.")
		return
	}
	x := g.put(1, rowHeader, reverse|bold, m.regionName(m.in))
	right := "at " + coordinates(me.Pos) + " "
	if m.world != "" && x+textCells(m.world)+4+len(right) < g.w {
		g.put(x, rowHeader, reverse, " of "+m.world)
	}
	if at := g.w - len(right); at > x {
		g.put(at, rowHeader, reverse, right)
	}
	people := m.sorted(func(e control.Entity) bool { return m.near[e.ID] })
	if len(people) == 0 {
		g.put(1, rowNear, dim, "Nobody is near.")
		return
	}
	x = g.put(1, rowNear, dim, "Near: ")
	for i, e := range people {
		sep := ""
		if i > 0 {
			sep = ", "
		}
		item := fmt.Sprintf("%s%s %.0f m %s", sep, name(e.Name), distance(me.Pos, e.Pos), shortDirection(me.Pos, e.Pos))
		rest := fmt.Sprintf(" +%d", len(people)-i)
		if x+textCells(item)+len(rest) > g.w {
			g.put(x, rowNear, dim, rest)
			break
		}
		x = g.put(x, rowNear, plain, item)
	}
}

func (g *grid) fillWith(y int, r rune, st style) {
	row := g.row(y)
	for x := range row {
		row[x] = cell{r, st}
	}
}

// logRows is where the log is: rows from the first to before the second.
func (g *grid) logRows() (int, int) { return rowLog, g.h - 2 }

func drawLog(g *grid, log []line, back int) {
	top, end := g.logRows()
	y := end
	for i := len(log) - 1; i >= 0 && y > top; i-- {
		rows := wrap(log[i].text, g.w)
		for k := len(rows) - 1; k >= 0 && y > top; k-- {
			if back > 0 {
				back--
				continue
			}
			y--
			g.put(0, y, log[i].st, rows[k])
		}
	}
}

// rowsOf is how many rows the log takes on a screen of width w.
func rowsOf(log []line, w int) int {
	n := 0
	for _, l := range log {
		n += len(wrap(l.text, w))
	}
	return n
}

func sortRegions(all []control.Region) {
	slices.SortFunc(all, func(a, b control.Region) int {
		if c := strings.Compare(a.Name, b.Name); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
}
