package shard

import (
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

// moment is the motion of a body at the end of a tick of this region, in this
// region's coordinates.
type moment struct {
	Tick base.Tick
	Pos  spatial.Vec
	Rot  spatial.Quat
	Vel  spatial.Vec
	Spin spatial.Vec
}

func momentOf(tick base.Tick, p *physics.Body) moment {
	return moment{tick, p.Pos, p.Rot, p.Vel, p.Spin}
}

// change is the difference of two motions of one body at one time.
type change struct {
	pos, vel, spin det.Vec
	turn           det.Quat // world axes
	slide, roll    det.Vec  // the part of vel and spin that makes a difference of place
}

// minus is what must be done to o to make it m.
func (m *moment) minus(o *moment) change {
	c := change{
		pos:  det.Vec(m.Pos).Sub(det.Vec(o.Pos)),
		vel:  det.Vec(m.Vel).Sub(det.Vec(o.Vel)),
		spin: det.Vec(m.Spin).Sub(det.Vec(o.Spin)),
		turn: det.Quat(m.Rot).Mul(det.Quat(o.Rot).Conj()).Unit(),
	}
	c.slide, c.roll = c.vel, c.spin
	return c
}

// rest leaves out what contacts decide: a body that lies on something trembles
// by what the solver leaves of its speed towards it, and is stopped from going
// that way whatever it was told. faces are the directions of its contacts.
func (c *change) rest(faces []det.Vec, ball bool) {
	if len(faces) == 0 {
		return
	}
	for _, n := range faces {
		if d := c.vel.Dot(n); det.Abs(d) < trembleSpeed {
			c.vel = c.vel.AddScaled(-d, n)
		}
		c.slide = c.slide.AddScaled(-c.slide.Dot(n), n)
		if d := c.pos.Dot(n); det.Abs(d) < tremblePlace {
			c.pos = c.pos.AddScaled(-d, n)
		}
	}
	if ball {
		return
	}
	if c.vel.Len2() < trembleSpeed*trembleSpeed {
		c.vel, c.slide = det.Vec{}, det.Vec{}
	}
	if c.spin.Len2() < trembleSpin*trembleSpin {
		c.spin = det.Vec{}
	}
	c.roll = c.spin
	if v := (det.Vec{X: c.turn.X, Y: c.turn.Y, Z: c.turn.Z}); v.Len2() < trembleTurn*trembleTurn {
		c.turn = det.Identity
	}
	if c.pos.Len2() < tremblePlace*tremblePlace {
		c.pos = det.Vec{}
	}
}

// walk leaves out a difference of speed that the drive of both has made up for
// by now, most being what it makes up for in that time.
func (c *change) walk(most float32) {
	if flat := (det.Vec{X: c.vel.X, Z: c.vel.Z}); flat.Len2() <= float32(most*most) {
		c.vel.X, c.vel.Z = 0, 0
		c.slide.X, c.slide.Z = 0, 0
	}
}

// none reports a change of no more than what rounding on the wire makes.
func (c *change) none() bool {
	v := det.Vec{X: c.turn.X, Y: c.turn.Y, Z: c.turn.Z}
	return c.pos.Len2() <= samePlace*samePlace && c.vel.Len2() <= sameSpeed*sameSpeed &&
		c.spin.Len2() <= sameSpin*sameSpin && v.Len2() <= sameTurn*sameTurn
}

// plus is m as it is when the change was made t seconds before: what differed
// in speed has by then become a difference of place.
func (m moment) plus(c *change, t float32) moment {
	m.Pos = spatial.Vec(det.Vec(m.Pos).Add(c.pos).AddScaled(t, c.slide))
	m.Vel = spatial.Vec(det.Vec(m.Vel).Add(c.vel).Limit(physics.MaxSpeed))
	m.Spin = spatial.Vec(det.Vec(m.Spin).Add(c.spin).Limit(physics.MaxSpin))
	m.Rot = spatial.Quat(c.turn.Mul(det.Quat(m.Rot)).Turn(c.roll.Scale(t)))
	return m
}

// flown is m moved on by n steps of physics: in free fall when free, else
// straight on, as what lies or rolls does.
func (m moment) flown(c *physics.Config, n int, free bool) moment {
	g := float32(0)
	if free {
		g = c.Gravity
	}
	p, v, q := det.Vec(m.Pos), det.Vec(m.Vel), det.Quat(m.Rot)
	h := c.Dt / float32(c.Substeps)
	for range n * c.Substeps {
		v.Y += float32(g * h)
		v = v.Limit(physics.MaxSpeed)
		p = p.AddScaled(h, v)
		q = q.Turn(det.Vec(m.Spin).Scale(h))
	}
	m.Pos, m.Vel, m.Rot = spatial.Vec(p), spatial.Vec(v), spatial.Quat(q)
	return m
}

// shifted is m in the coordinates of a region whose site lies by d away.
func (m moment) shifted(d spatial.Vec) moment {
	m.Pos = m.Pos.Add(d)
	return m
}

// within brings m into the bounds of a world.
func (m moment) within(c *physics.Config) moment {
	p := &m.Pos
	p.X = min(max(p.X, c.Min.X), c.Max.X)
	p.Y = min(max(p.Y, c.Min.Y), c.Max.Y)
	p.Z = min(max(p.Z, c.Min.Z), c.Max.Z)
	m.Vel, m.Spin = m.Vel.Limit(physics.MaxSpeed), m.Spin.Limit(physics.MaxSpin)
	return m
}
