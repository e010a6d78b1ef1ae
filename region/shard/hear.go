package shard

import (
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/spatial/det"
)

// receive takes one message of a neighbour.
func (s *Shard) receive(m Mail) {
	l := s.link(m.From)
	if l == nil {
		s.out.Counts.Bad++
		return
	}
	if to, ok := Addressee(m.Data); ok && to != s.cfg.ID {
		return // for another neighbour on the same topic
	}
	p, err := parsePost(m.Data)
	if err != nil {
		s.fault(l, FaultGarbage, m.Data)
		return
	}
	switch p.Kind {
	case kindHandoff:
		s.handed(l, &p.Hand, m.Data)
	case kindWord:
		s.hear(l, &p.Word, m.Data)
	case kindAsk:
		l.owes = p.Asks
	case kindPiece:
		s.gotPiece(l, &p.Piece, m.Data)
	}
}

// hear takes a word, now or when the tick it tells of is over here too.
func (s *Shard) hear(l *link, w *word, data []byte) {
	if l.trust.judged(s.tick) {
		s.out.Counts.Ignored++
		return
	}
	newest := l.clock.Heard
	l.clock.heard(s.tick, w, s.cfg.ID.Compare(l.ID) < 0)
	if at, ok := l.clock.here(w.Tick); ok && at >= s.tick {
		if len(l.later) < maxLater {
			l.later = append(l.later, deferred{s.tick, data})
		}
		return
	}
	if l.words++; w.Tick <= newest || l.words > maxWords {
		s.out.Counts.Ignored++ // overtaken on the way: newer words counted
		return
	}
	s.heed(l, w, data)
}

// catchUp heeds the words whose tick is over by now.
func (s *Shard) catchUp(l *link) {
	waiting := l.later
	l.later = nil
	for _, x := range waiting {
		p, err := parsePost(x.Data)
		if err != nil {
			continue
		}
		if at, ok := l.clock.here(p.Word.Tick); ok && at >= s.tick {
			if s.tick < x.Got+maxEarly {
				l.later = append(l.later, x)
			}
			continue
		}
		s.heed(l, &p.Word, x.Data)
	}
}

// heed does what a word says.
func (s *Shard) heed(l *link, w *word, data []byte) {
	l.Reach, s.heard = w.Reach, data
	at, ok := l.clock.here(w.Tick)
	if !ok {
		return
	}
	l.trust.begin(s.tick)
	for i := range w.Intros {
		s.meetGhost(l, &w.Intros[i], at, data)
	}
	for i := range w.Ties {
		s.tieGhosts(l, &w.Ties[i])
	}
	for _, id := range w.Loose {
		s.untieGhosts(l, physics.JointID(id))
	}
	for i := range w.Moves {
		s.moveGhost(l, &w.Moves[i], at, data)
	}
	for _, h := range w.Gone {
		s.endGhost(l, h)
	}
	s.wanted(l, w.Wants)
	for i := range w.Meets {
		s.heardMeet(l, &w.Meets[i], at)
	}
	if w.Summed {
		s.compareDigest(l, w.Digest, data)
	}
}

// meetGhost takes an introduction.
func (s *Shard) meetGhost(l *link, n *intro, at base.Tick, data []byte) {
	l.bind(s.tick, n.Handle, n.ID, motionOf(&n.Body, false, false))
	if s.hand.Known(n.ID) > n.Epoch {
		s.out.Counts.Ignored++ // an old owner's word
		return
	}
	if _, mine := s.hand.Owns(n.ID); mine {
		s.out.Counts.Ignored++
		return
	}
	b := s.find(n.ID)
	if b != nil {
		switch g := b.ghost; {
		case n.Epoch < b.Epoch, n.Epoch == b.Epoch && g.From != l.ID:
			s.out.Counts.Ignored++ // one epoch has one owner
			return
		case g.From != l.ID && s.spokenOf(b):
			s.out.Counts.Ignored++ // who gave it away would say no more of it
			return
		}
	}
	if s.mistaken(&n.Body) {
		s.fault(l, FaultFalse, data)
		return
	}
	if !s.formed(&n.Body) {
		l.await(n.Handle, n.Body.Shape.Geometry)
		s.out.Counts.Ignored++ // until its geometry is here
		return
	}
	l.unawait(n.Handle)
	m := momentOf(at, &n.Body).shifted(l.shift)
	if why := s.plausible(l, &n.Body, &m, nil, at); why != 0 {
		if why != aside {
			s.fault(l, why, data)
		}
		s.out.Counts.Ignored++
		return
	}
	p := n.Body
	led := p.Flags&physics.Kinematic != 0
	if p.Flags = p.Flags&ghostFlags | physics.Ghost; led {
		p.Flags |= physics.Static
	}
	if b != nil {
		s.renew(l, b, n, &p, m)
		return
	}
	if s.ghosts(l.ID) >= MaxGhosts || s.ghosts(base.ID{}) >= maxGhosts {
		s.out.Counts.Ignored++
		return
	}
	late := 0
	if s.tick > at+1 {
		late = int(s.tick-1-at) * s.cfg.Steps
	}
	if p.Flags&physics.Static != 0 {
		late = 0
	}
	now := m.flown(s.physics(), late, p.Vel.Y != 0).within(s.physics())
	now.Tick = s.tick - 1
	p.Pos, p.Rot, p.Vel, p.Spin = now.Pos, now.Rot, now.Vel, now.Spin
	g := &ghost{From: l.ID, Handle: n.Handle, Heard: at, Fixed: !led && p.Flags&physics.Static != 0, Led: led}
	if !g.Fixed && !g.Led {
		g.past = []moment{now}
	}
	b = &body{ID: n.ID, Epoch: n.Epoch, since: s.tick - 1, ghost: g}
	s.insert(b, p)
	if p.Flags&(physics.Upright|physics.Static) == physics.Upright {
		s.drive(b, n.Drive)
	}
	if !immovable(&p) {
		s.fit(b, n.Car)
	}
	s.out.Counts.Ghosts++
}

