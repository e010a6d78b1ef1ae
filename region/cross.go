package region

import (
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/region/shard"
	"github.com/metatopia/metatopia/spatial"
)

// leaving is a thing that belongs to a neighbour which has not said so yet. Its
// body stays here as a ghost, so that nobody sees a gap.
type leaving struct {
	Thing *Thing
	To    base.ID
	Until base.Tick
}

// mail gives the shard what its neighbours' shards say, and takes the rest of
// their messages.
func (s *Sim) mail(list []Entry) {
	var mail []shard.Mail
	for i := range list {
		if m, ok := s.border(list[i].From, list[i].Body); ok {
			mail = append(mail, m)
		}
	}
	out := s.shard.Begin(s.tick, mail)
	s.crossed(&out)
	for _, x := range s.letters { // things are now where this tick has them
		s.relayed(x.from, x.what)
	}
	s.letters = nil
	for i := len(s.leaving) - 1; i >= 0; i-- {
		if s.tick >= s.leaving[i].Until {
			s.leaving = slices.Delete(s.leaving, i, i+1)
		}
	}
}

// border takes one message of a neighbour.
func (s *Sim) border(from base.ID, body []byte) (mail shard.Mail, ok bool) {
	i, known := s.findNeighbour(from)
	if !known {
		s.out.Counts.BorderBad++
		return mail, false
	}
	m, err := ParseBorder(body)
	if err != nil {
		s.out.Counts.BorderBad++
		return mail, false
	}
	n := &s.neighbours[i]
	switch m.Kind {
	case BorderShard:
		return shard.Mail{From: from, Data: m.Shard}, true
	case BorderRelay:
		s.letters = append(s.letters, arrival{from, m.Relay})
		return mail, false
	}
	// A line. Only what is said near the neighbour's side: it does not put
	// words into the middle of this region.
	if n.lines >= borderLines || s.plane(i).Distance(m.Line.Pos) < -GhostBand {
		s.out.Counts.EventsDropped++
		return mail, false
	}
	if n.heard.fresh(m.N) {
		n.lines++
		s.hear(from, m.Line)
	}
	return mail, false
}

// crossed does what half a tick of the shard means for things.
func (s *Sim) crossed(out *shard.Output) {
	for _, m := range out.Border {
		s.publish(BorderMessage{Kind: BorderShard, Shard: m.Data}, m.Sync)
	}
	c := &s.out.Counts
	c.BorderBad += uint64(out.Counts.Bad)
	c.GhostIn += uint64(out.Counts.Ghosts)
	c.HandoffsRefused += uint64(len(out.Refused))
	for _, l := range out.Left {
		s.left(l)
	}
	for i := range out.Arrived {
		s.arrived(&out.Arrived[i])
	}
	for _, x := range out.Settled {
		for _, r := range x.Items {
			s.forgetLeaving(r.ID)
		}
	}
	for _, r := range out.Renewed {
		if t := s.thing(r.ID); t != nil {
			n := *t
			n.Epoch = r.Epoch
			s.put(&n)
		}
	}
	for _, id := range out.Stale {
		// A neighbour knows a later life of it: of an avatar, because the
		// player came into the world again somewhere else.
		if t := s.thing(id); t != nil {
			if i, ok := s.findSession(t.Player); ok && t.avatar() {
				s.remember(t.Player, s.sessions[i].Seq)
				s.sessions = slices.Delete(s.sessions, i, i+1)
			}
			s.takeOut(t)
			s.out.Gone = append(s.out.Gone, id)
		}
	}
}

// left is the commit point of a hand-off: this tick's record says that the
// thing is the neighbour's.
func (s *Sim) left(l shard.Left) {
	t := s.thing(l.ID)
	if t == nil {
		return
	}
	if i, ok := s.findSession(t.Player); ok && t.avatar() {
		s.remember(t.Player, s.sessions[i].Seq)
		s.sessions = slices.Delete(s.sessions, i, i+1)
		s.out.Moved = append(s.out.Moved, Moved{Player: t.Player, Thing: t.ID, To: l.To, Epoch: l.Epoch})
	}
	b := s.body(t)
	s.out.Passed = append(s.out.Passed, Passage{Thing: t.ID, Epoch: l.Epoch, Peer: l.To, Since: s.tick, Motion: Motion{b.Pos, b.Rot, b.Vel, b.Spin}})
	s.takeOut(t)
	s.out.Gone = append(s.out.Gone, t.ID)
	s.out.Counts.HandoffsOut++
	s.out.Sync = true
	if len(s.leaving) < maxDeparted {
		s.forgetLeaving(t.ID)
		i, _ := s.findLeaving(t.ID)
		s.leaving = slices.Insert(s.leaving, i, leaving{Thing: t, To: l.To, Until: s.tick + departedLife})
	}
}

