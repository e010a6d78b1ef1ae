package physics

import (
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

// Frames are those of a joint at the place at with its axis along axis, both
// in the world, for two bodies as they are now: the coordinate is then 0 and
// nothing pulls. The zero Body stands for Ground.
func Frames(a, b Body, at, axis spatial.Vec) (onA, onB Frame) {
	return frameOn(a, at, axis), frameOn(b, at, axis)
}

func frameOn(b Body, at, axis spatial.Vec) Frame {
	q := axes(det.Vec(axis))
	if b.ID == Ground {
		return Frame{at, spatial.Quat(q)}
	}
	turn := det.Quat(b.Rot)
	if turn == (det.Quat{}) {
		turn = det.Identity
	}
	back := turn.Conj()
	return Frame{
		Pos: spatial.Vec(back.Rotate(det.Vec(at).Sub(det.Vec(b.Pos)))),
		Rot: spatial.Quat(back.Mul(q).Unit()),
	}
}

// axes is the shortest rotation that turns X to x.
func axes(x det.Vec) det.Quat {
	x = x.Unit(det.Vec{X: 1})
	if x.X < -0.999999 {
		return det.Quat{Y: 1} // half a turn about Y
	}
	return det.Quat{Y: -x.Z, Z: x.Y, W: 1 + x.X}.Unit()
}

// JointState is where a joint is and how fast it goes. What a kind has not is
// 0.
type JointState struct {
	Coordinate float32 // rad or m, see JointKind; of a ball joint its twist
	Speed      float32 // rad/s or m/s
	Swing      float32 // ball joint: rad between the axes
	Gap        float32 // between the anchors, m; what a slider or a rope leaves free does not count
}

// JointState reports on a joint as the last step left it.
func (w *World) JointState(id JointID) (JointState, bool) {
	i, ok := w.index(id)
	if !ok {
		return JointState{}, false
	}
	j := w.links[i].Joint
	j.Flags |= JointLimit // or a ball joint's angles are not looked at
	r := rig{tip: tip{w.end(j.A), w.end(j.B)}, Joint: &j}
	w.put(&r)
	ma, mb := w.moment(r.i), w.moment(r.j)
	r.refresh(&ma, &mb)
	s := JointState{Coordinate: r.coord, Speed: r.speed(&ma, &mb)}
	switch r.Kind {
	case BallJoint:
		s.Swing = r.swung
		s.Gap = r.d.Len()
	case SliderJoint:
		s.Gap = r.d.AddScaled(-r.coord, r.axis).Len()
	case HingeJoint, FixedJoint:
		s.Gap = r.d.Len()
	}
	return s, true
}

// moment is how body i moves between two steps, without its masses.
func (w *World) moment(i int32) motion {
	if int(i) == len(w.solids) {
		return motion{dq: det.Identity}
	}
	s := &w.solids[i]
	return motion{v: det.Vec(s.Vel), w: det.Vec(s.Spin), dq: det.Identity}
}
