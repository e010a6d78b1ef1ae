package shard

import (
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/physics/shape"
	"github.com/metatopia/metatopia/spatial/det"
)

// trust is what a neighbour may still do. An honest one uses little of it.
type trust struct {
	Strikes uint32    // faults, forgiven one every forgive ticks
	Until   base.Tick // judged: its ghosts are walls and its words do not count
	Paid    base.Tick // tick up to which the budgets were filled
	Push    float32   // momentum its ghosts may still gain from nowhere, N·s
	Filed   uint8     // pieces of evidence handed out
}

// aside: the record does not count, and that is no fault.
const aside Fault = 255

func (t *trust) judged(now base.Tick) bool { return now < t.Until }

// begin fills the budgets up to now.
func (t *trust) begin(now base.Tick) {
	n := now - min(now, t.Paid)
	if t.Paid == 0 || n > pushTicks {
		n = pushTicks
	}
	t.Paid = now
	t.Push = min(t.Push+float32(float32(n)*(pushBudget/pushTicks)), pushBudget)
	if n := uint32(n); n > 0 && now%forgive == 0 && t.Strikes > 0 {
		t.Strikes--
	}
}

// fault counts one against a neighbour. Too many and it is judged for a while.
func (s *Shard) fault(l *link, why Fault, data []byte) {
	s.out.Counts.Bad++
	t := &l.trust
	t.Strikes++
	if t.Filed < maxEvidence {
		t.Filed++
		s.out.Evidence = append(s.out.Evidence, Evidence{From: l.ID, Why: why, Data: append([]byte{}, data...)})
	}
	if t.Strikes >= maxStrikes && !t.judged(s.tick) {
		t.Until, t.Strikes, t.Filed = s.tick+judgedFor, 0, 0
		for _, b := range append([]*body{}, s.bodies...) {
			if b.ghost != nil && b.ghost.From == l.ID {
				s.wall(b)
			}
		}
	}
}

// plausible judges a body a neighbour tells of. b is nil when it is new.
func (s *Shard) plausible(l *link, p *physics.Body, m *moment, b *body, at base.Tick) Fault {
	if b == nil && !s.bearable(p) && !immovable(p) {
		return FaultFalse
	}
	if !within(det.Vec(m.Pos), physics.MaxCoord) || !(det.Vec(m.Vel).Len() <= maxSpeed) || !(det.Vec(m.Spin).Len() <= physics.MaxSpin) {
		return FaultFalse
	}
	stray, reach := float32(maxStray), float32(maxReach)
	if immovable(p) {
		stray, reach = fixedStray, fixedReach
	}
	if beyond := l.beyond(m.Pos); beyond < -stray || s.extent(l, p, m)-beyond > reach {
		return aside
	}
	if b == nil {
		push := float32(p.Mass * det.Vec(m.Vel).Len())
		if push > l.trust.Push {
			return aside // too much to be let in at once
		}
		l.trust.Push -= push
		return 0
	}
	was, ok := s.then(b, at)
	if !ok || b.ghost.Led {
		return 0
	}
	c := m.minus(&was)
	// Farther than any body goes between two words.
	if c.pos.Len() > maxJump+float32(2*maxSpeed*s.seconds(at-min(at, b.ghost.Heard))) {
		return FaultJump
	}
	return 0
}

// afford takes what a ghost is to gain from its owner's word out of the owner's
// budget. When that is used up the word is a fault and changes nothing.
func (s *Shard) afford(b *body, gain float32) bool {
	l := s.link(b.ghost.From)
	if gain <= freePush || l == nil {
		return true
	}
	if l.trust.Push >= gain {
		l.trust.Push -= gain
		return true
	}
	s.fault(l, FaultPush, s.heard)
	return false
}

// bearable reports whether a body is one that regions hand over: what is
// heavier or larger cannot be spawned either, unless it never moves.
func (s *Shard) bearable(p *physics.Body) bool {
	if p.Shape.Kind.Composed() && s.radius(p) > 2*maxHalf {
		return false
	}
	return p.Mass <= maxMass && within(det.Vec(p.Shape.Half), maxHalf)
}

// immovable reports whether nothing pushes a body.
func immovable(p *physics.Body) bool { return p.Flags&(physics.Static|physics.Kinematic) != 0 }

// within is false for a NaN.
func within(v det.Vec, limit float32) bool {
	a := v.Abs()
	return a.X <= limit && a.Y <= limit && a.Z <= limit
}

// radius is the farthest a body reaches from its centre, m. Of one that is not
// formed here it is 0: nothing of it is here.
func (s *Shard) radius(p *physics.Body) float32 {
	switch h := det.Vec(p.Shape.Half); p.Shape.Kind {
	case physics.Sphere:
		return h.X
	case physics.Capsule:
		return h.X + h.Y
	case physics.Box:
		return h.Len()
	}
	g, ok := s.geometry(p.Shape.Geometry)
	if !ok {
		return 0
	}
	form, pose := g.Shape(), shape.At(det.Vec{}, det.Identity)
	lo, hi := form.Bounds(&pose)
	lo, hi = lo.Abs(), hi.Abs()
	return det.Vec{X: max(lo.X, hi.X), Y: max(lo.Y, hi.Y), Z: max(lo.Z, hi.Z)}.Len()
}

// extent is how far a body of a neighbour's reaches from its centre towards
// this side, m. Ground that never turns may be wide and still end at the
// border, so of that it is the box around it.
func (s *Shard) extent(l *link, p *physics.Body, m *moment) float32 {
	if p.Flags&physics.Static == 0 {
		return s.radius(p)
	}
	form := shape.Shape{Kind: p.Shape.Kind, Half: det.Vec(p.Shape.Half)}
	if p.Shape.Kind.Composed() {
		g, ok := s.geometry(p.Shape.Geometry)
		if !ok {
			return 0
		}
		form = g.Shape()
	}
	pose := shape.At(det.Vec{}, det.Quat(m.Rot).Unit())
	lo, hi := form.Bounds(&pose)
	n := l.normal // from here to there: what reaches here has the least of it
	least := func(lo, hi, n float32) float32 { return min(float32(lo*n), float32(hi*n)) }
	return -(least(lo.X, hi.X, n.X) + least(lo.Y, hi.Y, n.Y) + least(lo.Z, hi.Z, n.Z))
}

// drop forgets what a neighbour did not speak of since it was asked for all:
// it said that it is gone, and that was lost.
func (s *Shard) drop(l *link, since base.Tick) {
	l.known = slices.DeleteFunc(l.known, func(k known) bool {
		if k.At >= since || s.hand.Expects(l.ID, k.ID) {
			// Of what it released it tells no more, and the release may still
			// wait for its disk.
			return false
		}
		l.unawait(k.Handle)
		if b := s.find(k.ID); b != nil && b.ghost != nil && b.ghost.From == l.ID && b.ghost.Handle == k.Handle {
			s.remove(b)
		}
		return true
	})
}

// compareDigest compares what was heard of all bodies with what was said.
func (s *Shard) compareDigest(l *link, sum uint64, data []byte) {
	if sum == l.digestKnown() {
		l.odd, l.asked = 0, 0
		return
	}
	if l.asked != 0 {
		s.drop(l, l.asked)
	}
	l.asked = s.tick
	l.miss = append(l.miss[:0], 0) // 0 asks for all
	if l.odd++; l.odd >= maxOdd {
		l.odd = 0
		s.fault(l, FaultDigest, data)
	}
}
