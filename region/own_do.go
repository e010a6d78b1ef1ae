package region

import (
	"encoding/binary"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/spatial"
)

// Who may do what with a thing. Its owner may do everything. While it is lent
// the borrower has the use of it (moves it, writes its slots), and the owner
// does neither give it away nor delete it. What is nobody's is taken by whoever
// is first. Admins may do what owners may.

// speaksFor is the player in whose name a thing's script acts: on the player's other
// things, on the player's keys of the store, within the player's bounds. That is its
// owner, and nobody once a neighbour has brought it, until the owner takes it: a
// neighbour may call anybody a thing's owner.
func (t *Thing) speaksFor() base.Key {
	if t.Brought {
		return base.Key{}
	}
	return t.Owner
}

// uses reports whether a player may use a thing: its owner, or who borrowed it.
func (t *Thing) uses(k base.Key) bool { return t.Owner == k || !t.Borrower.IsZero() && t.Borrower == k }

// judge says whether a player may do something with a thing as it is now.
func (s *Sim) judge(t *Thing, op InputKind, k base.Key) Code {
	admin := s.May(k, RightThings)
	lent := !t.Borrower.IsZero()
	switch op {
	case InMove:
		if !t.uses(k) && !admin {
			return NotAllowed
		}
	case InTake:
		if !t.Owner.IsZero() && (t.Owner != k || !t.Brought) {
			return Owned
		}
	case InReturn:
		if !lent {
			return NotLent
		}
		if !t.uses(k) && !admin {
			return NotAllowed
		}
	default: // give, lend, delete
		if t.Owner != k && !admin {
			return NotAllowed
		}
		if lent {
			return Lent
		}
	}
	return OK
}

// owned is how many things of a player are here. What a neighbour brought in the
// player's name does not fill the place of what the player makes.
func (s *Sim) owned(k base.Key) (n int) {
	for _, t := range s.things {
		if t.speaksFor() == k && !t.avatar() {
			n++
		}
	}
	return n
}

// full reports whether a player may not have one more. Admins may have as many
// as the region holds.
func (s *Sim) full(k base.Key) bool { return !s.May(k, RightThings) && s.owned(k) >= MaxOwn }

// makeOwn makes a thing of a player.
func (s *Sim) makeOwn(x *signed, me *session) (Code, base.ID, bool) {
	spec, none := x.in.Spec, base.ID{}
	admin := s.May(x.Key, RightThings)
	spec.Owner, spec.Pos = x.Key, x.in.Pos.Sub(s.cfg.Site)
	switch {
	case s.ownerOf(x.in.Pos) != s.cfg.ID:
		return Elsewhere, none, false
	case !s.reaches(me, spec.Pos):
		return TooFar, none, false
	case !admin && (spec.Size.Len() > 2*MaxMade || max(spec.Size.X, spec.Size.Y, spec.Size.Z) > MaxMade):
		return BadInput, none, false
	case s.full(x.Key):
		return Quota, none, false
	case s.shard.Hand().Free() <= 0:
		return Full, none, false
	}
	// The id comes from the input alone: without it the others' things have the
	// ids that they have with it.
	var n [16]byte
	binary.LittleEndian.PutUint64(n[:], uint64(s.tick))
	binary.LittleEndian.PutUint64(n[8:], x.Seq)
	t := s.makeAs(base.DeriveID("thing made", s.cfg.ID[:], x.Key[:], n[:]), 1, &spec)
	if t == nil {
		return BadInput, none, false
	}
	return OK, t.ID, false
}

// reaches reports whether a place is near enough to an avatar to put something
// there.
func (s *Sim) reaches(me *session, p spatial.Vec) bool {
	return p.Sub(s.body(s.thing(me.Thing)).Pos).Len() <= MakeReach
}

// own looks at what a player wants with a thing, and lets the thing's actor
// decide: of two who take it in a tick the canonical order picks one.
func (s *Sim) own(x *signed, me *session) (Code, base.ID, bool) {
	in := &x.in
	t := s.thing(in.Thing)
	if t == nil || t.avatar() {
		return NoThing, in.Thing, false
	}
	if c := s.judge(t, in.Kind, x.Key); c != OK {
		return c, t.ID, false
	}
	at := in.Pos.Sub(s.cfg.Site)
	switch in.Kind {
	case InMove:
		switch {
		case s.ownerOf(in.Pos) != s.cfg.ID:
			return Elsewhere, t.ID, false
		case !s.near(me, t, MoveReach) || !s.reaches(me, at):
			return TooFar, t.ID, false
		}
	case InTake:
		if !s.near(me, t, MoveReach) {
			return TooFar, t.ID, false
		}
	case InGive, InLend:
		if in.To.IsZero() {
			break // to nobody
		}
		if _, here := s.findSession(in.To); !here || in.To == t.Owner {
			return NobodyHere, t.ID, false
		}
	}
	s.todo = append(s.todo, event{To: t.ID, From: me.Thing, Seq: x.Seq, Kind: evOwn, op: in.Kind, At: at, to: in.To, ticks: in.Ticks, player: x.Key})
	return OK, t.ID, true
}

