package region

import (
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/region/handoff"
	"github.com/metatopia/metatopia/spatial"
)

var policy = handoff.Policy{Distance: handoffBeyond, Dwell: handoffDwell}

// leaving is a thing that belongs to a neighbour which has not said so yet. It
// stays here as a ghost, so that nobody sees a gap.
type leaving struct {
	Thing *Thing
	To    base.ID
	Until base.Tick
}

// cross hands over what has crossed a border, as it was after the last tick,
// and forgets ghosts nobody speaks of any more. It comes before the players'
// inputs, so that an input is either in the released state or refused here.
func (s *Sim) cross() {
	for i := len(s.ghosts) - 1; i >= 0; i-- {
		if s.tick > s.ghosts[i].seen+ghostLife {
			s.dropGhost(i)
		}
	}
	slices.SortFunc(s.ready, base.ID.Compare)
	for _, id := range slices.Compact(s.ready) {
		t := s.thing(id)
		if t == nil {
			continue
		}
		if to, ok := s.hand.Offered(id); ok && s.beyond(s.at(s.body(t).Pos), to) > 0 {
			s.release(t, to)
		} else {
			s.hand.Cancel(s.tick, id)
		}
	}
	s.ready = s.ready[:0]
	for _, t := range s.things {
		if t.Fixed || t.Hollow {
			continue
		}
		pos := s.at(s.body(t).Pos)
		owner := s.ownerOf(pos)
		if to, ok := s.hand.Offered(t.ID); ok && s.beyond(pos, to) < -handoffBeyond/2 {
			s.hand.Cancel(s.tick, t.ID)
		}
		if owner != s.cfg.ID && policy.Due(s.beyond(pos, owner), t.Since, s.tick) {
			// ErrBusy: it rests after a refusal, or the link is full. The
			// thing stays here and the next tick asks again.
			_ = s.hand.Begin(s.tick, t.ID, owner, 0)
		}
	}
	s.hand.Tick(s.tick)
	s.perform()
	for i := len(s.leaving) - 1; i >= 0; i-- {
		if s.tick >= s.leaving[i].Until {
			s.leaving = slices.Delete(s.leaving, i, i+1)
		}
	}
}

// beyond is how far a place lies on the other side of the border with a
// neighbour, in metres.
func (s *Sim) beyond(p spatial.Pos, to base.ID) float64 {
	i, ok := s.findNeighbour(to)
	if !ok {
		return -1 << 20
	}
	return s.plane(i).Distance(p)
}