// spokenOf reports whether the owner of a ghost told of it lately.
func (s *Shard) spokenOf(b *body) bool {
	l := s.link(b.ghost.From)
	if l == nil {
		return false
	}
	i, ok := l.knownAt(b.ghost.Handle)
	return ok && l.known[i].ID == b.ID && s.tick <= l.known[i].At+s.span(spokenFor)
}

// renew takes an introduction of a body that is a ghost here already.
func (s *Shard) renew(l *link, b *body, n *intro, p *physics.Body, m moment) {
	g := b.ghost
	old := s.state(b)
	same := old.Shape == p.Shape && old.Flags == p.Flags && old.Mass == p.Mass && old.Friction == p.Friction && old.Restitution == p.Restitution
	g.Handle, g.From, b.Epoch = n.Handle, l.ID, n.Epoch
	if !same || g.Wall {
		late := int(s.tick-1-min(s.tick-1, m.Tick)) * s.cfg.Steps
		now := m.flown(s.physics(), late, false).within(s.physics())
		now.Tick = s.tick - 1
		q := *p
		q.Pos, q.Rot, q.Vel, q.Spin = now.Pos, now.Rot, now.Vel, now.Spin
		s.remove(b)
		led := n.Body.Flags&physics.Kinematic != 0
		g.Wall, g.Led, g.Fixed, g.Heard, g.past = false, led, !led && q.Flags&physics.Static != 0, m.Tick, nil
		s.insert(b, q)
		if !immovable(&q) {
			s.fit(b, n.Car)
		}
		return
	}
	if !immovable(p) {
		s.fit(b, n.Car)
	}
	if !g.Fixed && !g.Led && m.Tick >= g.Heard {
		s.follow(b, m, false, true)
	}
}

// moveGhost takes a motion.
func (s *Shard) moveGhost(l *link, v *move, at base.Tick, data []byte) {
	i, ok := l.knownAt(v.Handle)
	if !ok {
		l.ask(v.Handle)
		return
	}
	l.known[i].At = s.tick
	l.known[i].Said = v.motion // what was said, whether it counts or not
	b := s.find(l.known[i].ID)
	if b == nil || b.ghost == nil || b.ghost.From != l.ID || b.ghost.Handle != v.Handle {
		s.out.Counts.Ignored++
		if (b == nil || b.ghost != nil) && s.tick%askEvery == 0 {
			l.ask(v.Handle)
		}
		return
	}
	g := b.ghost
	if g.Fixed || at < g.Heard {
		return
	}
	if g.Wall {
		l.ask(v.Handle) // it comes to life again with an introduction
		return
	}
	m := v.moment(at).shifted(l.shift)
	p := s.state(b)
	if why := s.plausible(l, &p, &m, b, at); why != 0 {
		if why != aside {
			s.fault(l, why, data)
		}
		s.out.Counts.Ignored++
		return
	}
	if g.Led {
		g.Heard = at
		s.set(b, m.within(s.physics()))
		return
	}
	if s.follow(b, m, v.Flags&atRest != 0, v.Flags&inFlight != 0) {
		s.out.Counts.Corrected++
	}
	if v.Flags&upright != 0 {
		s.drive(b, v.Drive)
	}
}

// drive makes an upright ghost walk as its owner makes it walk.
func (s *Shard) drive(b *body, v drive) {
	want := det.Vec{X: float32(float32(v.Want[0]) / speedUnits), Z: float32(float32(v.Want[1]) / speedUnits)}
	grip := min(float32(float32(v.Grip)/speedUnits), physics.MaxAcceleration)
	if b.want == want && b.grip == grip {
		return
	}
	b.want, b.grip = want, grip
	s.cmds = append(s.cmds, physics.Command{Kind: physics.CmdDrive, ID: b.num, Vec: vec(want.Limit(physics.MaxSpeed)), F: grip})
}

// endGhost forgets a body that left the neighbour's reach or ceased to be.
func (s *Shard) endGhost(l *link, handle uint64) {
	i, ok := l.knownAt(handle)
	if !ok {
		return
	}
	id := l.known[i].ID
	l.known = slices.Delete(l.known, i, i+1)
	l.unawait(handle)
	if b := s.find(id); b != nil && b.ghost != nil && b.ghost.From == l.ID && b.ghost.Handle == handle {
		s.remove(b)
	}
}

// ghosts is how many ghosts there are of a neighbour; zero: of all.
func (s *Shard) ghosts(of base.ID) (n int) {
	for _, b := range s.bodies {
		if b.ghost != nil && (of.IsZero() || b.ghost.From == of) {
			n++
		}
	}
	return n
}
