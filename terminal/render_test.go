package terminal

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// Whatever is drawn after whatever, the client's screen is the grid and its
// cursor is where it should be.
func TestDrawnScreenIsTheGrid(t *testing.T) {
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 1))
		w, h := minWidth+rng.IntN(60), minHeight+rng.IntN(20)
		v, r := newVT(w, h), &renderer{}
		g := newGrid(w, h)
		for step := range 40 {
			scramble(rng, g)
			x, y := rng.IntN(w), rng.IntN(h)
			_, _ = v.Write(r.draw(g, rowLog, h-2, x, y))
			if !slices.Equal(v.g.cells, g.cells) {
				t.Fatalf("seed %d step %d: shown\n%s\nwant\n%s", seed, step, v.g.text(), g.text())
			}
			if v.x != x || v.y != y {
				t.Fatalf("seed %d step %d: cursor at %d,%d, want %d,%d", seed, step, v.x, v.y, x, y)
			}
			if len(v.bad) > 0 {
				t.Fatalf("seed %d step %d: sent %v", seed, step, v.bad)
			}
			if again := r.draw(g, rowLog, h-2, x, y); len(again) > 0 {
				t.Fatalf("seed %d step %d: an unchanged screen costs %q", seed, step, again)
			}
		}
	}
}

// scramble changes a grid as a session would: a scroll of the log, a few
// cells, a row, everything.
func scramble(rng *rand.Rand, g *grid) {
	letters := []rune("abc   é─漢🙂")
	row := func(y int) {
		for x := range g.row(y) {
			g.row(y)[x] = blank
		}
		for x := 0; x < g.w; {
			r := letters[rng.IntN(len(letters))]
			x = g.put(x, y, style(rng.IntN(9))|style(rng.IntN(8))<<5, string(r))
			if rng.IntN(20) == 0 || cells(r) == 2 && x >= g.w-1 {
				break
			}
		}
	}
	switch rng.IntN(5) {
	case 0:
		by := 1 + rng.IntN(5)
		top, end := g.logRows()
		copy(g.cells[top*g.w:], g.cells[min(top+by, end)*g.w:end*g.w])
		for y := max(end-by, top); y < end; y++ {
			row(y)
		}
	case 1:
		row(rng.IntN(g.h))
	case 2:
		for y := range g.h {
			row(y)
		}
	case 3:
		g.clear()
	default:
		y := rng.IntN(g.h)
		text := g.row(y)
		for range 3 {
			if x := rng.IntN(g.w); text[x].r != 0 && cells(text[x].r) == 1 {
				text[x] = cell{rune('A' + rng.IntN(26)), style(rng.IntN(9))}
			}
		}
	}
}

// What things cost at 80x24, so that a change which makes them dearer is seen.
func TestBytesSent(t *testing.T) {
	s := newSession(nil, nil, nil)
	g := newGrid(80, 24)
	r := &renderer{}
	v := newVT(80, 24)
	top, end := g.logRows()
	f := valley()
	s.tell(s.model.apply(&f)...)
	for range 30 {
		s.tell(line{cyan, "Bob says: the quick brown fox jumps over the lazy dog"})
	}
	draw := func() int {
		x, y := s.model.layout(g, s.lines, 0, &s.in)
		b := r.draw(g, top, end, x, y)
		_, _ = v.Write(b)
		return len(b)
	}
	type cost struct {
		what    string
		n, most int
	}
	costs := []cost{{"first screen", draw(), 1800}}
	s.in.press('a')
	costs = append(costs, cost{"key", draw(), 1})
	s.in.press(keyBack)
	costs = append(costs, cost{"backspace", draw(), 3})
	s.tell(line{cyan, "Bob says: and now for something completely different"})
	costs = append(costs, cost{"chat line", draw(), 80}, cost{"idle", draw(), 0})
	for _, c := range costs {
		t.Logf("%-12s %4d bytes", c.what, c.n)
		if c.n > c.most {
			t.Errorf("%s costs %d bytes, at most %d were expected", c.what, c.n, c.most)
		}
	}
	if !slices.Equal(v.g.cells, g.cells) {
		t.Errorf("shown\n%s\nwant\n%s", v.g.text(), g.text())
	}
}