// release is the commit point of a hand-off: this tick's record says that the
// thing is the neighbour's.
func (s *Sim) release(t *Thing, to base.ID) {
	b := s.body(t)
	if err := s.hand.Release(s.tick, t.ID, s.pack(t, b)); err != nil {
		return // a state that does not fit: the offer lapses, the thing stays
	}
	if i, ok := s.findSession(t.Player); ok && t.avatar() {
		s.remember(t.Player, s.sessions[i].Seq)
		s.sessions = slices.Delete(s.sessions, i, i+1)
		s.out.Moved = append(s.out.Moved, Moved{Player: t.Player, Thing: t.ID, To: to, Epoch: t.Epoch + 1})
	}
	s.takeOut(t)
	s.out.Gone = append(s.out.Gone, t.ID)
	s.out.Counts.HandoffsOut++
	s.out.Sync = true
	if len(s.ghosts) < MaxGhosts {
		s.addGhost(&ghost{ID: t.ID, From: to, Epoch: t.Epoch + 1, Shape: t.Shape, Size: t.Size}, b)
	}
	if len(s.leaving) < maxDeparted {
		s.forgetLeaving(t.ID)
		i, _ := s.findLeaving(t.ID)
		s.leaving = slices.Insert(s.leaving, i, leaving{Thing: t, To: to, Until: s.tick + departedLife})
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

// perform carries out what the hand-off core wants.
func (s *Sim) perform() {
	for {
		effects := s.hand.Effects()
		if len(effects) == 0 {
			return
		}
		for i := range effects {
			switch e := &effects[i]; e.Kind {
			case handoff.DoSend:
				s.publish(BorderMessage{Kind: BorderHandoff, To: e.Peer, Handoff: e.Msg}, true)
			case handoff.DoRelease:
				s.ready = append(s.ready, e.ID)
			case handoff.DoAccept:
				if err := s.acceptThing(e); err != nil {
					s.out.Counts.BorderBad++
					s.hand.Drop(s.tick, e.ID)
				}
			case handoff.DoSettle:
				s.forgetLeaving(e.ID)
			case handoff.DoGiveUp:
				s.out.Counts.HandoffsRefused++
				// The neighbour knows a later life of this avatar: the
				// player came into the world again somewhere else.
				if t := s.thing(e.ID); t != nil && t.avatar() && e.Reason == handoff.Stale {
					s.away(t.Player)
				}
			}
		}
	}
}

// pack is the whole of a thing: what the next owner continues from.
//
// Layout: thing, motion, mass f32, friction f32, restitution f32, then for an
// avatar: the last signed input, steer, steer ticks left u16, walking bool, target.
func (s *Sim) pack(t *Thing, b physics.Body) []byte {
	var e base.Encoder
	t.appendTo(&e)
	Motion{b.Pos, b.Rot, b.Vel, b.Spin}.appendTo(&e)
	e.F32(b.Mass)
	e.F32(b.Friction)
	e.F32(b.Restitution)
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
	thing                       *Thing
	motion                      Motion
	mass, friction, restitution float32
	sess                        session
	proof                       SignedInput // of an avatar; the signature is not checked
	left                        uint16
}

func parseParcel(b []byte) (parcel, error) {
	d := base.NewDecoder(b)
	p := parcel{thing: readThing(d), motion: readMotion(d), mass: d.F32(), friction: d.F32(), restitution: d.F32()}
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
	if d.Err() == nil && (p.thing.Fixed || p.thing.Hollow || p.mass < 0 || p.mass > 1e5 || p.friction < 0 || p.friction > 2 || p.restitution < 0 || p.restitution > 1) {
		d.Fail(fmt.Errorf("a fixed thing, or values out of bounds"))
	}
	if err := d.Done(); err != nil {
		return parcel{}, fmt.Errorf("region: parse thing: %w", err)
	}
	return p, nil
}

// sound reports whether a release can be carried out: its state is that of the
// thing it names, and takes the place of none but an earlier life of it.
func (s *Sim) sound(m *handoff.Msg) bool {
	p, err := parseParcel(m.State)
	if err != nil || p.thing.ID != m.ID || m.Epoch >= 1<<63-1 {
		return false
	}
	if p.thing.avatar() {
		// The player's own hand says that this life was begun, and how far the
		// sequence has come: no neighbour makes up an avatar, or ends a
		// player's sequence for ever.
		x := &p.proof
		if m.Epoch>>16 > x.Seq || !s.cfg.Verify(x.Key, SigningBytes(s.cfg.World, x.Key, x.Seq, x.Payload), x.Sig[:]) {
			return false
		}
	}
	old := s.thing(m.ID)
	return old == nil || (!old.Fixed && !old.Hollow && old.Player == p.thing.Player)
}

// acceptThing takes over a thing that a neighbour released and that is sound.
func (s *Sim) acceptThing(e *handoff.Effect) error {
	p, err := parseParcel(e.State)
	if err != nil {
		return err
	}
	i, ok := s.findNeighbour(e.Peer)
	if !ok {
		return fmt.Errorf("region: accept: thing %v from %v, no neighbour", e.ID, e.Peer)
	}
	if old := s.thing(e.ID); old != nil { // e.Replace: an older life of it
		if k, ok := s.findSession(old.Player); ok && old.avatar() {
			s.sessions = slices.Delete(s.sessions, k, k+1)
		}
		s.takeOut(old)
		s.out.Gone = append(s.out.Gone, old.ID) // its slots, before those of the new life
	}
	s.forgetGhost(e.ID)
	s.forgetLeaving(e.ID)
	t := p.thing
	t.Epoch, t.Since = e.Epoch, s.tick
	t.LastError = clip(t.LastError, MaxLogLine)
	m := s.shift(p.motion, s.neighbours[i].Site)
	if t.avatar() {
		t.Kind, t.Owner = kindAvatar, t.Player
		t.Shape, t.Size = Box, spatial.Vec{X: 2 * avatarHalfXZ, Y: 2 * avatarHalfY, Z: 2 * avatarHalfXZ}
		t.body = s.addBody(avatarBody(m))
		s.admit(p, t, m)
	} else {
		t.body = s.addBody(t.solid(m, p.mass, p.friction, p.restitution))
	}
	if c := t.held(SlotNext); c != nil { // times are this region's from now on
		c.Since = s.tick
		t.Slots, _ = t.Slots.With(c.slot(SlotNext)) // as long as before
	}
	s.put(t)
	s.want(t)
	for _, w := range t.Slots {
		s.out.Slots = append(s.out.Slots, SlotChange{t.ID, w})
	}
	s.out.Counts.HandoffsIn++
	s.out.Sync = true
	return nil
}

// admit continues a player's session.
func (s *Sim) admit(p parcel, t *Thing, m Motion) {
	me := p.sess
	me.SteerUntil, me.Last = s.tick+base.Tick(p.left), m.Pos
	// What another region says is held to what inputs may ask for here.
	me.Steer.Y = 0
	me.Steer = me.Steer.Limit(MaxSteerSpeed)
	me.Walking = me.Walking && spatial.Box{Min: s.cfg.Min, Max: s.cfg.Max}.Contains(me.Target)
	if i, ok := s.findGone(me.Player); ok {
		me.Seq = max(me.Seq, s.gone[i].Seq)
		s.gone = slices.Delete(s.gone, i, i+1)
	}
	// It arrives at the speed it walked with; the next actor turn confirms.
	me.Drive = spatial.Vec{X: m.Vel.X, Z: m.Vel.Z}.Limit(MaxSteerSpeed)
	s.drive(t.body, me.Drive)
	i, _ := s.findSession(me.Player)
	s.sessions = slices.Insert(s.sessions, i, me)
	s.out.Counts.Crossings++
}
