package shard

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"math/bits"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics/shape"
)

// fetch is a geometry on its way from a neighbour.
type fetch struct {
	ID     shape.GeometryID
	Size   uint32     // bytes; 0: no piece has come
	Pieces [][]byte   // nil: missing
	Sums   [][32]byte // of the pieces
	Until  base.Tick  // it is forgotten when nothing has wanted it since
}

// await is a body of a neighbour that is let in when its geometry is here.
type await struct {
	Handle uint64
	Shape  shape.GeometryID
	Again  base.Tick // when it is asked for next, its geometry being here
}

func (l *link) fetchAt(id shape.GeometryID) (int, bool) {
	return slices.BinarySearchFunc(l.fetches, id, func(f fetch, id shape.GeometryID) int { return cmp.Compare(f.ID, id) })
}

func (l *link) awaitAt(handle uint64) (int, bool) {
	return slices.BinarySearchFunc(l.awaits, handle, func(a await, h uint64) int { return cmp.Compare(a.Handle, h) })
}

// await notes that a body of the neighbour cannot be here yet.
func (l *link) await(handle uint64, id shape.GeometryID) {
	i, ok := l.awaitAt(handle)
	if ok {
		l.awaits[i].Shape = id
	} else if len(l.awaits) < MaxGhosts {
		l.awaits = slices.Insert(l.awaits, i, await{Handle: handle, Shape: id})
	}
}

// unawait: the body was introduced with a shape that is here, or is gone.
func (l *link) unawait(handle uint64) {
	if i, ok := l.awaitAt(handle); ok {
		l.awaits = slices.Delete(l.awaits, i, i+1)
	}
}

// want asks a neighbour for a geometry that is not here.
func (s *Shard) want(l *link, id shape.GeometryID) {
	if _, ok := s.geometry(id); ok || id == 0 {
		return
	}
	i, ok := l.fetchAt(id)
	if !ok {
		if len(l.fetches) >= maxFetches || l.full == s.tick {
			return
		}
		if !s.room(l, 1) {
			l.full = s.tick
			return
		}
		l.fetches = slices.Insert(l.fetches, i, fetch{ID: id})
		l.askAt, l.askTries = s.tick, 0
	}
	l.fetches[i].Until = s.tick + s.span(fetchKeep)
}

// begin makes room for the pieces of so many bytes.
func (f *fetch) begin(size uint32) {
	f.Size, f.Pieces, f.Sums = size, make([][]byte, pieces(size)), make([][32]byte, pieces(size))
}

func (f *fetch) put(n int, piece []byte) { f.Pieces[n], f.Sums[n] = piece, sha256.Sum256(piece) }

// missing is the set of pieces that have not come.
func (f *fetch) missing() (mask uint32) {
	if f.Size == 0 {
		return ^uint32(0)
	}
	for i, p := range f.Pieces {
		if p == nil {
			mask |= 1 << i
		}
	}
	return mask
}

// gotPiece takes a piece of a geometry, if it was asked for.
func (s *Shard) gotPiece(l *link, p *piece, data []byte) {
	i, ok := l.fetchAt(p.ID)
	if !ok {
		s.out.Counts.Ignored++
		return
	}
	f := &l.fetches[i]
	switch {
	case p.Size == 0:
		// The neighbour does not have it, or it cannot cross.
		l.fetches = slices.Delete(l.fetches, i, i+1)
		l.awaits = slices.DeleteFunc(l.awaits, func(a await) bool { return a.Shape == p.ID })
		return
	case f.Size == 0 && !s.room(l, p.Size):
		s.out.Counts.Ignored++
		return
	case f.Size == 0:
		f.begin(p.Size)
	case f.Size != p.Size:
		// One id has one size: this or the one before is a lie.
		l.fetches = slices.Delete(l.fetches, i, i+1)
		s.fault(l, FaultFalse, data)
		return
	}
	if f.Pieces[p.N] == nil {
		f.put(int(p.N), p.Data)
		l.askAt, l.askTries = s.tick+s.span(askAfter), 0
		s.out.Counts.ShapeBytes += len(p.Data)
	}
}

