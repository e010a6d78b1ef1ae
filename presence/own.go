package presence

import (
	"github.com/metatopia/metatopia/presence/wire"
	"github.com/metatopia/metatopia/spatial"
)

// holds is how long a velocity counts that the driver does not repeat.
const holds = second

// own is the node's own avatar.
type own struct {
	pos     wire.Point
	vel     wire.Velocity
	aoi     uint16 // metres
	posedAt int64

	stamp  wire.Stamp
	last   *wire.Pose // the newest pose made
	madeAt int64
	fresh  bool           // nothing was set since last was made
	ring   [ringSize]said // the newest poses, by sequence number
}

// said is a pose that receivers may still think on from.
type said struct {
	seq uint32
	pos wire.Point
	vel wire.Velocity
	at  int64
}

func (o *own) radius() int64 { return int64(o.aoi) * spatial.Unit }

// at gives the own pose at a time.
func (o *own) at(now int64) (wire.Point, wire.Velocity) {
	dt := now - o.posedAt
	if dt > holds {
		return ahead(o.pos, o.vel, holds), wire.Velocity{}
	}
	return ahead(o.pos, o.vel, dt), o.vel
}

// pose makes the pose to tell, one for each moment.
func (n *Node) pose() *wire.Pose {
	o := &n.me
	if o.last != nil && o.madeAt == n.now && o.fresh {
		return o.last
	}
	pos, vel := o.at(n.now)
	o.stamp.Seq++
	o.last = &wire.Pose{Body: wire.Body{Stamp: o.stamp, Pos: wire.PointOf(pos.Pos()), Vel: vel, AOI: o.aoi}}
	o.madeAt, o.fresh = n.now, true
	o.ring[o.stamp.Seq%ringSize] = said{o.stamp.Seq, o.last.Body.Pos, vel, n.now}
	return o.last
}

// deviation tells, for the poses of the ring, how far off a receiver is that
// thinks on from them.
type deviation struct {
	known, full, slow uint64 // bits by place in the ring
}

// off reports whether a receiver that last heard seq is off by more than its
// class may be.
func (n *Node) off(d *deviation, seq uint32, c wire.Class) bool {
	i := seq % ringSize
	s := &n.me.ring[i]
	if s.seq != seq {
		return true
	}
	if d.known>>i&1 == 0 {
		d.known |= 1 << i
		pos, vel := n.me.at(n.now)
		e := sub(pos, ahead(s.pos, s.vel, n.now-s.at)).len2()
		if e > n.cfg.FullError*n.cfg.FullError || turned(vel, s.vel) {
			d.full |= 1 << i
		}
		if e > n.cfg.SlowError*n.cfg.SlowError {
			d.slow |= 1 << i
		}
	}
	if c == wire.Full {
		return d.full>>i&1 != 0
	}
	return d.slow>>i&1 != 0
}

// turned reports a change of velocity that shows at once, before it has
// become a distance: half a metre a second.
func turned(a, b wire.Velocity) bool {
	const limit = 50
	return abs(int64(a.X)-int64(b.X)) > limit || abs(int64(a.Y)-int64(b.Y)) > limit || abs(int64(a.Z)-int64(b.Z)) > limit
}
