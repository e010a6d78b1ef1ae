package screen

import (
	"context"
	"errors"
	"math"
	"strings"
	"sync"
	"unicode/utf8"
)

// What is refused.
var (
	ErrValue    = errors.New("value out of range")
	ErrTooLarge = errors.New("too large")
	ErrNone     = errors.New("not open")
	ErrFull     = errors.New("too much waits")
	ErrEnded    = errors.New("the process has ended")
)

// Screen of a process.
type Screen struct {
	mu    sync.Mutex
	text  *grid
	image *picture
	title string
	sound sounds

	// What is shown: rows with the version they came with.
	version  uint64
	cells    []Cell
	cellsAt  []uint64
	cols     int
	pix      []byte
	pixAt    []uint64
	width    int
	shape    uint64 // version since which the sizes are
	head     string
	col, row int

	changed  chan struct{} // closed at the next change
	watchers int
	ended    bool

	tag  int64
	what What
}

// New makes a screen with nothing on it.
func New() *Screen { return &Screen{changed: make(chan struct{}), col: -1, row: -1} }

// Bytes is about what a screen keeps with such a grid and such a picture: what
// is drawn, and what is shown.
func Bytes(cols, rows, width, height int) int64 {
	return 2 * (16*int64(cols)*int64(rows) + 4*int64(width)*int64(height))
}

// Size is the memory that it keeps.
func (s *Screen) Size() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.size()
}

func (s *Screen) size() int64 {
	n := int64(0)
	if s.text != nil {
		n += Bytes(s.text.cols, s.text.rows, 0, 0)
	}
	if s.image != nil {
		n += Bytes(0, 0, s.image.w, s.image.h)
	}
	return n
}

// OpenText gives it a grid, empty, in place of the one before.
func (s *Screen) OpenText(cols, rows int) error {
	if err := within(cols, rows, MaxCols, MaxRows); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text = newGrid(cols, rows)
	return nil
}

// OpenPicture gives it a picture, black, in place of the one before.
func (s *Screen) OpenPicture(w, h int) error {
	if err := within(w, h, MaxWidth, MaxHeight); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.image = newPicture(w, h)
	return nil
}

func within(a, b, maxA, maxB int) error {
	switch {
	case a < 1 || b < 1:
		return ErrValue
	case a > maxA || b > maxB:
		return ErrTooLarge
	}
	return nil
}

// onText draws on the grid; ErrNone without one.
func (s *Screen) onText(do func(g *grid)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.text == nil {
		return ErrNone
	}
	do(s.text)
	return nil
}

// SetStyle is how Put and Clear write from now on.
func (s *Screen) SetStyle(st Style) error {
	if !st.Valid() {
		return ErrValue
	}
	return s.onText(func(g *grid) { g.style = st })
}

// Put writes text from a cell on, one character a cell; what is outside of the
// grid is cut off. It gives how many characters the text has.
func (s *Screen) Put(col, row int, text string) (n int, err error) {
	if !utf8.ValidString(text) || far(col) || far(row) {
		return 0, ErrValue
	}
	err = s.onText(func(g *grid) { n = g.put(col, row, text) })
	return n, err
}

// Clear fills the grid with spaces.
func (s *Screen) Clear() error { return s.onText((*grid).clear) }

// Scroll moves the rows up by n, or down when it is negative.
func (s *Screen) Scroll(n int) error { return s.onText(func(g *grid) { g.scroll(n) }) }

// Cursor puts it on a cell; outside of the grid there is none.
func (s *Screen) Cursor(col, row int) error {
	return s.onText(func(g *grid) {
		if col < 0 || row < 0 || col >= g.cols || row >= g.rows {
			col, row = -1, -1
		}
		g.col, g.row = col, row
	})
}

