package terminal

import (
	"slices"
	"strconv"
)

// renderer turns a grid into the shortest bytes it can find that change the
// client's screen from the last grid to this one (VT100 with the 16 colours,
// which everything since understands).
type renderer struct {
	shown *grid // what the client's screen holds; nil: not known
	x, y  int   // the client's cursor; x < 0: not known
	st    style // its current style
	out   []byte
}

// Strings that begin and end a session: the other screen buffer, no automatic
// wrapping (so that the last column is a column like the others), and back.
const (
	enterScreen = "\x1b[?1049h\x1b[?7l\x1b[0m"
	leaveScreen = "\x1b[r\x1b[0m\x1b[?7h\x1b[?1049l"
)

// maxGap: so many unchanged cells between two changed ones are sent again,
// because moving the cursor costs about as much.
const maxGap = 5

// forget makes the next draw paint everything.
func (r *renderer) forget() { r.shown = nil }

// draw gives the bytes that show next with the cursor at x, y. The rows from
// scrollTop to scrollEnd are a log: when they have moved up, the client is
// told to scroll. The bytes are valid until the next call.
func (r *renderer) draw(next *grid, scrollTop, scrollEnd, x, y int) []byte {
	r.out = r.out[:0]
	if r.shown == nil || r.shown.w != next.w || r.shown.h != next.h {
		r.shown = newGrid(next.w, next.h)
		r.out = append(r.out, "\x1b[0m\x1b[2J"...)
		r.x, r.st = -1, plain
	}
	r.scroll(next, scrollTop, scrollEnd)
	for row := range next.h {
		r.row(row, r.shown.row(row), next.row(row))
	}
	copy(r.shown.cells, next.cells)
	r.style(plain) // what is typed next is plain: a key then costs its own bytes
	r.move(x, y)
	return r.out
}

// scroll looks for the log having moved up by a few rows.
func (r *renderer) scroll(next *grid, top, end int) {
	const most = 4
	if end-top < 3 || end > next.h {
		return
	}
	same := func(by int) int {
		n := 0
		for y := top; y+by < end; y++ {
			if slices.Equal(next.row(y), r.shown.row(y+by)) && !isBlank(next.row(y)) {
				n++
			}
		}
		return n
	}
	best, rows := 0, same(0)
	for by := 1; by <= most && by < end-top; by++ {
		if n := same(by); n > rows+1 { // one row costs less to send than scrolling
			best, rows = by, n
		}
	}
	if best == 0 {
		return
	}
	r.style(plain)
	r.csi(top+1, end, 'r')
	r.csi(end, 1, 'H')
	for range best {
		r.out = append(r.out, '\n')
	}
	r.out = append(r.out, "\x1b[r"...)
	r.x = -1 // setting the region moves the cursor
	w := next.w
	copy(r.shown.cells[top*w:], r.shown.cells[(top+best)*w:end*w])
	for i := (end - best) * w; i < end*w; i++ {
		r.shown.cells[i] = blank
	}
}

func isBlank(row []cell) bool {
	for _, c := range row {
		if c != blank {
			return false
		}
	}
	return true
}

// row sends the changed spans of one row.
func (r *renderer) row(y int, old, now []cell) {
	if slices.Equal(old, now) {
		return
	}
	// The blanks at the end can be erased at once.
	end := len(now)
	for end > 0 && now[end-1] == blank {
		end--
	}
	oldEnd := len(old)
	for oldEnd > 0 && old[oldEnd-1] == blank {
		oldEnd--
	}
	x := 0
	for x < end {
		if old[x] == now[x] {
			x++
			continue
		}
		from, to := wholeStart(now, x), x+1
		for gap, i := 0, x+1; i < end && gap <= maxGap; i++ {
			if old[i] == now[i] {
				gap++
				continue
			}
			gap, to = 0, i+1
		}
		for to < end && now[to].r == 0 {
			to++ // the second half of a wide character
		}
		r.move(from, y)
		for _, c := range now[from:to] {
			r.put(c)
		}
		x = to
	}
	switch n := oldEnd - end; {
	case n > 3:
		r.move(end, y)
		r.style(plain)
		r.out = append(r.out, "\x1b[K"...)
	case n > 0:
		r.move(end, y)
		for range n {
			r.put(blank)
		}
	}
}

// wholeStart steps back from the second half of a wide character.
func wholeStart(row []cell, x int) int {
	for x > 0 && row[x].r == 0 {
		x--
	}
	return x
}

func (r *renderer) put(c cell) {
	if c.r == 0 {
		return
	}
	r.style(c.st)
	r.out = append(r.out, string(c.r)...)
	r.x += cells(c.r)
	if r.shown != nil && r.x >= r.shown.w {
		r.x = -1 // terminals differ in where the cursor is now
	}
}

func (r *renderer) move(x, y int) {
	switch {
	case r.x == x && r.y == y:
		return
	case r.x >= 0 && r.y == y && x == r.x-1:
		r.out = append(r.out, '\b')
	case r.x >= 0 && r.y == y && x == 0:
		r.out = append(r.out, '\r')
	case r.x >= 0 && r.y == y && x > r.x:
		r.csi(x-r.x, 0, 'C')
	case r.x >= 0 && r.y == y:
		r.csi(r.x-x, 0, 'D')
	default:
		r.csi(y+1, x+1, 'H')
	}
	r.x, r.y = x, y
}

// csi writes ESC [ a ; b final; b 0 is left out, and so is a 1 that the
// terminal assumes.
func (r *renderer) csi(a, b int, final byte) {
	r.out = append(r.out, "\x1b["...)
	if a != 1 || final == 'r' {
		r.out = strconv.AppendInt(r.out, int64(a), 10)
	}
	if b > 1 || b == 1 && final == 'r' {
		r.out = append(r.out, ';')
		r.out = strconv.AppendInt(r.out, int64(b), 10)
	}
	r.out = append(r.out, final)
}

func (r *renderer) style(st style) {
	if st == r.st {
		return
	}
	r.out = append(r.out, "\x1b["...)
	sep := false
	code := func(n int) {
		if sep {
			r.out = append(r.out, ';')
		}
		r.out = strconv.AppendInt(r.out, int64(n), 10)
		sep = true
	}
	if st == plain {
		r.out = append(r.out, 'm')
		r.st = st
		return
	}
	// From plain only what is on needs saying; else begin at nothing.
	if r.st != plain {
		code(0)
	}
	if st&bold != 0 {
		code(1)
	}
	if st&dim != 0 {
		code(2)
	}
	if st&reverse != 0 {
		code(7)
	}
	if c := int(st & colourMask); c > 8 {
		code(90 + c - 9)
	} else if c > 0 {
		code(30 + c - 1)
	}
	r.out = append(r.out, 'm')
	r.st = st
}
