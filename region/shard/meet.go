package shard

import (
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/spatial"
)

// pairOf tells apart what one step says twice of a touch.
type pairOf struct {
	a, b    physics.BodyID
	impulse float32
}

// meeting is a touch of an owned body with a neighbour's, waiting for the word
// of the other side.
type meeting struct {
	A, B   base.ID // here and there
	EpochA uint64
	EpochB uint64
	Tick   base.Tick
	Ours   bool // reported here; else by the neighbour
	Push   spatial.Vec
}

// report turns what physics says into the region's names, and keeps what
// happened across a border for the other side.
func (s *Shard) report(events []physics.Event) {
	for i := range events {
		e := &events[i]
		a := s.named[e.A]
		if a == nil || a.ghost != nil {
			continue
		}
		o := Event{Kind: e.Kind, A: a.ID, EpochA: a.Epoch, Joint: e.Joint, Impulse: e.Impulse, Point: e.Point, Normal: e.Normal}
		if b := s.named[e.B]; b != nil {
			o.B = b.ID
			if b.ghost != nil {
				o.EpochB = b.Epoch
				if e.Kind == physics.EvBegin || e.Kind == physics.EvHit {
					b.ghost.Touched = s.tick
					s.met(a, b, e)
				}
			}
		}
		s.out.Events = append(s.out.Events, o)
	}
	for _, l := range s.links {
		s.overdue(l)
	}
}

// met notes a touch with a ghost. One tick's touches of a pair are one.
func (s *Shard) met(a, b *body, e *physics.Event) {
	l := s.link(b.ghost.From)
	if l == nil {
		return
	}
	push := e.Normal.Scale(e.Impulse)
	if e.Kind == physics.EvHit && s.begun == (pairOf{e.A, e.B, e.Impulse}) {
		return // the same step's beginning was noted
	}
	if e.Kind == physics.EvBegin {
		s.begun = pairOf{e.A, e.B, e.Impulse}
	}
	for i := range l.says {
		if m := &l.says[i]; m.A == a.ID && m.B == b.ID {
			m.Push = m.Push.Add(push)
			return
		}
	}
	m := meeting{A: a.ID, B: b.ID, EpochA: a.Epoch, EpochB: b.Epoch, Tick: s.tick, Ours: true, Push: push}
	l.says = append(l.says, m)
	s.pair(l, m)
}

// pair joins a report with that of the other side, or keeps it until then.
func (s *Shard) pair(l *link, m meeting) {
	best, gap := -1, s.span(pairWithin)+1
	for i := range l.meets {
		o := &l.meets[i]
		if o.Ours == m.Ours || o.A != m.A || o.B != m.B || o.EpochA != m.EpochA || o.EpochB != m.EpochB {
			continue
		}
		d := max(o.Tick, m.Tick) - min(o.Tick, m.Tick)
		if d < gap {
			best, gap = i, d
		}
	}
	if best >= 0 {
		s.out.Counts.Paired++
		theirs, ours := m.Push, l.meets[best].Push
		if m.Ours {
			theirs, ours = ours, theirs
		}
		s.arbitrate(&m, theirs.Sub(ours))
		l.meets = slices.Delete(l.meets, best, best+1)
		return
	}
	if len(l.meets) >= maxMeetings {
		l.meets = slices.Delete(l.meets, 0, 1)
		s.out.Counts.Unpaired++
	}
	l.meets = append(l.meets, m)
}

// meetings is what the neighbour is told of touches.
func (s *Shard) meetings(l *link) (list []meet) {
	for _, m := range l.says {
		i, ok := l.tellsAt(m.A)
		yours := l.handle(m.B)
		if !ok || yours == 0 || len(list) >= maxMeets {
			continue
		}
		list = append(list, meet{l.told[i].Handle, yours, m.Push})
	}
	l.says = l.says[:0]
	return list
}

// heardMeet takes the neighbour's report of a touch: its body Mine met ours.
func (s *Shard) heardMeet(l *link, m *meet, at base.Tick) {
	i, ok := l.knownAt(m.Mine)
	j := slices.IndexFunc(l.told, func(t told) bool { return t.Handle == m.Yours })
	if !ok || j < 0 {
		s.out.Counts.Ignored++
		return
	}
	a, b := s.find(l.told[j].ID), s.find(l.known[i].ID)
	if a == nil || b == nil || a.ghost != nil || b.ghost == nil {
		s.out.Counts.Ignored++
		return
	}
	s.pair(l, meeting{A: a.ID, B: b.ID, EpochA: a.Epoch, EpochB: b.Epoch, Tick: at, Push: m.Impulse.Scale(-1)})
}

// overdue drops what the other side never reported.
func (s *Shard) overdue(l *link) {
	l.meets = slices.DeleteFunc(l.meets, func(m meeting) bool {
		if s.tick <= m.Tick+s.span(pairDeadline) {
			return false
		}
		s.out.Counts.Unpaired++
		if !m.Ours {
			s.arbitrate(&m, m.Push)
		}
		return true
	})
}

// arbitrate pushes an owned body by what the owner of the lower id says it got
// more than it did, under Method Arbiter.
func (s *Shard) arbitrate(m *meeting, push spatial.Vec) {
	a := s.find(m.A)
	if s.cfg.Method&Arbiter == 0 || m.B.Compare(m.A) > 0 || a == nil || a.ghost != nil {
		return
	}
	p := s.state(a)
	most := float32(p.Mass * arbiterSpeed)
	s.cmds = append(s.cmds, physics.Command{Kind: physics.CmdImpulse, ID: a.num, Vec: push.Limit(most)})
}