func (s *Sim) findLeaving(id base.ID) (int, bool) {
	return slices.BinarySearchFunc(s.leaving, id, func(l leaving, id base.ID) int { return l.Thing.ID.Compare(id) })
}

func (s *Sim) forgetLeaving(id base.ID) {
	if i, ok := s.findLeaving(id); ok {
		s.leaving = slices.Delete(s.leaving, i, i+1)
	}
}

// freight is the sim's part of a hand-off: what belongs to a thing besides its
// body.
type freight struct{ *Sim }

var errGone = fmt.Errorf("thing is not here")

// Pack is the whole of a thing but its body: what the next owner continues
// from.
//
// Layout: thing, timers (count u8; of each ticks left u64, tag i64), then for an avatar: the last signed input, steer, steer ticks
// left u16, walking bool, target.
func (f freight) Pack(id base.ID) ([]byte, error) {
	t := f.thing(id)
	if t == nil {
		return nil, errGone
	}
	return f.pack(t), nil
}

// Stays: what never moves is never handed over.
func (f freight) Stays(id base.ID) bool {
	t := f.thing(id)
	return t == nil || t.Fixed || t.Hollow
}

// Sound reports whether a release can be carried out: its payload is that of
// the thing it names, its body is one that the thing may have, and it takes
// the place of none but an earlier life of it.
func (f freight) Sound(_, id base.ID, epoch uint64, body *physics.Body, payload []byte) bool {
	s := f.Sim
	p, err := parseParcel(payload)
	if err != nil || p.thing.ID != id || !p.thing.fits(body) {
		return false
	}
	if p.thing.avatar() {
		// The player's own hand says that this life was begun, and how far the
		// sequence has come: no neighbour makes up an avatar, or ends a
		// player's sequence for ever.
		x := &p.proof
		if epoch>>16 > x.Seq || !s.cfg.Verify(x.Key, SigningBytes(s.cfg.World, x.Key, x.Seq, x.Payload), x.Sig[:]) {
			return false
		}
	}
	old := s.thing(id)
	return old == nil || (!old.Fixed && !old.Hollow && old.Player == p.thing.Player)
}

// fits reports whether a body is one that the thing may have: its owner cannot
// give it another in passing.
func (t *Thing) fits(b *physics.Body) bool {
	if t.avatar() {
		x := avatarBody(b.Pos)
		return b.Shape == x.Shape && b.Flags == x.Flags && b.Mass == x.Mass && b.Friction == x.Friction && b.Restitution == x.Restitution
	}
	return b.Shape == t.shape() && b.Flags == 0 && b.Mass <= 1e5 && b.Friction <= 2
}

func (s *Sim) pack(t *Thing) []byte {
	var e base.Encoder
	t.appendTo(&e)
	appendTimers(&e, t.Timers, s.tick)
	appendLoan(&e, t, s.tick)
	if t.avatar() {
		var me session
		if i, ok := s.findSession(t.Player); ok {
			me = s.sessions[i]
		}
		e.Bytes(me.Proof)
		me.Steer.AppendTo(&e)
		e.U16(uint16(max(me.SteerUntil, s.tick) - s.tick))
		e.Bool(me.Walking)
		me.Target.AppendTo(&e)
	}
	return e.B
}

// parcel is what pack wrote.
type parcel struct {
	thing *Thing
	sess  session
	proof SignedInput // of an avatar; the signature is not checked
	left  uint16
}

