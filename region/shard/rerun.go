package shard

import (
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/region/handoff"
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

// rerun moves on to now what a neighbour released at an earlier tick and of
// which there is no ghost that moved on here meanwhile: in a small world of
// its own, beside all that stands still where it may have come, with the joints
// and wheels it came with. So what was on its way while a disk or a network
// stood still falls on the floor and not through it. What moves here is left
// out: where it was then is not known any more.
//
// The motions are in this region's coordinates. A body that is not in them
// stays where it was released: it cannot be moved on, or it would cost too much
// in this tick.
func (s *Shard) rerun(l *link, f *freight, items []handoff.Ref, at base.Tick) map[base.ID]moment {
	now := s.tick - 1
	steps := int(now-min(at, now)) * s.cfg.Steps
	if steps == 0 {
		return nil
	}
	var group []*parcel
	var bodies []physics.Body
	lo, hi := det.Vec{}, det.Vec{}
	for _, r := range items {
		i := slices.IndexFunc(f.Parcels, func(p parcel) bool { return p.ID == r.ID })
		p := &f.Parcels[i]
		if b := s.find(p.ID); b != nil && b.ghost != nil && !b.ghost.Wall {
			if _, ok := s.then(b, at); ok {
				continue // it moved on here
			}
		}
		in, _ := s.fits(l, &p.Body)
		in.ID = physics.BodyID(len(group) + 1)
		in.Flags &^= physics.Ghost
		a, b := s.ambit(&in, s.seconds(now-at))
		if len(group) == 0 {
			lo, hi = a, b
		}
		lo, hi = least(lo, a), most(hi, b)
		group, bodies = append(group, p), append(bodies, in)
	}
	near, ok := s.still(f, lo, hi)
	if cost := steps * (len(bodies) + 1); len(bodies) == 0 || !ok || cost > s.reruns {
		return nil
	} else {
		s.reruns -= cost
	}
	cfg := *s.physics()
	cfg.MaxBodies = len(bodies) + len(near)
	w, err := physics.New(cfg)
	if err != nil {
		return nil
	}
	var cmds []physics.Command
	add := func(b physics.Body) {
		if g, ok := s.geometry(b.Shape.Geometry); ok && b.Shape.Kind.Composed() {
			cmds = append(cmds, physics.Command{Kind: physics.CmdGeometry, Geometry: g})
		}
		cmds = append(cmds, physics.Command{Kind: physics.CmdAdd, Body: b})
	}
	for i := range bodies {
		add(bodies[i])
	}
	for i := range near {
		near[i].ID = physics.BodyID(len(bodies) + i + 1)
		add(near[i])
	}
	s.world.Fields(func(x physics.Field) bool {
		cmds = append(cmds, physics.Command{Kind: physics.CmdField, Field: &x})
		return true
	})
	cmds = s.rig(cmds, l, f, group, bodies)
	for range steps {
		// What is refused, a joint that says nonsense, is left out here as
		// it will be in the region's world.
		_, _ = w.Step(cmds, nil)
		cmds = nil
	}
	done := map[base.ID]moment{}
	for i, p := range group {
		if b, ok := w.Body(bodies[i].ID); ok {
			done[p.ID] = momentOf(now, &b)
		}
	}
	return done
}

// ambit is the box in which a body may come in t seconds.
func (s *Shard) ambit(b *physics.Body, t float32) (lo, hi det.Vec) {
	fall := det.Abs(float32(float32(0.5*s.physics().Gravity) * float32(t*t)))
	r := s.radius(b) + float32(t*min(speed(b), physics.MaxSpeed)) + fall + 0.5
	d := det.Vec{X: r, Y: r, Z: r}
	return det.Vec(b.Pos).Sub(d), det.Vec(b.Pos).Add(d)
}

func least(a, b det.Vec) det.Vec {
	return det.Vec{X: min(a.X, b.X), Y: min(a.Y, b.Y), Z: min(a.Z, b.Z)}
}

func most(a, b det.Vec) det.Vec {
	return det.Vec{X: max(a.X, b.X), Y: max(a.Y, b.Y), Z: max(a.Z, b.Z)}
}

// still is what stands still within a box, as immovable: what nothing pushes,
// and what rests. It is not ok when there is too much of it.
func (s *Shard) still(f *freight, lo, hi det.Vec) (list []physics.Body, ok bool) {
	half := hi.Sub(lo).Scale(0.5)
	half = det.Vec{X: min(half.X, physics.MaxExtent), Y: min(half.Y, physics.MaxExtent), Z: min(half.Z, physics.MaxExtent)}
	box := physics.Shape{Kind: physics.Box, Half: vec(half)}
	for _, n := range s.world.Overlap(box, vec(lo.Add(hi).Scale(0.5)), spatial.Identity, physics.Query{}, nil) {
		b := s.named[n]
		if b == nil || slices.ContainsFunc(f.Parcels, func(p parcel) bool { return p.ID == b.ID }) {
			continue
		}
		p := s.state(b)
		if !immovable(&p) && !s.world.Resting(n) {
			continue
		}
		if len(list) == maxStill {
			return nil, false
		}
		p.Flags = p.Flags&^(physics.Ghost|physics.Kinematic|physics.Upright|physics.Bullet) | physics.Static
		p.Vel, p.Spin = spatial.Vec{}, spatial.Vec{}
		list = append(list, p)
	}
	return list, true
}

// rig adds wheels, drives and joints of a group.
func (s *Shard) rig(cmds []physics.Command, l *link, f *freight, group []*parcel, bodies []physics.Body) []physics.Command {
	for i, p := range group {
		if c := p.Car; c != nil {
			cmds = append(cmds, physics.Command{Kind: physics.CmdVehicle, ID: bodies[i].ID, Vehicle: &c.Vehicle},
				physics.Command{Kind: physics.CmdSteer, ID: bodies[i].ID, Vec: c.Hands})
		}
		if p.Body.Flags&physics.Upright != 0 && p.Grip > 0 {
			cmds = append(cmds, physics.Command{Kind: physics.CmdDrive, ID: bodies[i].ID, Vec: vec(p.Want), F: p.Grip})
		}
	}
	for i := range f.Bonds {
		j := f.Bonds[i].Joint
		ok := true
		end := func(id base.ID, frame *physics.Frame) physics.BodyID {
			if id.IsZero() {
				frame.Pos = frame.Pos.Add(l.shift)
				return physics.Ground
			}
			k := slices.IndexFunc(group, func(p *parcel) bool { return p.ID == id })
			if ok = ok && k >= 0; !ok {
				return 0
			}
			return bodies[k].ID
		}
		j.A, j.B = end(f.Bonds[i].A, &j.FrameA), end(f.Bonds[i].B, &j.FrameB)
		if ok {
			cmds = append(cmds, physics.Command{Kind: physics.CmdJoint, Joint: &j})
		}
	}
	return cmds
}
