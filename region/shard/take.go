package shard

import (
	"errors"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/physics/shape"
	"github.com/metatopia/metatopia/region/handoff"
	"github.com/metatopia/metatopia/spatial/det"
)

// handed takes one hand-off message.
func (s *Shard) handed(l *link, m *handoff.Msg, data []byte) {
	if err := s.hand.Handle(s.tick, l.ID, *m); err != nil {
		if errors.Is(err, handoff.ErrPeer) {
			s.fault(l, FaultFalse, data)
		} else {
			s.out.Counts.Ignored++
		}
	}
	s.perform()
}

// sound reports whether a release can be carried out: the hand-off core asks
// before it commits, because what it has accepted must be here.
func (s *Shard) sound(from base.ID, items []handoff.Ref, state []byte) handoff.Verdict {
	l := s.link(from)
	f, err := parseFreight(state)
	if l == nil || err != nil || !f.names(items) {
		return handoff.Unsound
	}
	verdict := handoff.Sound
	for i := range f.Parcels {
		p := &f.Parcels[i]
		in, ok := s.fits(l, &p.Body)
		if !ok || !s.bearable(&in) || s.mistaken(&in) || l.beyond(in.Pos) < -releaseReach {
			return handoff.Unsound
		}
		if old := s.find(p.ID); old != nil && old.ghost == nil {
			if q := s.state(old); immovable(&q) {
				return handoff.Unsound // what never moves is not replaced
			}
		}
		if !s.cfg.Hooks.Sound(from, p.ID, items[i].Epoch, &in, p.Payload) {
			return handoff.Unsound
		}
		// It has happened, so it is waited for: its old owner sends it again.
		if !s.formed(&in) {
			s.want(l, in.Shape.Geometry)
			verdict = handoff.NotYet
		} else if !s.accommodates(&in) {
			verdict = handoff.NotYet
		}
	}
	for i := range f.Bonds {
		b := &f.Bonds[i]
		for _, id := range [2]base.ID{b.A, b.B} {
			if !id.IsZero() && !slices.ContainsFunc(f.Parcels, func(p parcel) bool { return p.ID == id }) {
				return handoff.Unsound
			}
		}
	}
	return verdict
}