// form makes geometries of what has come whole, at most one in a tick and not
// too many of one neighbour, because it takes time, and asks for the bodies
// and the offers that waited for them.
func (s *Shard) form() {
	made := false
	for _, l := range s.links {
		if s.tick%s.span(parseEvery) == 0 && l.parses < maxParses {
			l.parses++
		}
		l.fetches = slices.DeleteFunc(l.fetches, func(f fetch) bool { return s.tick > f.Until })
		for i := 0; i < len(l.fetches) && !made && l.parses > 0; i++ {
			if f := l.fetches[i]; f.missing() == 0 {
				l.parses--
				made = true
				l.fetches = slices.Delete(l.fetches, i, i+1)
				s.make(l, &f)
			}
		}
	}
	for _, l := range s.links {
		for _, id := range s.hand.Lacks(l.ID) {
			s.want(l, shape.GeometryID(id))
		}
		for i := range l.awaits {
			a := &l.awaits[i]
			if _, ok := s.geometry(a.Shape); !ok {
				s.want(l, a.Shape)
			} else if s.tick >= a.Again {
				l.ask(a.Handle)
				a.Again = s.tick + s.span(askEvery)
			}
		}
	}
}

// make checks the bytes that came against the name they were asked for under.
func (s *Shard) make(l *link, f *fetch) {
	b := bytes.Join(f.Pieces, nil)
	if shape.Name(b) != f.ID || !passable(b) {
		s.fault(l, FaultFalse, b[:min(len(b), evidenceBytes)])
		return
	}
	g, err := shape.Parse(b)
	if err != nil {
		s.fault(l, FaultFalse, b[:min(len(b), evidenceBytes)])
		return
	}
	if i, ok := s.formAt(g.ID()); !ok {
		s.forms = slices.Insert(s.forms, i, form{Geometry: g, From: l.ID, Used: s.tick})
	}
	for _, o := range s.links {
		if i, ok := o.fetchAt(g.ID()); ok {
			o.fetches = slices.Delete(o.fetches, i, i+1)
		}
	}
	for i := range l.awaits {
		if a := &l.awaits[i]; a.Shape == g.ID() {
			a.Again = s.tick + s.span(retellWithin) // they are introduced unasked
		}
	}
	s.out.Counts.Shapes++
}

// asks is what a neighbour is asked for now: all that is missing, so that an
// older question does not matter.
func (s *Shard) asks(l *link) (list []ask) {
	if len(l.fetches) == 0 || s.tick < l.askAt {
		return nil
	}
	for i := range l.fetches {
		if m := l.fetches[i].missing(); m != 0 {
			list = append(list, ask{l.fetches[i].ID, m})
		}
	}
	l.askAt = s.tick + min(s.span(askAfter)<<l.askTries, s.span(askMost))
	if l.askTries < 4 {
		l.askTries++
	}
	return list
}

// answers gives the next piece that a neighbour asked for, if any.
func (s *Shard) answers(l *link) (p piece, ok bool) {
	for len(l.owes) > 0 {
		a := &l.owes[0]
		g, ok := s.geometry(a.ID)
		if !ok || !passable(g.Bytes()) {
			p = piece{ID: a.ID}
			l.owes = slices.Delete(l.owes, 0, 1)
			return p, true
		}
		b := g.Bytes()
		n := bits.TrailingZeros32(a.Missing)
		if n >= pieces(uint32(len(b))) {
			l.owes = slices.Delete(l.owes, 0, 1)
			continue
		}
		a.Missing &^= 1 << n
		p = piece{ID: a.ID, Size: uint32(len(b)), N: uint8(n), Data: b[n*pieceBytes : min((n+1)*pieceBytes, len(b))]}
		if a.Missing&(1<<pieces(p.Size)-1) == 0 {
			s.retell(l, a.ID)
			l.owes = slices.Delete(l.owes, 0, 1)
		}
		return p, true
	}
	return p, false
}

// retell says again what has a geometry that a neighbour has now: it need not
// ask.
func (s *Shard) retell(l *link, id shape.GeometryID) {
	for i := range l.told {
		t := &l.told[i]
		if b := s.find(t.ID); b != nil && b.ghost == nil && t.Intros == 0 {
			if p := s.state(b); p.Shape.Geometry == id {
				t.Intros = 1
			}
		}
	}
}

// tellShapes asks for geometries and sends what was asked for: one piece to
// each neighbour in a tick.
func (s *Shard) tellShapes() {
	for _, l := range s.links {
		if list := s.asks(l); len(list) > 0 {
			m := post{To: l.ID, Kind: kindAsk, Asks: list}
			s.out.Border = append(s.out.Border, Message{To: l.ID, Data: m.encode()})
		}
		if p, ok := s.answers(l); ok {
			m := post{To: l.ID, Kind: kindPiece, Piece: p}
			s.out.Border = append(s.out.Border, Message{To: l.ID, Data: m.encode()})
		}
	}
}
