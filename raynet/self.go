package raynet

import (
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

// own is what the node says of itself.
type own struct {
	pos   spatial.Pos
	point spatial.Pos // pos with its jitter
	vel   spatial.Vec
	aoi   uint16
	load  uint16
	addr  []byte

	posedAt int64       // last SetPose
	posed   spatial.Pos // the place it told; pos is reckoned on from there
	said    said

	rec      *wire.Record
	signedAt int64
	seq      uint32
	moveSeq  uint32
	jumps    uint8
	jumpAt   int64 // when it was last counted up
	moved    bool  // a pose waits to be sent
	epoch    uint32
	unixMs   uint64 // at the first Step
	movedAt  int64
}

// said is the pose of the last Move to all lease holders: what they reckon
// with.
type said struct {
	pos spatial.Pos
	vel wire.Velocity
	at  int64
}

func (s *own) pose(id *base.Key, pos spatial.Pos, vel spatial.Vec) {
	s.pos, s.point, s.vel = pos, point(id, pos), vel
}

// sign makes a new record of the node; one that would count a jump too soon
// after the last waits for the next keepSigned.
func (n *Node) sign() {
	s := &n.self
	if n.jumped() {
		if n.now < s.jumpAt+jumpGap {
			return
		}
		s.jumps++
		s.jumpAt = n.now
	}
	s.seq++
	s.signedAt = n.now
	r := n.makeRecord(false)
	s.rec = &r
	n.n.Signed++
}

func (n *Node) makeRecord(leaving bool) wire.Record {
	s := &n.self
	r := wire.Record{
		Kind: n.kind, Leaving: leaving, Jumps: s.jumps & 7, Key: n.id,
		Stamp:  wire.Stamp{Epoch: s.epoch, Seq: s.seq},
		UnixMs: (s.unixMs + uint64((n.now-n.startAt)/millisecond)) & (1<<48 - 1),
		Pos:    s.pos, Vel: wire.VelocityOf(s.vel), AOI: s.aoi, Load: s.load,
		Addr: wire.DigestOf(s.addr),
	}
	r.Sig = n.env.Sign(n.id, r.SigningBytes(n.cfg.World))
	return r
}

// signFast is the least time between two records of a mover.
const signFast = second

// keepSigned renews the record when it is old, or when the node has gone a
// tenth of the local spacing.
func (n *Node) keepSigned() {
	s := &n.self
	age := n.now - s.signedAt
	if age >= n.cfg.SignEvery || (age >= signFast && n.strayed(reckon(s.rec.Pos, s.rec.Vel.Vec(), age), s.pos, 10)) {
		n.sign()
	}
}

// strayed says that two places are at least a part of the local spacing apart.
func (n *Node) strayed(from, to spatial.Pos, part float64) bool {
	return from != to && beyond(from, to, n.spacing/part)
}

// beyond says that two places are at least some metres apart.
func beyond(from, to spatial.Pos, m float64) bool {
	limit := m * spatial.Unit
	return float64(from.Dist2(to)) >= float64(limit*limit)
}

// sayPart is the part of the local spacing by which lease holders may be wrong
// about a mover before it tells them, from sayLeast to sayMost metres, and
// sayAhead how far they may reckon on meanwhile.
const (
	sayPart  = 50
	sayLeast = 0.02
	sayMost  = 1
	sayAhead = second / 2
)

// strayedFromSaid says that lease holders reckon with a pose that is wrong, or
// will be before the next beat.
func (n *Node) strayedFromSaid() bool {
	s := &n.self
	age := n.now - s.said.at
	told, vel := s.said.vel.Vec(), wire.VelocityOf(s.vel).Vec()
	m := min(max(n.spacing/sayPart, sayLeast), sayMost)
	return beyond(reckon(s.said.pos, told, age), s.pos, m) ||
		(vel != told && beyond(reckon(s.said.pos, told, age+sayAhead), reckon(s.pos, vel, sayAhead), m))
}

// selfEntry is the node's own entry; the address is left out for a peer that
// has been given it.
func (n *Node) selfEntry(p *peer) wire.Entry {
	e := wire.Entry{Record: n.self.rec, Age: wire.AgeOf(n.now - n.self.signedAt)}
	if len(n.self.addr) == 0 {
		return e
	}
	if p == nil || p.rest().addrSent != n.self.rec.Addr {
		e.Addr = n.self.addr
	}
	if p != nil {
		p.more.addrSent = n.self.rec.Addr
	}
	return e
}

// teleport is the jump, in local spacings, from which the old view is of no
// use and the node joins anew at the new place.
const teleport = 4

func (n *Node) setPose(in SetPose) {
	s := &n.self
	pos := n.clamp(in.Pos)
	jump := n.spacing > 0 && s.pos.Dist2(pos) > uint64(float64(n.spacing*n.spacing)*(teleport*teleport*spatial.Unit*spatial.Unit))
	changed := pos != s.posed || in.Vel != s.vel
	s.aoi, s.load, s.posedAt, s.posed = in.AOI, in.Load, n.now, pos
	s.pose(&n.id, pos, finite(in.Vel))
	if !changed {
		return
	}
	s.moved = s.moved || n.strayedFromSaid()
	switch {
	case jump:
		n.sign()
		n.rejoin()
	case n.now == n.startAt:
		// Nobody has seen the record of the configured place yet.
		n.sign()
	}
}

// walkOn reckons the own place on between two SetPose.
func (n *Node) walkOn() {
	if s := &n.self; s.vel != (spatial.Vec{}) {
		s.pose(&n.id, n.clamp(reckon(s.posed, s.vel, min(n.now-s.posedAt, stillAfter))), s.vel)
	}
}

// stillAfter is how long a velocity holds that no SetPose repeats: a driver
// tells of changes of place, and one who stands still changes nothing.
const stillAfter = second

func (n *Node) standStill() {
	if s := &n.self; s.vel != (spatial.Vec{}) && n.now-s.posedAt >= stillAfter {
		s.pose(&n.id, s.posed, spatial.Vec{})
		s.moved = true
	}
}

// finite drops a velocity that is no number: it would poison every sum.
func finite(v spatial.Vec) spatial.Vec {
	if s := v.X + v.Y + v.Z; s-s != 0 {
		return spatial.Vec{}
	}
	return v
}

func (n *Node) setAddr(addr []byte) {
	if len(addr) > wire.MaxAddr {
		n.n.TooMany++
		return
	}
	n.self.addr = append([]byte(nil), addr...)
	if wire.DigestOf(addr) != n.self.rec.Addr {
		n.sign()
	}
}

// flushMove sends the pose to every lease holder.
func (n *Node) flushMove() {
	n.self.moved, n.self.movedAt = false, n.now
	m := n.move()
	n.self.said = said{m.Pos, m.Vel, n.now}
	for _, p := range n.table.all {
		if n.ahead(p.leaseTo) {
			n.send(p, m, LatestWins)
		}
	}
}

func (n *Node) move() *wire.Move {
	n.self.moveSeq++
	return &wire.Move{
		Stamp: wire.Stamp{Epoch: n.self.epoch, Seq: n.self.moveSeq},
		Pos:   n.self.pos, Vel: wire.VelocityOf(n.self.vel),
	}
}

// refresh gives a peer the node's record if it holds an older one.
func (n *Node) refresh(p *peer, have wire.Stamp) {
	n.keepSigned()
	if have.Compare(n.self.rec.Stamp) < 0 {
		n.send(p, &wire.NearGive{Entries: []wire.Entry{n.selfEntry(p)}}, Reliable)
	}
}
