package scripting

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/metatopia/metatopia/scripting/screen"
)

// Gas of drawing: what is written, and what is shown.
const (
	gasCell      = 4
	gasShow      = 2000
	gasDrawShift = 1 // 2 pixels drawn
	gasShowShift = 3 // 8 bytes shown
)

func num(v uint64) int { return int(int32(v)) }

// mt:text@1
func textFuncs() []hostFunc {
	const m = "mt:text@1"
	return []hostFunc{
		fn(m, "open", "ii:i", forProcess, func(g *guest, s []uint64) {
			cols, rows := num(s[0]), num(s[1])
			ret(s, g.open(func(t *screen.Screen) error { return t.OpenText(cols, rows) },
				bounded(cols, screen.MaxCols), bounded(rows, screen.MaxRows), 0, 0))
		}),
		fn(m, "style", "iii:i", forProcess, func(g *guest, s []uint64) {
			ret(s, screenCode(g.p.screen().SetStyle(screen.Style{Fg: uint32(s[0]), Bg: uint32(s[1]), Flags: uint32(s[2])})))
		}),
		fn(m, "put", "iiii:i", forProcess, func(g *guest, s []uint64) {
			text, ok := g.text(s[2], s[3], 4*screen.MaxCols*screen.MaxRows)
			if !ok {
				ret(s, codeInvalid)
				return
			}
			g.charge(gasCell * int64(len(text)))
			n, err := g.p.screen().Put(num(s[0]), num(s[1]), text)
			if err != nil {
				ret(s, screenCode(err))
				return
			}
			ret(s, int32(n))
		}),
		fn(m, "clear", ":i", forProcess, func(g *guest, s []uint64) {
			g.charge(gasCell * screen.MaxCols)
			ret(s, screenCode(g.p.screen().Clear()))
		}),
		fn(m, "scroll", "i:i", forProcess, func(g *guest, s []uint64) {
			g.charge(gasCell * screen.MaxCols)
			ret(s, screenCode(g.p.screen().Scroll(num(s[0]))))
		}),
		fn(m, "cursor", "ii:i", forProcess, func(g *guest, s []uint64) {
			ret(s, screenCode(g.p.screen().Cursor(num(s[0]), num(s[1]))))
		}),
		fn(m, "title", "ii:i", forProcess, func(g *guest, s []uint64) {
			title, ok := g.text(s[0], s[1], screen.MaxTitle)
			if !ok {
				ret(s, codeInvalid)
				return
			}
			ret(s, screenCode(g.p.screen().SetTitle(strings.Clone(title))))
		}),
		fn(m, "show", ":i", forProcess, showScreen),
	}
}

// showScreen is show of mt:text and of mt:gfx.
func showScreen(g *guest, s []uint64) {
	g.charge(gasShow + int64(g.p.screen().Show())>>gasShowShift)
	ret(s, 0)
}

// bounded keeps a size that will be refused from being paid for.
func bounded(n, most int) int { return min(max(n, 0), most) }

func (g *guest) open(open func(*screen.Screen) error, cols, rows, w, h int) int32 {
	more := screen.Bytes(cols, rows, w, h)
	g.charge(more >> gasShowShift)
	return g.p.resizeScreen(open, more)
}

// mt:gfx@1
func gfxFuncs() []hostFunc {
	const m = "mt:gfx@1"
	// draw charges for what was touched.
	draw := func(params int, do func(t *screen.Screen, n [6]int, colour uint32) (int, error)) func(*guest, []uint64) {
		return func(g *guest, s []uint64) {
			var n [6]int
			for i := range params {
				n[i] = num(s[i])
			}
			touched, err := do(g.p.screen(), n, uint32(s[params-1]))
			g.charge(int64(touched) >> gasDrawShift)
			ret(s, screenCode(err))
		}
	}
	return []hostFunc{
		fn(m, "open", "ii:i", forProcess, func(g *guest, s []uint64) {
			w, h := num(s[0]), num(s[1])
			ret(s, g.open(func(t *screen.Screen) error { return t.OpenPicture(w, h) },
				0, 0, bounded(w, screen.MaxWidth), bounded(h, screen.MaxHeight)))
		}),
		fn(m, "pixels", "iiiiii:i", forProcess, func(g *guest, s []uint64) {
			rgba := g.view(uint32(s[4]), uint32(s[5]))
			_, err := g.p.screen().Pixels(num(s[0]), num(s[1]), num(s[2]), num(s[3]), rgba)
			ret(s, screenCode(err))
		}),
		fn(m, "rect", "iiiii:i", forProcess, draw(5, func(t *screen.Screen, n [6]int, c uint32) (int, error) {
			return t.Rect(n[0], n[1], n[2], n[3], c)
		})),
		fn(m, "line", "iiiii:i", forProcess, draw(5, func(t *screen.Screen, n [6]int, c uint32) (int, error) {
			return t.Line(n[0], n[1], n[2], n[3], c)
		})),
		fn(m, "disc", "iiii:i", forProcess, draw(4, func(t *screen.Screen, n [6]int, c uint32) (int, error) {
			return t.Disc(n[0], n[1], n[2], c)
		})),
		fn(m, "move", "iiiiii:i", forProcess, draw(6, func(t *screen.Screen, n [6]int, _ uint32) (int, error) {
			return t.Move(n[0], n[1], n[2], n[3], n[4], n[5])
		})),
		fn(m, "show", ":i", forProcess, showScreen),
	}
}

// mt:input@1
func inputFuncs() []hostFunc {
	const m = "mt:input@1"
	return []hostFunc{
		fn(m, "listen", "Ii:i", forProcess, func(g *guest, s []uint64) {
			ret(s, screenCode(g.p.screen().Listen(int64(s[0]), screen.What(uint32(s[1])))))
		}),
	}
}

// mt:audio@1
func audioFuncs() []hostFunc {
	const m = "mt:audio@1"
	seconds := func(g *guest) float64 { return float64(g.p.table.now()) / float64(time.Second) }
	return []hostFunc{
		fn(m, "tone", "iFFF:i", forProcess, func(g *guest, s []uint64) {
			g.charge(gasShow)
			ret(s, screenCode(g.p.screen().Tone(seconds(g), screen.Wave(uint32(s[0])), math.Float64frombits(s[1]), math.Float64frombits(s[2]), math.Float64frombits(s[3]))))
		}),
		fn(m, "samples", "iii:i", forProcess, func(g *guest, s []uint64) {
			if uint32(s[2]) > screen.MaxChunk {
				ret(s, codeTooLarge)
				return
			}
			g.charge(gasShow)
			pcm := slices.Clone(g.view(uint32(s[1]), uint32(s[2])))
			ret(s, screenCode(g.p.screen().Samples(seconds(g), uint32(s[0]), pcm)))
		}),
		fn(m, "silence", ":i", forProcess, func(g *guest, s []uint64) {
			g.charge(gasShow)
			ret(s, screenCode(g.p.screen().Silence(seconds(g))))
		}),
	}
}