// owning is the thing's actor doing it. Whether the new owner has room is
// counted as the tick began: the bound is against hoarding, and one tick's
// worth beyond it is no harm.
func (s *Sim) owning(j *job, t *Thing, e *event) Code {
	if j.gone {
		return NoThing
	}
	if c := s.judge(t, e.op, e.player); c != OK {
		return c
	}
	switch e.op {
	case InMove:
		at := s.inside(e.At, t.Size.Scale(0.5))
		if t.Hollow {
			t.At = at
			break
		}
		j.cmds = append(j.cmds, command(t.ID, physics.Command{Kind: physics.CmdSet, Body: physics.Body{Pos: at, Rot: j.body.Rot}}))
		return OK
	case InTake:
		if s.full(e.player) { // it was nobody's, or brought: not counted
			return Quota
		}
		t.Owner, t.Brought = e.player, false
	case InGive:
		if !e.to.IsZero() {
			// What a thing runs acts for its owner on all their things: nobody
			// gets that without a hand of their own. It can be given to nobody,
			// and taken.
			if t.runs() {
				return NotAllowed
			}
			if s.full(e.to) {
				return Quota
			}
		}
		t.Owner = e.to
	case InLend:
		t.Borrower, t.Loan = e.to, s.tick+base.Tick(e.ticks)
	case InReturn:
		t.Borrower, t.Loan = base.Key{}, 0
	case InDelete:
		j.gone = true
	}
	j.changed = true
	return OK
}

// giveBack ends the loans whose time has come.
func (s *Sim) giveBack() {
	for i, t := range s.things {
		if t.Loan == 0 || t.Loan > s.tick {
			continue
		}
		n := *t
		n.Borrower, n.Loan = base.Key{}, 0
		s.things[i] = &n
		s.out.Sync = true
	}
}

// deleted is a thing that can be had back for a while.
type deleted struct {
	Thing *Thing
	Body  physics.Body // of one that is not hollow: place, turn, mass, friction, restitution
	Until base.Tick
}

// discard deletes a thing, and keeps it to be had back. Of one owner's the
// oldest goes when there are too many, then of all.
func (s *Sim) discard(t *Thing) {
	b := s.body(t)
	x := deleted{Thing: t, Until: s.tick + UndoTicks}
	// Nothing else: a snapshot holds no more, and a restored sim must bring back
	// the same.
	x.Body = physics.Body{Pos: b.Pos, Rot: b.Rot, Mass: b.Mass, Friction: b.Friction, Restitution: b.Restitution}
	s.remove(t)
	n := 0
	for _, o := range s.bin {
		if o.Thing.Owner == t.Owner {
			n++
		}
	}
	if n >= maxBinOne {
		i := slices.IndexFunc(s.bin, func(o deleted) bool { return o.Thing.Owner == t.Owner })
		s.bin = slices.Delete(s.bin, i, i+1)
	} else if len(s.bin) >= maxBin {
		s.bin = slices.Delete(s.bin, 0, 1)
	}
	s.bin = append(s.bin, x)
}

// empty forgets what was deleted too long ago.
func (s *Sim) empty() {
	n := 0
	for n < len(s.bin) && s.bin[n].Until <= s.tick {
		n++
	}
	s.bin = slices.Delete(s.bin, 0, n)
}

// undelete brings a thing back, where it was and as it was, with a later epoch.
func (s *Sim) undelete(x *signed, _ *session) (Code, base.ID, bool) {
	id := x.in.Thing
	i := slices.IndexFunc(s.bin, func(o deleted) bool { return o.Thing.ID == id })
	switch {
	case i < 0 || s.thing(id) != nil:
		return NoThing, id, false
	case s.bin[i].Thing.Owner != x.Key && !s.May(x.Key, RightThings):
		return NotAllowed, id, false
	case !s.bin[i].Thing.Brought && s.full(s.bin[i].Thing.Owner):
		return Quota, id, false
	case s.shard.Hand().Free() <= 0:
		return Full, id, false
	}
	o := s.bin[i]
	t := *o.Thing
	t.Epoch, t.Since, t.Timers = t.Epoch+1, s.tick, nil
	b := o.Body
	b.Shape = t.shape()
	if t.Fixed {
		b.Flags |= physics.Static
	}
	if s.spawn(&t, b) != nil {
		return Full, id, false
	}
	s.bin = slices.Delete(s.bin, i, i+1)
	s.put(&t)
	s.want(&t)
	for _, w := range t.Slots {
		s.out.Slots = append(s.out.Slots, SlotChange{t.ID, w})
	}
	return OK, id, false
}

func (s *Sim) appendBin(e *base.Encoder) {
	e.U32(uint32(len(s.bin)))
	for _, x := range s.bin {
		x.Thing.appendHere(e)
		e.U64(uint64(x.Until))
		if b := &x.Body; !x.Thing.Hollow {
			b.Pos.AppendTo(e)
			appendQuat(e, b.Rot)
			e.F32(b.Mass)
			e.F32(b.Friction)
			e.F32(b.Restitution)
		}
	}
}

func (s *Sim) readBin(d *base.Decoder) {
	for range d.Count(maxBin, 100) {
		x := deleted{Thing: readHere(d), Until: base.Tick(d.U64())}
		if b := &x.Body; !x.Thing.Hollow {
			b.Pos, b.Rot = spatial.ReadVec(d), readQuat(d)
			b.Mass, b.Friction, b.Restitution = d.F32(), d.F32(), d.F32()
		}
		s.bin = append(s.bin, x)
	}
}
