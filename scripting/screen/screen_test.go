package screen

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

// mirror is what a viewer makes of frames.
type mirror struct {
	seen       Seen
	cols, rows int
	cells      []Cell
	width      int
	pix        []byte
	title      string
}

func (m *mirror) take(f *Frame) {
	if f.Whole {
		m.cells, m.pix = make([]Cell, f.Cols*f.Rows), make([]byte, 4*f.Width*f.Height)
	}
	m.seen, m.cols, m.rows, m.width, m.title = f.Seen, f.Cols, f.Rows, f.Width, f.Title
	for _, l := range f.Lines {
		copy(m.cells[l.Row*f.Cols:(l.Row+1)*f.Cols], l.Cells)
	}
	for _, b := range f.Bands {
		copy(m.pix[4*b.Y*f.Width:], b.Pix)
	}
}

// Whatever is drawn, a viewer that sees every frame and one that sees only some
// have the same as one that comes last.
func TestFramesAddUp(t *testing.T) {
	for seed := range uint64(50) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		s := New()
		often, seldom := &mirror{}, &mirror{}
		in := func(n int) int { return rnd.IntN(3*n) - n }
		for range 300 {
			switch rnd.IntN(14) {
			case 0:
				_ = s.OpenText(1+rnd.IntN(30), 1+rnd.IntN(12))
			case 1:
				_ = s.OpenPicture(1+rnd.IntN(40), 1+rnd.IntN(40))
			case 2, 3:
				_, _ = s.Put(in(30), in(12), "Zeile "+string(rune('a'+rnd.IntN(26))))
			case 4:
				_ = s.SetStyle(Style{Fg: rnd.Uint32N(Default + 1), Bg: Default, Flags: rnd.Uint32N(16)})
			case 5:
				_ = s.Scroll(in(12))
			case 6:
				_ = s.Clear()
			case 7:
				_, _ = s.Rect(in(40), in(40), in(40), in(40), rnd.Uint32())
			case 8:
				_, _ = s.Line(in(40), in(40), in(40), in(40), rnd.Uint32())
			case 9:
				_, _ = s.Disc(in(40), in(40), rnd.IntN(20), rnd.Uint32())
			case 10:
				_, _ = s.Move(in(40), in(40), rnd.IntN(40), rnd.IntN(40), in(40), in(40))
			case 11:
				_ = s.Cursor(in(30), in(12))
				_ = s.SetTitle("t" + string(rune('a'+rnd.IntN(26))))
			default:
				s.Show()
				if f := s.frame(often.seen); f != nil {
					often.take(f)
				}
				if rnd.IntN(4) == 0 {
					if f := s.frame(seldom.seen); f != nil {
						seldom.take(f)
					}
				}
			}
		}
		s.Show()
		late := &mirror{}
		for _, m := range []*mirror{often, seldom, late} {
			if f := s.frame(m.seen); f != nil {
				m.take(f)
			}
		}
		for name, m := range map[string]*mirror{"often": often, "seldom": seldom} {
			if !slices.Equal(m.cells, late.cells) || !bytes.Equal(m.pix, late.pix) || m.title != late.title || m.cols != late.cols || m.width != late.width {
				t.Fatalf("seed %d: who looked %s sees something else", seed, name)
			}
		}
	}
}

// The picture after a move is what copying pixel by pixel from the one before gives.
func TestMoveAgainstCopy(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		p := newPicture(1+rnd.IntN(12), 1+rnd.IntN(12))
		for i := range p.pix {
			p.pix[i] = byte(rnd.Uint32())
		}
		before := bytes.Clone(p.pix)
		x, y, w, h, tx, ty := rnd.IntN(24)-12, rnd.IntN(24)-12, rnd.IntN(14), rnd.IntN(14), rnd.IntN(24)-12, rnd.IntN(24)-12
		want := bytes.Clone(before)
		inside := func(x, y int) bool { return x >= 0 && y >= 0 && x < p.w && y < p.h }
		for v := range h {
			for u := range w {
				if inside(x+u, y+v) && inside(tx+u, ty+v) {
					copy(want[4*((ty+v)*p.w+tx+u):][:4], before[4*((y+v)*p.w+x+u):])
				}
			}
		}
		p.move(x, y, w, h, tx, ty)
		if !bytes.Equal(p.pix, want) {
			t.Fatalf("move %d,%d %dx%d to %d,%d in %dx%d", x, y, w, h, tx, ty, p.w, p.h)
		}
	}
}

