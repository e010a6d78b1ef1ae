package shard

import (
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
)

// tie is a joint that a neighbour is told of: without it the parts of a
// jointed body, which may overlap, would burst asunder as ghosts. A and B are
// handles of the sender; 0 is the ground.
type tie struct {
	A, B  uint64
	Joint physics.Joint // between bodies 0 and 0
}

// tied is a joint the neighbour knows of.
type tied struct {
	ID   physics.JointID
	Sum  uint64 // of what was said
	Left uint8  // times still to say it
}

func (t *tie) appendTo(e *base.Encoder) {
	putUint(e, t.A)
	putUint(e, t.B)
	t.Joint.AppendTo(e)
}

func readTie(d *base.Decoder) tie {
	t := tie{readUint(d), readUint(d), physics.ReadJoint(d)}
	if d.Err() == nil && (t.A > maxHandle || t.B > maxHandle || t.A == t.B || t.Joint.ID == 0 || t.Joint.A != 0 || t.Joint.B != 0) {
		d.Fail(base.ErrBound)
	}
	return t
}

// ties is what the neighbour is told of joints: those of which it knows all
// ends, when they are new or changed, and those that ended.
func (s *Shard) ties(l *link) (list []tie, loose []uint64) {
	handle := func(n physics.BodyID) (uint64, bool) {
		if n == physics.Ground {
			return 0, true
		}
		if b := s.named[n]; b != nil && b.ghost == nil {
			if i, ok := l.tellsAt(b.ID); ok && l.told[i].Intros == 0 {
				return l.told[i].Handle, true
			}
		}
		return 0, false
	}
	var here []physics.JointID
	s.world.EachJoint(func(j physics.Joint) bool {
		a, okA := handle(j.A)
		b, okB := handle(j.B)
		if !okA || !okB {
			return true
		}
		at, known := slices.BinarySearchFunc(l.tied, j.ID, func(t tied, id physics.JointID) int { return compareJoints(t.ID, id) })
		j.A, j.B = 0, 0
		t := tie{a, b, j}
		var e base.Encoder
		t.appendTo(&e)
		sum := fold(e.B)
		if !known {
			if len(l.tied) >= maxBonds {
				return true
			}
			l.tied = slices.Insert(l.tied, at, tied{ID: j.ID})
		}
		here = append(here, j.ID)
		k := &l.tied[at]
		if k.Sum != sum {
			k.Sum, k.Left = sum, introTimes
		}
		if k.Left > 0 && len(list) < maxTies {
			k.Left--
			list = append(list, t)
		}
		return true
	})
	slices.Sort(here)
	l.tied = slices.DeleteFunc(l.tied, func(t tied) bool {
		if _, ok := slices.BinarySearch(here, t.ID); ok || len(loose) >= maxTies {
			return false
		}
		if _, ok := s.world.Joint(t.ID); !ok {
			loose = append(loose, uint64(t.ID)) // else it goes with its bodies
		}
		return true
	})
	return list, loose
}

func compareJoints(a, b physics.JointID) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// tieGhosts takes a neighbour's word about a joint. Both ends must be ghosts of
// that neighbour: nothing of this region's is tied by another's word.
func (s *Shard) tieGhosts(l *link, t *tie) {
	j := t.Joint
	end := func(handle uint64, frame *physics.Frame) (physics.BodyID, bool) {
		if handle == 0 {
			frame.Pos = frame.Pos.Add(l.shift)
			return physics.Ground, true
		}
		i, ok := l.knownAt(handle)
		if !ok {
			return 0, false
		}
		b := s.find(l.known[i].ID)
		if b == nil || b.ghost == nil || b.ghost.From != l.ID {
			return 0, false
		}
		return b.num, true
	}
	a, okA := end(t.A, &j.FrameA)
	b, okB := end(t.B, &j.FrameB)
	if !okA || !okB {
		s.out.Counts.Ignored++
		return
	}
	j.A, j.B = a, b
	if old, ok := s.world.Joint(j.ID); ok {
		if old == j || !s.foreign(l, &old) {
			return
		}
		s.cmds = append(s.cmds, physics.Command{Kind: physics.CmdUnjoint, Joint: &physics.Joint{ID: j.ID}})
	} else if s.world.Joints() >= maxGhostJoints {
		s.out.Counts.Ignored++
		return
	}
	s.cmds = append(s.cmds, physics.Command{Kind: physics.CmdJoint, Joint: &j})
}

// untieGhosts takes the word that a joint ended.
func (s *Shard) untieGhosts(l *link, id physics.JointID) {
	if old, ok := s.world.Joint(id); ok && s.foreign(l, &old) {
		s.cmds = append(s.cmds, physics.Command{Kind: physics.CmdUnjoint, Joint: &physics.Joint{ID: id}})
	}
}

// foreign reports whether a joint is one of a neighbour's ghosts alone.
func (s *Shard) foreign(l *link, j *physics.Joint) bool {
	for _, n := range [2]physics.BodyID{j.A, j.B} {
		if b := s.named[n]; n != physics.Ground && (b == nil || b.ghost == nil || l != nil && b.ghost.From != l.ID) {
			return false
		}
	}
	return true
}
