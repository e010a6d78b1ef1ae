package region

import (
	"cmp"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/spatial"
)

// session is the part of an avatar that only its player's inputs and its own
// actor write. It travels with the avatar.
type session struct {
	Player base.Key
	Thing  base.ID
	Seq    uint64 // highest sequence number taken
	Proof  []byte // the signed input that brought it: what the next region believes

	Steer      spatial.Vec
	SteerUntil base.Tick
	Walking    bool
	Target     spatial.Pos
	Jump       bool // at the next tick

	Talk base.Tick // when what was said so far is paid for

	Drive spatial.Vec // what physics was last told
	Last  spatial.Vec // where it was when way was last measured
	Stuck uint16      // ticks since then
	Aside uint16      // ticks left to walk aside
	Side  bool        // which side

	Came bool // over a border, and nobody has judged yet whether it may
}

// departure remembers the inputs of a player who is not here any more.
type departure struct {
	Player base.Key
	Seq    uint64
	At     base.Tick
}

func (s *Sim) findSession(k base.Key) (int, bool) {
	return slices.BinarySearchFunc(s.sessions, k, func(x session, k base.Key) int { return x.Player.Compare(k) })
}

func (s *Sim) findGone(k base.Key) (int, bool) {
	return slices.BinarySearchFunc(s.gone, k, func(x departure, k base.Key) int { return x.Player.Compare(k) })
}

// remember keeps a departed player's sequence number. When the table is full
// the one who left first is forgotten: their old join could then be played
// again, which puts their avatar here and does nothing else.
func (s *Sim) remember(k base.Key, seq uint64) {
	s.goneStamp++
	i, ok := s.findGone(k)
	if ok {
		s.gone[i].Seq, s.gone[i].At = max(s.gone[i].Seq, seq), s.tick
		return
	}
	s.gone = slices.Insert(s.gone, i, departure{k, seq, s.tick})
	if len(s.gone) > MaxGone {
		oldest := 0
		for j := range s.gone {
			if s.gone[j].At < s.gone[oldest].At {
				oldest = j
			}
		}
		s.gone = slices.Delete(s.gone, oldest, oldest+1)
	}
}

func (s *Sim) forgetGone(i int) {
	s.gone = slices.Delete(s.gone, i, i+1)
	s.goneStamp++
}

// input takes one player input: checks, then routes it. The effects on the
// player's own session are done here, those on things by the things' actors.
func (s *Sim) input(x *signed) {
	c := &s.out.Counts
	if !x.ok {
		// No answer: it would go to the player whose name was used.
		c.Forged++
		c.Refused++
		return
	}
	code, thing, later := s.takeInput(x)
	if later {
		return // the thing's actor answers
	}
	s.answer(x.Key, x.Seq, x.in.Kind, code, thing)
}

// answer acknowledges an input. Also a replayed one waits for the disk: the
// input it repeats may not be there yet.
func (s *Sim) answer(k base.Key, seq uint64, kind InputKind, code Code, thing base.ID) {
	c := &s.out.Counts
	durable := kind.Durable() && (code == OK || code == Replayed)
	s.out.Sync = s.out.Sync || durable
	switch code {
	case OK:
		c.Inputs++
	case Replayed:
		c.Replayed++
		c.Refused++
	default:
		c.Refused++
	}
	s.out.Acks = append(s.out.Acks, Ack{Player: k, Seq: seq, Code: code, Thing: thing, Durable: durable})
}