func parseParcel(b []byte) (parcel, error) {
	d := base.NewDecoder(b)
	p := parcel{thing: readThing(d)}
	p.thing.Timers = readTimers(d, 0)
	readLoan(d, p.thing, MaxLoan)
	if d.Err() == nil && p.thing.avatar() {
		p.sess = session{Player: p.thing.Player, Thing: p.thing.ID, Proof: d.Bytes(MaxInputBytes), Steer: spatial.ReadVec(d)}
		p.left = d.U16()
		p.sess.Walking, p.sess.Target = d.Bool(), spatial.ReadPos(d)
		if d.Err() == nil && p.left > SteerTicks {
			d.Fail(fmt.Errorf("steer for %d ticks", p.left))
		}
		if d.Err() == nil {
			proof, _, err := ParseSignedInput(p.sess.Proof)
			if err != nil {
				d.Fail(err)
			} else if proof.Key != p.thing.Player {
				d.Fail(fmt.Errorf("an input of player %s for the avatar of %s", proof.Key.Short(), p.thing.Player.Short()))
			}
			p.proof, p.sess.Seq = proof, proof.Seq
		}
	}
	if d.Err() == nil && (p.thing.Fixed || p.thing.Hollow) {
		d.Fail(fmt.Errorf("a fixed thing"))
	}
	if err := d.Done(); err != nil {
		return parcel{}, fmt.Errorf("region: parse thing: %w", err)
	}
	return p, nil
}

// arrived takes over a thing whose body the shard has taken over.
func (s *Sim) arrived(a *shard.Arrived) {
	p, err := parseParcel(a.Payload)
	if err != nil { // Sound let it pass
		s.out.Counts.BorderBad++
		s.do(shard.Input{Kind: shard.InRemove, ID: a.ID})
		return
	}
	if old := s.thing(a.ID); old != nil { // an older life of it
		if k, ok := s.findSession(old.Player); ok && old.avatar() {
			s.sessions = slices.Delete(s.sessions, k, k+1)
		}
		s.takeOut(old)
		s.out.Gone = append(s.out.Gone, old.ID) // its slots, before those of the new life
	}
	s.forgetLeaving(a.ID)
	t := p.thing
	t.Epoch, t.Since, t.Brought = a.Epoch, s.tick, !t.avatar()
	t.LastError = clip(t.LastError, MaxLogLine)
	if t.avatar() {
		t.Kind, t.Owner = kindAvatar, t.Player
		t.Shape, t.Size = Box, spatial.Vec{X: 2 * avatarHalfXZ, Y: 2 * avatarHalfY, Z: 2 * avatarHalfXZ}
	}
	for i := range t.Timers { // ticks from now on in the parcel
		t.Timers[i].At += s.tick
	}
	if t.Loan != 0 { // so is this
		t.Loan += s.tick
	}
	if c := t.held(SlotNext); c != nil { // times are this region's from now on
		c.Since = s.tick
		t.Slots, _ = t.Slots.With(c.slot(SlotNext)) // as long as before
	}
	s.put(t)
	if t.avatar() {
		s.shard.Hand().Yield(t.ID)
		s.admit(p, a)
	}
	s.want(t)
	for _, w := range t.Slots {
		s.out.Slots = append(s.out.Slots, SlotChange{t.ID, w})
	}
	b := &a.Body
	s.out.Passed = append(s.out.Passed, Passage{Thing: a.ID, Epoch: a.Epoch, Peer: a.From, In: true, Since: a.Tick, Motion: Motion{b.Pos, b.Rot, b.Vel, b.Spin}, Jump: a.Jump})
	s.out.Counts.HandoffsIn++
	s.out.Sync = true
}

// admit continues a player's session.
func (s *Sim) admit(p parcel, a *shard.Arrived) {
	me := p.sess
	me.Came = true
	me.SteerUntil, me.Last = s.tick+base.Tick(p.left), a.Body.Pos
	// What another region says is held to what inputs may ask for here.
	me.Steer.Y = 0
	me.Steer = me.Steer.Limit(MaxSteerSpeed)
	me.Walking = me.Walking && spatial.Box{Min: s.cfg.Min, Max: s.cfg.Max}.Contains(me.Target)
	if i, ok := s.findGone(me.Player); ok {
		me.Seq = max(me.Seq, s.gone[i].Seq)
		s.forgetGone(i)
	}
	// It arrives at the speed it walked with; the next actor turn confirms.
	me.Drive = spatial.Vec{X: a.Body.Vel.X, Z: a.Body.Vel.Z}.Limit(MaxSteerSpeed)
	s.drive(a.ID, me.Drive)
	i, _ := s.findSession(me.Player)
	s.sessions = slices.Insert(s.sessions, i, me)
	s.out.Counts.Crossings++
}
