package shard

import (
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/handoff"
	"github.com/metatopia/metatopia/spatial/det"
)

// wish offers what has crossed or soon will, and what touches across a border,
// to whoever should own it, as it was after the last tick. Offers that come to
// nothing are withdrawn.
func (s *Shard) wish() {
	if len(s.links) == 0 {
		return
	}
	seen := map[base.ID]bool{}
	offers := 0
	for _, b := range s.bodies {
		if b.ghost != nil || seen[b.ID] || !s.stirs(b) || s.stays(b) {
			continue
		}
		u := s.unit(b)
		for _, m := range u.mine {
			seen[m.ID] = true
		}
		s.countMixed(&u)
		to, open := s.hand.Offered(b.ID)
		if open && s.idle(&u, s.link(to), b.ID) {
			s.hand.Cancel(s.tick, b.ID)
			for _, m := range u.mine {
				m.early = s.tick + s.span(earlyPause)
			}
			continue
		}
		l := u.to
		if l == nil || !s.due(&u) {
			if l = s.soon(&u); l == nil || open {
				continue
			}
		}
		if offers >= maxOffers {
			continue
		}
		ids := make([]base.ID, len(u.mine))
		for i, m := range u.mine {
			ids[i] = m.ID
		}
		// ErrBusy: it rests after a refusal, or the link is full. The bodies
		// stay here and the next tick asks again.
		if s.hand.Begin(s.tick, l.ID, 0, ids...) == nil && !open {
			offers++
		}
	}
}

// stirs reports whether a body may be a reason to hand its island over: it is
// at the border or will be soon, is on offer, or touches what others own. Every
// island that should go has such a body.
func (s *Shard) stirs(b *body) bool {
	if b.mixed != 0 {
		return true
	}
	p := s.state(b)
	l, beyond := s.side(det.Vec(p.Pos))
	if l == nil {
		return false
	}
	ahead := max(l.toward(det.Vec(p.Vel)), 0)
	if float64(beyond+float32(ahead*s.seconds(s.lead(l)))) > -crossing.Distance {
		return true
	}
	if _, ok := s.hand.Offered(b.ID); ok {
		return true
	}
	mixed := false
	s.touching(b, func(o *body) { mixed = mixed || o.ghost != nil })
	return mixed
}

// stays reports whether a body is not to be handed over at all.
func (s *Shard) stays(b *body) bool {
	p, ok := s.world.Body(b.num)
	if !ok || immovable(&p) || s.moored[b.num] {
		return true
	}
	return s.cfg.Hooks.Stays(b.ID)
}

// unit is what moves as one.
type unit struct {
	mine   []*body
	mixed  bool  // others own a part of what they touch
	to     *link // whose it should be; nil: it is right here
	centre det.Vec
	vel    det.Vec // of the centre
	beyond float32 // of the centre past the border with to, m
	huge   bool
	lowest bool // decided by the lowest id, not by the side
}

// unit finds what moves together with b, and whose it should be: the region's
// in which the centre of mass of everything that touches is; on the border
// itself the one's that owns the lowest id of it.
func (s *Shard) unit(b *body) (u unit) {
	all, whole := []*body{b}, true
	if s.cfg.Method&TakeOver != 0 {
		all, whole = s.island(b, maxIsland)
	}
	all = slices.Clone(all)
	if whole {
		n := 0
		for _, o := range all {
			if o.ghost == nil {
				n++
			}
		}
		whole = n <= maxMoved
	}
	if u.huge = !whole; u.huge {
		all = s.assembly(b)
	}
	first, mass := all[0], float32(0)
	for _, o := range all {
		if o.ID.Compare(first.ID) < 0 {
			first = o
		}
		if o.ghost == nil {
			u.mine = append(u.mine, o)
		} else if !o.ghost.Wall {
			u.mixed = true
		}
		p := s.state(o)
		u.centre = u.centre.AddScaled(p.Mass, det.Vec(p.Pos))
		u.vel = u.vel.AddScaled(p.Mass, det.Vec(p.Vel))
		mass += p.Mass
	}
	if mass > 0 {
		u.centre, u.vel = u.centre.Scale(1/mass), u.vel.Scale(1/mass)
	}
	u.to, u.beyond = s.side(u.centre)
	switch {
	case u.huge:
		if u.beyond < hugeBeyond {
			u.to = nil
		}
	case float64(u.beyond) >= crossing.Distance:
	case u.mixed && float64(u.beyond) > -crossing.Distance && first.ghost != nil:
		u.to, u.lowest = s.link(first.ghost.From), true
	default:
		u.to = nil
	}
	return u
}

// side is the neighbour in whose region a place lies, that of the nearest site,
// or behind whose border it is least far.
func (s *Shard) side(p det.Vec) (to *link, beyond float32) {
	best := float32(0)
	for _, l := range s.links {
		d := l.beyond(vec(p))
		key := d
		if d > 0 {
			// The difference of the squared distances to the two sites is
			// four times this.
			key = float32(d * l.middle)
		}
		if to == nil || key > best {
			to, beyond, best = l, d, key
		}
	}
	return to, beyond
}

// countMixed keeps since when the bodies of a unit touch what others own.
func (s *Shard) countMixed(u *unit) {
	for _, m := range u.mine {
		if !u.mixed {
			m.mixed = 0
		} else if m.mixed == 0 {
			m.mixed = s.tick
		}
	}
}

// due reports whether a unit has been where it is for long enough.
func (s *Shard) due(u *unit) bool {
	for _, m := range u.mine {
		if s.stays(m) || u.mixed && s.tick < m.mixed+s.span(mixedFor) {
			return false
		}
	}
	return s.dwelt(u, s.tick)
}

// dwelt reports whether a unit that is beyond a border came long enough before
// a tick to go on.
func (s *Shard) dwelt(u *unit, now base.Tick) bool {
	since := base.Tick(0)
	for _, m := range u.mine {
		since = max(since, m.since)
	}
	policy := crossing
	policy.Dwell = s.span(policy.Dwell)
	return policy.Due(max(float64(u.beyond), crossing.Distance), since, now)
}

// perform carries out what the hand-off core wants.
func (s *Shard) perform() {
	for {
		effects := s.hand.Effects()
		if len(effects) == 0 {
			return
		}
		for i := range effects {
			switch e := &effects[i]; e.Kind {
			case handoff.DoSend:
				p := post{To: e.Peer, Kind: kindHandoff, Hand: e.Msg}
				s.out.Border = append(s.out.Border, Message{To: e.Peer, Data: p.encode(), Sync: true})
			case handoff.DoAccept:
				s.accept(e)
			case handoff.DoSettle:
				s.out.Settled = append(s.out.Settled, Settled{e.Items, e.Peer})
			case handoff.DoGiveUp:
				s.out.Refused = append(s.out.Refused, Refused{e.Items, e.Peer, e.Reason})
			case handoff.DoRenew:
				for _, r := range e.Items {
					if b := s.find(r.ID); b != nil && b.ghost == nil {
						b.Epoch = r.Epoch
					}
				}
				s.out.Renewed = append(s.out.Renewed, e.Items...)
			case handoff.DoStale:
				for _, r := range e.Items {
					if b := s.find(r.ID); b != nil && b.ghost == nil {
						s.remove(b)
					}
					s.out.Stale = append(s.out.Stale, r.ID)
				}
			}
		}
	}
}