func TestShapes(t *testing.T) {
	p := newPicture(9, 9)
	p.disc(4, 4, 3, 0xff0000ff)
	var got strings.Builder
	for y := range p.h {
		for x := range p.w {
			got.WriteByte(".#"[p.pix[4*(y*p.w+x)]>>7])
		}
		got.WriteByte('\n')
	}
	want := `.........
....#....
..#####..
..#####..
.#######.
..#####..
..#####..
....#....
.........
`
	if got.String() != want {
		t.Errorf("disc:\n%s", got.String())
	}
	if n := p.line(-3, 2, 12, 7, 0x00ff00ff); n != 16 {
		t.Errorf("line of %d pixels", n)
	}
	p.rect(0, 0, 1, 1, 0x0000ff80)
	if b := p.pix[2]; b != 128 {
		t.Errorf("half blue is %d", b)
	}
}

func TestRefused(t *testing.T) {
	s := New()
	if _, err := s.Put(0, 0, "x"); !errors.Is(err, ErrNone) {
		t.Error("put without a grid:", err)
	}
	if _, err := s.Rect(0, 0, 1, 1, 0); !errors.Is(err, ErrNone) {
		t.Error("rect without a picture:", err)
	}
	for _, c := range [][2]int{{0, 1}, {-1, 5}, {5, 0}} {
		if err := s.OpenText(c[0], c[1]); !errors.Is(err, ErrValue) {
			t.Error(c, err)
		}
	}
	if err := s.OpenPicture(MaxWidth+1, 1); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
	if err := s.OpenText(4, 1); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Put(2, 0, "a\x1b[2J\u0301é"); n != 7 || err != nil {
		t.Error(n, err)
	}
	if err := errors.Join(s.SetTitle("four"), s.Cursor(3, 0)); err != nil {
		t.Fatal(err)
	}
	s.Show()
	f := s.frame(Seen{})
	if f.Title != "four" || f.Col != 3 || f.Row != 0 {
		t.Errorf("%q, cursor %d,%d", f.Title, f.Col, f.Row)
	}
	if got := f.Lines[0].Cells; got[2].Rune != 'a' || got[3].Rune != '\uFFFD' {
		t.Error("an escape sequence came through:", got)
	}
	for _, e := range []string{"", "key", "key a b", "key \x1b", "text ", "text a\x1bb", "press 1 2 3", "press 1 2 3 4 x", "press 1 2 3 4 99999999", "dance", "text " + strings.Repeat("x", 300)} {
		if _, err := CheckEvent(e); err == nil {
			t.Errorf("%q is an event", e)
		}
	}
	for _, e := range []string{"key a", "up Enter", "text hello world\n", "press 1 -1 -1 4 5", "watch 0"} {
		if _, err := CheckEvent(e); err != nil {
			t.Errorf("%q: %v", e, err)
		}
	}
}

// At most two seconds of sound wait, and who comes later does not hear what was.
func TestSounds(t *testing.T) {
	s := New()
	pcm := make([]byte, MaxChunk)
	n := 0
	for s.Samples(10, 8000, pcm) == nil {
		n++
	}
	if n != 1 { // 1.02 s each
		t.Errorf("%d chunks wait", n)
	}
	if err := s.Samples(12, 8000, pcm); err != nil {
		t.Error("later:", err)
	}
	if f := s.frame(Seen{Version: 0, Sound: s.LastSound()}); f != nil {
		t.Error("something to hear for a newcomer")
	}
	if _, err := s.Enter(); err != nil {
		t.Fatal(err)
	}
	if err := s.Tone(12, Sine, 440, 1, 0.5); err != nil {
		t.Error(err)
	}
	f := s.frame(Seen{Sound: s.LastSound() - 1})
	if f == nil || len(f.Sounds) != 1 || f.Sounds[0].Hertz != 440 {
		t.Errorf("%+v", f)
	}
	for i := 0; ; i++ {
		if s.Tone(13, Square, 440, 1, 1) != nil {
			break
		}
		if i > 1000 {
			t.Fatal("no end of tones")
		}
	}
}

func TestNextWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New()
		var f *Frame
		var err error
		done := make(chan struct{})
		go func() {
			defer close(done)
			f, err = s.Next(context.Background(), Seen{})
		}()
		synctest.Wait()
		if f != nil {
			t.Fatal("a frame of nothing")
		}
		_ = s.OpenText(2, 1)
		s.Show()
		<-done
		if err != nil || f == nil || !f.Whole || f.Cols != 2 {
			t.Fatalf("%+v %v", f, err)
		}
		seen := f.Seen
		s.End()
		if _, err := s.Next(context.Background(), seen); !errors.Is(err, ErrEnded) {
			t.Error(err)
		}
	})
}

func FuzzEvent(f *testing.F) {
	for _, s := range []string{"key a", "up Enter", "text hi", "press 1 2 3 4 5", "watch 2", "key \u202e"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, e string) {
		if _, err := CheckEvent(e); err == nil && (len(e) > MaxEvent || strings.ContainsAny(e, "\x1b\x00\u202e")) {
			t.Errorf("%q", e)
		}
	})
}
