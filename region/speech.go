package region

import (
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
)

const hear2 = uint64(HearRadius*spatial.Unit) * uint64(HearRadius*spatial.Unit)

// echo is a line that will be sent over the border again: pubsub may lose
// some, and the receiver tells copies apart by number.
type echo struct {
	At   base.Tick
	Left uint8
	N    uint64
	Line Line
}

// speak makes a thing or a person heard.
func (s *Sim) speak(t *Thing, text string) {
	if s.unheard(t.Owner) {
		return // nor do the things of who is muted speak for them
	}
	l := Line{From: t.ID, Player: t.Player, Name: t.Name, Pos: s.at(s.body(t).Pos), Text: text}
	s.hear(s.cfg.ID, l)
	for i := range s.neighbours {
		if s.border2(i, l.Pos) < HearRadius {
			s.said++
			s.sendLine(echo{N: s.said, Line: l, Left: hearEchoes - 1})
			return // one message reaches all neighbours
		}
	}
}

// border2 is the distance in metres from a place to the border with neighbour i.
func (s *Sim) border2(i int, p spatial.Pos) float64 {
	d := s.plane(i).Distance(p)
	return max(d, -d)
}

func (s *Sim) plane(i int) spatial.Plane {
	n := &s.neighbours[i]
	return spatial.Border(spatial.Site{ID: s.cfg.ID, Pos: s.cfg.Site}, spatial.Site{ID: n.ID, Pos: n.Site})
}

// hear gives a line to the players and, when a person spoke, to the scripts
// near enough. Things do not hear things: two bells would ring for ever.
func (s *Sim) hear(from base.ID, l Line) {
	if s.unheard(l.Player) {
		return
	}
	said := Said{Tick: s.tick, From: l.From, Player: l.Player, Name: l.Name, Region: from, Pos: l.Pos, Text: l.Text}
	for i := range s.sessions {
		if t := s.thing(s.sessions[i].Thing); t != nil && s.at(s.body(t).Pos).Dist2(l.Pos) <= hear2 {
			said.To = append(said.To, t.Player)
		}
	}
	if len(said.To) > 0 {
		s.out.Said = append(s.out.Said, said)
		s.out.Counts.Messages += uint64(len(said.To))
	}
	if l.Player.IsZero() {
		return
	}
	for _, t := range s.things {
		if t.scripted && s.at(s.body(t).Pos).Dist2(l.Pos) <= hear2 {
			s.later(event{To: t.ID, From: l.From, Kind: evScript, Name: EventHeard, FromName: l.Name, Text: l.Text})
		}
	}
}

func (s *Sim) sendLine(e echo) {
	s.publish(BorderMessage{Kind: BorderSaid, N: e.N, Line: e.Line}, true)
	if e.Left == 0 {
		return
	}
	e.Left--
	e.At = s.tick + 5
	if len(s.echoes) >= maxEchoes {
		s.echoes = slices.Delete(s.echoes, 0, 1)
	}
	s.echoes = append(s.echoes, e)
}

// echo sends the lines that are due once more.
func (s *Sim) echo() {
	due := s.echoes
	s.echoes = nil
	for _, e := range due {
		if s.tick < e.At {
			s.echoes = append(s.echoes, e)
		} else {
			s.sendLine(e)
		}
	}
}

func (s *Sim) publish(m BorderMessage, durable bool) {
	m.Tick = s.tick
	var e base.Encoder
	m.AppendTo(&e)
	s.out.Border = append(s.out.Border, BorderOut{Durable: durable, Body: e.B})
	s.out.Sync = s.out.Sync || durable
}

// window tells numbers apart that may come twice and out of order: Top is the
// highest seen, bit i of Mask says that Top-1-i was.
type window struct {
	Top  uint64
	Mask uint64
}

// fresh reports whether n is new. What lies below the window counts as seen.
func (w *window) fresh(n uint64) bool {
	switch {
	case n > w.Top:
		shift := n - w.Top
		if shift >= hearWindow {
			w.Mask = 0
			if shift == hearWindow {
				w.Mask = 1 << (hearWindow - 1)
			}
		} else {
			w.Mask = w.Mask<<shift | 1<<(shift-1)
		}
		if w.Top == 0 {
			w.Mask = 0
		}
		w.Top = n
		return true
	case n == w.Top || n == 0:
		return false
	}
	back := w.Top - n - 1
	if back >= hearWindow || w.Mask&(1<<back) != 0 {
		return false
	}
	w.Mask |= 1 << back
	return true
}