func (s *Sim) takeInput(x *signed) (code Code, thing base.ID, later bool) {
	in := &x.in
	i, here := s.findSession(x.Key)
	if !here {
		if in.Kind != InJoin {
			return NotHere, thing, false
		}
		if g, ok := s.findGone(x.Key); ok && x.Seq <= s.gone[g].Seq {
			return Replayed, thing, false
		}
		code, thing = s.join(x)
		return code, thing, false
	}
	me := &s.sessions[i]
	if x.Seq <= me.Seq {
		return Replayed, me.Thing, false
	}
	me.Seq, me.Proof = x.Seq, x.encoded()
	if c := s.mayDo(x.Key, in); c != OK {
		return c, me.Thing, false
	}
	switch in.Kind {
	case InJoin:
		if in.Region != s.cfg.ID {
			return Elsewhere, thing, false
		}
		t := *s.thing(me.Thing)
		t.Name = in.Name
		s.put(&t)
		return OK, t.ID, false
	case InLeave:
		s.away(x.Key)
		return OK, thing, false
	case InSteer:
		me.Steer, me.SteerUntil, me.Walking = in.Vel, s.tick+SteerTicks, false
		me.Steer.Y = 0
		me.Steer = me.Steer.Limit(MaxSteerSpeed)
		return OK, thing, false
	case InStop:
		me.Steer, me.Walking = spatial.Vec{}, false
		return OK, thing, false
	case InWalk:
		box := spatial.Box{Min: s.cfg.Min, Max: s.cfg.Max}
		if !box.Contains(in.Pos) {
			return BadInput, thing, false
		}
		if !me.Walking { // who walks on keeps the measure of its way
			me.Stuck, me.Aside = 0, 0
			me.Last = s.body(s.thing(me.Thing)).Pos
		}
		me.Target, me.Walking, me.Steer = in.Pos, true, spatial.Vec{}
		return OK, thing, false
	case InJump:
		me.Jump = true
		return OK, thing, false
	case InSay:
		// A line costs lineTicks; who is lineBurst lines ahead waits. It
		// starts anew in the next region.
		if me.Talk > s.tick+lineTicks*(lineBurst-1) {
			return Busy, thing, false
		}
		me.Talk = max(me.Talk, s.tick) + lineTicks
		t := s.thing(me.Thing)
		s.speak(t, in.Text)
		return OK, t.ID, false
	case InTouch:
		return s.touch(x, me)
	case InThrow:
		return s.throw(x, me)
	case InSet, InScript:
		return s.set(x, me)
	case InTie, InUntie:
		return s.tied(x, me)
	case InCreate:
		return s.makeOwn(x, me)
	case InUndelete:
		return s.undelete(x, me)
	case InTell:
		return s.tell(x, me)
	case InMove, InGive, InTake, InLend, InReturn, InDelete:
		return s.own(x, me)
	}
	return BadInput, thing, false
}

// join puts a player's avatar into the region.
func (s *Sim) join(x *signed) (Code, base.ID) {
	in := &x.in
	id := base.AvatarID(x.Key)
	if in.Region != s.cfg.ID || s.ownerOf(in.Pos) != s.cfg.ID {
		return Elsewhere, base.ID{}
	}
	if c := s.mayEnter(x.Key); c != OK {
		return c, base.ID{}
	}
	if len(s.sessions) >= MaxPlayers || s.shard.Hand().Free() <= 0 {
		return Full, base.ID{}
	}
	if t := s.thing(id); t != nil && t.Epoch < x.Seq<<16 {
		s.remove(t) // no avatar, as there is no session: a neighbour's trick
	}
	// The player's own counter orders the lives of an avatar in all regions:
	// a later life fences whatever is left of an earlier one.
	t := &Thing{ID: id, Epoch: x.Seq << 16, Kind: kindAvatar, Name: in.Name, Owner: x.Key, Player: x.Key, Shape: Box,
		Size: spatial.Vec{X: 2 * avatarHalfXZ, Y: 2 * avatarHalfY, Z: 2 * avatarHalfXZ}, Color: tint(x.Key), Since: s.tick}
	pos := s.freeSpot(in.Pos.Sub(s.cfg.Site))
	if err := s.spawn(t, avatarBody(pos)); err != nil {
		return Replayed, base.ID{}
	}
	s.shard.Hand().Yield(id) // to a later life, which the player signs
	if i, ok := s.findGone(x.Key); ok {
		s.forgetGone(i)
	}
	s.forgetLeaving(id)
	s.put(t)
	s.drive(id, spatial.Vec{})
	me := session{Player: x.Key, Thing: id, Seq: x.Seq, Proof: x.encoded(), Last: pos}
	i, _ := s.findSession(x.Key)
	s.sessions = slices.Insert(s.sessions, i, me)
	return OK, id
}

func avatarBody(pos spatial.Vec) physics.Body {
	return physics.Body{Shape: physics.Shape{Kind: physics.Box, Half: spatial.Vec{X: avatarHalfXZ, Y: avatarHalfY, Z: avatarHalfXZ}},
		Flags: physics.Upright, Pos: pos, Mass: 70, Friction: 0.4}
}

