package shard

import (
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/region/handoff"
)

// settle releases the groups that their receivers have room for and that have
// crossed, as it was after the last tick. The others wait.
func (s *Shard) settle() {
	for _, w := range s.hand.Waiting() {
		if to, ok := s.hand.Offered(w.Items[0].ID); !ok || to != w.To {
			continue // another's end took it along
		}
		l := s.link(w.To)
		group, ripe := s.ripe(l, w.Items)
		if group == nil || ripe && !s.release(l, w.Items, group) {
			s.hand.Cancel(s.tick, w.Items[0].ID)
		}
	}
}

// ripe reports whether all of a group has crossed. The group is nil when it
// cannot go any more.
func (s *Shard) ripe(l *link, items []handoff.Ref) (group []*body, ripe bool) {
	if l == nil {
		return nil, false
	}
	ripe = true
	judged := map[base.ID]bool{}
	for _, r := range items {
		b := s.find(r.ID)
		if b == nil || b.ghost != nil || s.stays(b) {
			return nil, false
		}
		// A joint that was made since the offer must not be cut in two.
		for _, o := range s.assembly(b) {
			if o.ghost == nil && !slices.ContainsFunc(items, func(r handoff.Ref) bool { return r.ID == o.ID }) {
				return nil, false
			}
		}
		group = append(group, b)
		if judged[r.ID] {
			continue
		}
		u := s.unit(b)
		for _, m := range u.mine {
			judged[m.ID] = true
		}
		ripe = ripe && s.over(&u, l)
	}
	return group, ripe
}

// release is the commit point of a hand-off: this tick's record says that the
// bodies are the neighbour's. They stay here as ghosts. It is false when that
// cannot be.
func (s *Shard) release(l *link, items []handoff.Ref, group []*body) bool {
	f := freight{Tick: s.tick - 1}
	for _, b := range group {
		payload, err := s.cfg.Hooks.Pack(b.ID)
		if err != nil {
			return false
		}
		f.Parcels = append(f.Parcels, parcel{b.ID, s.state(b), b.want, b.grip, s.car(b), payload})
	}
	f.Bonds = s.bonds(group)
	if err := s.hand.Release(s.tick, items[0].ID, f.encode()); err != nil {
		return false
	}
	for i, b := range group {
		s.keep(&f.Parcels[i].Body)
		b.Epoch++
		b.since, b.mixed, b.early = s.tick, 0, 0
		b.ghost = &ghost{From: l.ID, Heard: s.tick - 1, past: []moment{momentOf(s.tick-1, &f.Parcels[i].Body)}}
		s.cmds = append(s.cmds, physics.Command{Kind: physics.CmdOwn, ID: b.num, Body: physics.Body{Flags: physics.Ghost}})
		s.out.Left = append(s.out.Left, Left{b.ID, b.Epoch, l.ID})
		s.out.Counts.HandoffOut++
	}
	return true
}

// bonds are the joints that go with a group.
func (s *Shard) bonds(group []*body) (list []bond) {
	in := func(n physics.BodyID) (base.ID, bool) {
		if n == physics.Ground {
			return base.ID{}, true
		}
		i := slices.IndexFunc(group, func(b *body) bool { return b.num == n })
		if i < 0 {
			return base.ID{}, false
		}
		return group[i].ID, true
	}
	s.world.EachJoint(func(j physics.Joint) bool {
		a, okA := in(j.A)
		b, okB := in(j.B)
		if okA && okB && len(list) < maxBonds {
			j.A, j.B = 0, 0
			list = append(list, bond{a, b, j})
		}
		return true
	})
	return list
}