// SetTitle names the screen.
func (s *Screen) SetTitle(title string) error {
	if len(title) > MaxTitle {
		return ErrTooLarge
	}
	if !utf8.ValidString(title) || strings.ContainsFunc(title, func(r rune) bool { return visible(r) != r }) {
		return ErrValue
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.title = title
	return nil
}

func far(v int) bool { return v < -MaxReach || v > MaxReach }

func (s *Screen) onPicture(do func(p *picture) int, at ...int) (int, error) {
	for _, v := range at {
		if far(v) {
			return 0, ErrValue
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.image == nil {
		return 0, ErrNone
	}
	return do(s.image), nil
}

// Pixels writes w times h pixels of 4 bytes, of which the fourth counts nothing.
// This and what follows give how many pixels were touched.
func (s *Screen) Pixels(x, y, w, h int, rgba []byte) (int, error) {
	if w < 0 || h < 0 || w > MaxWidth || h > MaxHeight || len(rgba) != 4*w*h {
		return 0, ErrValue
	}
	return s.onPicture(func(p *picture) int { p.write(x, y, w, h, rgba); return w * h }, x, y)
}

// Rect fills a rectangle with a colour 0xRRGGBBAA, over what is there.
func (s *Screen) Rect(x, y, w, h int, colour uint32) (int, error) {
	return s.onPicture(func(p *picture) int { return p.rect(x, y, w, h, colour) }, x, y, w, h)
}

// Line draws one, ends included.
func (s *Screen) Line(x0, y0, x1, y1 int, colour uint32) (int, error) {
	return s.onPicture(func(p *picture) int { return p.line(x0, y0, x1, y1, colour) }, x0, y0, x1, y1)
}

// Disc fills a circle.
func (s *Screen) Disc(x, y, r int, colour uint32) (int, error) {
	if r < 0 {
		return 0, ErrValue
	}
	return s.onPicture(func(p *picture) int { return p.disc(x, y, r, colour) }, x, y, r)
}

// Move copies a part of the picture elsewhere in it.
func (s *Screen) Move(x, y, w, h, toX, toY int) (int, error) {
	if w < 0 || h < 0 {
		return 0, ErrValue
	}
	return s.onPicture(func(p *picture) int { return p.move(x, y, w, h, toX, toY) }, x, y, w, h, toX, toY)
}

// Tone sounds at once, beside what sounds already; now is the owner's clock in
// seconds, which never goes back.
func (s *Screen) Tone(now float64, wave Wave, hertz, seconds, volume float64) error {
	if wave >= waves || !(hertz >= MinHertz && hertz <= MaxHertz) || !(seconds > 0 && seconds <= MaxTone) || !(volume >= 0 && volume <= 1) {
		return ErrValue
	}
	return s.play(now, Sound{Wave: wave, Hertz: hertz, Length: seconds, Volume: volume})
}

// Samples sound after those given before. It keeps pcm.
func (s *Screen) Samples(now float64, rate uint32, pcm []byte) error {
	switch {
	case len(pcm) > MaxChunk:
		return ErrTooLarge
	case rate < MinRate || rate > MaxRate || len(pcm) == 0 || len(pcm)%2 != 0:
		return ErrValue
	}
	return s.play(now, Sound{Rate: rate, Volume: 1, PCM: pcm, Length: float64(len(pcm)/2) / float64(rate)})
}

// Silence ends what sounds.
func (s *Screen) Silence(now float64) error { return s.play(now, Sound{Stop: true}) }

func (s *Screen) play(now float64, sound Sound) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if math.IsNaN(now) || !s.sound.add(now, sound, s.watchers > 0) {
		return ErrFull
	}
	s.wake()
	return nil
}

// Show lets those who watch see what was drawn. It gives the bytes that changed.
func (s *Screen) Show() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version++
	v, n := s.version, 0
	if g := s.text; g != nil {
		if s.cols != g.cols || len(s.cellsAt) != g.rows {
			s.cols, s.cells, s.cellsAt, s.shape = g.cols, make([]Cell, len(g.cells)), make([]uint64, g.rows), v
		}
		for y, dirty := range g.dirty {
			if dirty {
				n += 16 * copy(s.cells[y*g.cols:], g.cells[y*g.cols:(y+1)*g.cols])
				s.cellsAt[y], g.dirty[y] = v, false
			}
		}
		s.col, s.row = g.col, g.row
	}
	if p := s.image; p != nil {
		if s.width != p.w || len(s.pixAt) != p.h {
			s.width, s.pix, s.pixAt, s.shape = p.w, make([]byte, len(p.pix)), make([]uint64, p.h), v
		}
		for y, dirty := range p.dirty {
			if dirty {
				n += copy(s.pix[4*y*p.w:], p.pix[4*y*p.w:4*(y+1)*p.w])
				s.pixAt[y], p.dirty[y] = v, false
			}
		}
	}
	s.head = s.title
	s.wake()
	return n
}

// wake lets those who wait look again.
func (s *Screen) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// End is told when the process has ended: the last that was shown stays for
// those who watch.
func (s *Screen) End() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		s.ended = true
		s.wake()
	}
}

// Enter counts one who watches; ErrFull.
func (s *Screen) Enter() (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.watchers >= MaxWatchers {
		return 0, ErrFull
	}
	s.watchers++
	return s.watchers, nil
}

// Leave counts one less.
func (s *Screen) Leave() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watchers--
	return s.watchers
}

// Next waits for something that whoever has seen the given versions has not
// seen, and gives it. ErrEnded after the last.
func (s *Screen) Next(ctx context.Context, seen Seen) (*Frame, error) {
	for {
		s.mu.Lock()
		f := s.frame(seen)
		changed, ended := s.changed, s.ended
		s.mu.Unlock()
		switch {
		case f != nil:
			return f, nil
		case ended:
			return nil, ErrEnded
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