// needs names the geometries of a group, for the hand-off core.
func (s *Shard) needs(ids []base.ID) (list []uint64) {
	for _, id := range ids {
		if b := s.find(id); b != nil {
			if p := s.state(b); p.Shape.Kind.Composed() {
				list = append(list, uint64(p.Shape.Geometry))
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// has reports whether all of those are here.
func (s *Shard) has(needs []uint64) bool {
	return !slices.ContainsFunc(needs, func(n uint64) bool {
		_, ok := s.geometry(shape.GeometryID(n))
		return !ok
	})
}

// fits is a neighbour's body in this region's coordinates, if physics takes it.
func (s *Shard) fits(l *link, p *physics.Body) (physics.Body, bool) {
	b := *p
	b.ID = 1
	m := momentOf(0, p).shifted(l.shift).within(s.physics())
	b.Pos, b.Vel, b.Spin = m.Pos, m.Vel, m.Spin
	err := b.Check(*s.physics())
	return b, err == nil
}

// accept takes over bodies that a neighbour released and that are sound.
func (s *Shard) accept(e *handoff.Effect) {
	l := s.link(e.Peer)
	f, err := parseFreight(e.State)
	if l == nil || err != nil {
		for _, r := range e.Items {
			s.hand.Drop(s.tick, r.ID) // sound let it pass
		}
		return
	}
	now := s.tick - 1
	at, ok := l.clock.here(f.Tick)
	if !ok || at > now || at+maxRelease < now {
		at = now
	}
	moved := s.rerun(l, &f, e.Items, at)
	for _, r := range e.Items {
		i := slices.IndexFunc(f.Parcels, func(p parcel) bool { return p.ID == r.ID })
		s.take(l, r, &f.Parcels[i], at, moved, slices.Contains(e.Replaced, r.ID))
	}
	s.bind(l, &f)
}

// take makes one body this region's. It is moved on to now from the exact
// state it was released with. Its ghost here went on by the same physics since
// then, so what it met meanwhile is known, and what the release differs by
// from what the ghost was at that tick is added. Without a ghost it is
// where moved says, or where it was released.
func (s *Shard) take(l *link, r handoff.Ref, p *parcel, at base.Tick, moved map[base.ID]moment, replace bool) {
	b := s.find(r.ID)
	if b != nil && b.ghost == nil {
		s.remove(b)
		b = nil
	}
	l.known = slices.DeleteFunc(l.known, func(k known) bool { return k.ID == r.ID })
	now := s.tick - 1
	in, _ := s.fits(l, &p.Body)
	m := momentOf(at, &in)
	a := Arrived{ID: r.ID, Epoch: r.Epoch, From: l.ID, Payload: p.Payload, Replace: replace, Tick: at + 1}
	if b != nil {
		if old := s.state(b); b.ghost.Wall || !alike(&old, &in) {
			s.remove(b)
			b = nil
		}
	}
	if b == nil {
		is, ok := moved[r.ID]
		if !ok {
			is = m
		}
		is = is.within(s.physics())
		in.Pos, in.Rot, in.Vel, in.Spin = is.Pos, is.Rot, is.Vel, is.Spin
		b = &body{ID: r.ID}
		s.insert(b, in)
	} else {
		q := s.state(b)
		is := momentOf(now, &q)
		next := m
		if was, ok := s.then(b, at); ok {
			c := m.minus(&was)
			c.rest(b.ghost.faces, in.Shape.Kind == physics.Sphere)
			next = is.plus(&c, s.seconds(now-at))
		} else if x, ok := moved[r.ID]; ok {
			next = x
		}
		next = next.within(s.physics())
		a.Jump = det.Vec(next.Pos).Sub(det.Vec(is.Pos)).Len()
		if c := next.minus(&is); !(c.none() && s.world.Resting(b.num)) {
			s.set(b, next)
		}
		in.Pos, in.Rot, in.Vel, in.Spin = next.Pos, next.Rot, next.Vel, next.Spin
		s.cmds = append(s.cmds, physics.Command{Kind: physics.CmdOwn, ID: b.num})
	}
	b.Epoch, b.since, b.mixed, b.early, b.ghost = r.Epoch, s.tick, 0, 0, nil
	b.want, b.grip = p.Want, p.Grip
	s.fit(b, p.Car)
	if in.Flags&physics.Upright != 0 {
		s.cmds = append(s.cmds, physics.Command{Kind: physics.CmdDrive, ID: b.num, Vec: vec(p.Want), F: p.Grip})
	}
	a.Body = in
	a.Body.ID = b.num
	s.out.Arrived = append(s.out.Arrived, a)
	s.out.Counts.HandoffIn++
}

// alike reports whether two bodies differ in their motion alone.
func alike(a, b *physics.Body) bool {
	x, y := *a, *b
	x.ID, x.Pos, x.Rot, x.Vel, x.Spin = y.ID, y.Pos, y.Rot, y.Vel, y.Spin
	x.Flags |= physics.Ghost
	y.Flags |= physics.Ghost
	return x == y
}

// within reports whether a body is of a freight, or the ground.
func (s *Shard) within(f *freight, n physics.BodyID) bool {
	b := s.named[n]
	return n == physics.Ground || b != nil && slices.ContainsFunc(f.Parcels, func(p parcel) bool { return p.ID == b.ID })
}

// bind joins what came joined. A joint that is here already, as one of ghosts,
// stays.
func (s *Shard) bind(l *link, f *freight) {
	for i := range f.Bonds {
		j := f.Bonds[i].Joint
		ok := true
		end := func(id base.ID, frame *physics.Frame) physics.BodyID {
			if id.IsZero() {
				frame.Pos = frame.Pos.Add(l.shift)
				return physics.Ground
			}
			b := s.find(id)
			if b == nil {
				ok = false
				return 0
			}
			return b.num
		}
		j.A, j.B = end(f.Bonds[i].A, &j.FrameA), end(f.Bonds[i].B, &j.FrameB)
		old, here := s.world.Joint(j.ID)
		if !ok || here && (old == j || !s.within(f, old.A) || !s.within(f, old.B)) {
			continue
		}
		if here {
			s.cmds = append(s.cmds, physics.Command{Kind: physics.CmdUnjoint, Joint: &physics.Joint{ID: j.ID}})
		}
		s.cmds = append(s.cmds, physics.Command{Kind: physics.CmdJoint, Joint: &j})
	}
}
