package screen

// Seen is what a viewer has.
type Seen struct {
	Version uint64 // 0: nothing
	Sound   uint64
}

// Frame is what a viewer lacks.
type Frame struct {
	Seen              // what it has then
	Whole      bool   // what it had is of no use: the sizes are new
	Title      string // of now, as are the next ones
	Cols, Rows int
	Width      int
	Height     int
	Col, Row   int // of the cursor; -1 when there is none
	Lines      []Line
	Bands      []Band
	Sounds     []Sound
}

// Line is a row of the grid.
type Line struct {
	Row   int
	Cells []Cell
}

// Band is rows of the picture, one below the other: 4 bytes for each pixel.
type Band struct {
	Y   int
	Pix []byte
}

// LastSound is what a viewer has heard who begins to watch: it does not hear
// what was before.
func (s *Screen) LastSound() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sound.last
}

// frame is nil when there is nothing new.
func (s *Screen) frame(seen Seen) *Frame {
	if seen.Version > s.version {
		seen.Version = 0
	}
	if seen.Version == s.version && seen.Sound >= s.sound.last {
		return nil
	}
	f := &Frame{
		Seen: Seen{s.version, s.sound.last}, Title: s.head, Cols: s.cols, Rows: len(s.cellsAt),
		Width: s.width, Height: len(s.pixAt), Col: s.col, Row: s.row,
	}
	since := seen.Version
	if s.shape > since || since == 0 {
		f.Whole, since = true, 0
	}
	for y, at := range s.cellsAt {
		if at > since {
			f.Lines = append(f.Lines, Line{y, append([]Cell(nil), s.cells[y*s.cols:(y+1)*s.cols]...)})
		}
	}
	for y := 0; y < len(s.pixAt); {
		if s.pixAt[y] <= since {
			y++
			continue
		}
		end := y
		for end < len(s.pixAt) && s.pixAt[end] > since {
			end++
		}
		f.Bands = append(f.Bands, Band{y, append([]byte(nil), s.pix[4*y*s.width:4*end*s.width]...)})
		y = end
	}
	f.Sounds = s.sound.since(seen.Sound)
	return f
}