func (s *Sim) drive(id base.ID, want spatial.Vec) {
	s.do(command(id, physics.Command{Kind: physics.CmdDrive, Vec: want, F: avatarAccel}))
}

// freeSpot looks on growing squares round a place for one where no other
// body's centre is within a metre. After 25 tries it takes the place itself,
// on top of what stands fixed there: physics would push who is deep inside a
// house into the ground.
func (s *Sim) freeSpot(p spatial.Vec) spatial.Vec {
	p = s.inside(p, spatial.Vec{X: avatarHalfXZ, Y: avatarHalfY, Z: avatarHalfXZ})
	for try := range 25 {
		q := p
		q.X += float32(float32(spiral[try][0]) * 1.2)
		q.Z += float32(float32(spiral[try][1]) * 1.2)
		q = s.inside(q, spatial.Vec{X: avatarHalfXZ, Y: avatarHalfY, Z: avatarHalfXZ})
		if s.ownerOf(s.at(q)) == s.cfg.ID && !s.crowded(q) {
			return q
		}
	}
	for range 4 { // houses may stand on houses
		p.Y = s.roof(p)
	}
	return s.inside(p, spatial.Vec{X: avatarHalfXZ, Y: avatarHalfY, Z: avatarHalfXZ})
}

// roof is the height of an avatar at p, or on top of the fixed things it is in.
func (s *Sim) roof(p spatial.Vec) float32 {
	y := p.Y
	for _, t := range s.things {
		if !t.Fixed || t.Hollow {
			continue
		}
		b := s.body(t)
		half := t.Size.Scale(0.5)
		d := b.Pos.Sub(p)
		high := half.Y
		if b.Rot.X != 0 || b.Rot.Z != 0 {
			high = half.Len() // it leans
		}
		flat := spatial.Vec{X: half.X, Z: half.Z}
		if (spatial.Vec{X: d.X, Z: d.Z}).Len() < flat.Len()+avatarHalfXZ && max(d.Y, -d.Y) < high+avatarHalfY {
			y = max(y, b.Pos.Y+high+avatarHalfY)
		}
	}
	return y
}

var spiral = func() (at [25][2]int8) {
	type cell struct{ ring, x, z int8 }
	var all []cell
	for x := int8(-2); x <= 2; x++ {
		for z := int8(-2); z <= 2; z++ {
			all = append(all, cell{max(x, -x, z, -z), x, z})
		}
	}
	slices.SortFunc(all, func(a, b cell) int {
		return cmp.Or(cmp.Compare(a.ring, b.ring), cmp.Compare(a.x, b.x), cmp.Compare(a.z, b.z))
	})
	for i, c := range all {
		at[i] = [2]int8{c.x, c.z}
	}
	return at
}()

func (s *Sim) crowded(p spatial.Vec) bool {
	for _, t := range s.things {
		if t.Hollow {
			continue
		}
		d := s.body(t).Pos.Sub(p)
		reach := 0.7 + float32(max(t.Size.X, t.Size.Z)/2)
		if d.Y = 0; d.Len() < reach {
			return true
		}
	}
	return false
}

// tint gives every player a colour of their own, told apart on a screen.
func tint(k base.Key) uint32 {
	colors := [...]uint32{0xe4572e, 0x17bebb, 0xffc914, 0x76b041, 0x8f5fd7, 0xf06cab, 0x2e86de, 0xd98324, 0x3aa17e, 0xc94f7c, 0x6c7ae0, 0xb0a13c}
	return colors[int(k[0])%len(colors)]
}

// away takes a player's avatar out of the world.
func (s *Sim) away(k base.Key) {
	i, ok := s.findSession(k)
	if !ok {
		return
	}
	me := s.sessions[i]
	s.sessions = slices.Delete(s.sessions, i, i+1)
	s.remember(k, me.Seq)
	if t := s.thing(me.Thing); t != nil {
		s.remove(t)
	}
}

// ownerOf is the region that owns a place, as far as this one knows its
// neighbours: the nearest site, the lower id of two as near.
func (s *Sim) ownerOf(p spatial.Pos) base.ID {
	best, id := s.cfg.Site.Dist2(p), s.cfg.ID
	for i := range s.neighbours {
		n := &s.neighbours[i]
		if d := n.Site.Dist2(p); d < best || (d == best && n.ID.Compare(id) < 0) {
			best, id = d, n.ID
		}
	}
	return id
}
