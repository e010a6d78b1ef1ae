package shard

import (
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial/det"
)

// A body is offered a little before it crosses, so that the other region has
// answered when it does, and the release is of the very tick.

// lead is how long before it crosses a body is offered to a neighbour, ticks:
// as long as the offer takes there and the answer back, and two for the disks.
func (s *Shard) lead(l *link) base.Tick {
	at, _ := l.clock.here(l.clock.Heard)
	return 2*min(s.tick-min(s.tick, at), s.span(maxLead)) + 2
}

// toward is how fast something moves to the neighbour's side, m/s.
func (l *link) toward(v det.Vec) float32 { return l.normal.Dot(v) }

// soon is the neighbour that a unit will have crossed to in a moment, if it
// goes on as it does; nil when there is none, or when that is no reason to
// offer it now.
func (s *Shard) soon(u *unit) *link {
	if u.to != nil || u.mixed || u.huge {
		return nil
	}
	near, _ := s.side(u.centre)
	if near == nil {
		return nil
	}
	lead := s.lead(near)
	there := u.centre.AddScaled(s.seconds(lead), u.vel)
	l, beyond := s.side(there)
	if float64(beyond) < crossing.Distance || l.toward(u.vel) < slowest || s.hand.Open(l.ID) >= maxAhead {
		return nil
	}
	for _, m := range u.mine {
		if s.stays(m) || s.tick < m.early {
			return nil
		}
	}
	if !s.dwelt(u, s.tick+lead) {
		return nil
	}
	return l
}

// over reports whether a unit on offer to a neighbour has crossed.
func (s *Shard) over(u *unit, l *link) bool {
	return (u.to == l || float64(l.beyond(vec(u.centre))) >= crossing.Distance) && s.dwelt(u, s.tick)
}

// idle reports whether the open offer of a unit, and of the body id of it, to a
// neighbour came to nothing: it is another's now, went back, or takes so long
// that the room kept for it over there is worth more.
func (s *Shard) idle(u *unit, l *link, id base.ID) bool {
	if l == nil {
		return true
	}
	if u.to == l || s.over(u, l) {
		return false
	}
	if u.to != nil {
		return true
	}
	if since, ok := s.hand.Since(id); ok && s.tick > since+s.span(earlyFor) {
		return true
	}
	if !crossing.Back(float64(l.beyond(vec(u.centre)))) {
		return false
	}
	there := u.centre.AddScaled(s.seconds(2*s.lead(l)), u.vel)
	return l.beyond(vec(there)) < 0
}
