package physics

import (
	"testing"

	"github.com/metatopia/metatopia/spatial"
)

func joined(j Joint) Command { return Command{Kind: CmdJoint, Joint: &j} }

// hang joins b to a (the zero Body is the ground) at a place, along an axis.
func hang(id JointID, kind JointKind, a, b Body, at, axis spatial.Vec) Joint {
	j := Joint{ID: id, Kind: kind, A: a.ID, B: b.ID}
	j.FrameA, j.FrameB = Frames(a, b, at, axis)
	return j
}

// world makes one of bodies and joints, and fails the test when a command is
// refused.
func world(t testing.TB, cfg Config, bodies []Body, joints ...Joint) *World {
	t.Helper()
	w, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var cmds []Command
	for _, b := range bodies {
		cmds = append(cmds, add(b))
	}
	for _, j := range joints {
		cmds = append(cmds, joined(j))
	}
	if err := w.apply(cmds); err != nil {
		t.Fatal(err)
	}
	return w
}

func state(t testing.TB, w *World, id JointID) JointState {
	t.Helper()
	s, ok := w.JointState(id)
	if !ok {
		t.Fatalf("joint %d is gone", id)
	}
	return s
}

func bob(id BodyID, x, y, z float32) Body {
	b := ball(id, 0.1, x, y, z)
	b.Restitution = 0
	return b
}

// chain hangs n links of 1 kg and half a metre from the ground frame at 40 m,
// and an end of the given mass from the last.
func chain(t testing.TB, n int, end float32) *World {
	var bodies []Body
	var js []Joint
	last := Body{}
	for i := range n {
		b := Body{ID: BodyID(i + 1), Shape: boxShape(0.05, 0.25, 0.05), Mass: 1, Pos: v(0, 40-0.25-float32(0.5*float32(i)), 0)}
		js = append(js, hang(JointID(i+1), BallJoint, last, b, v(0, 40-float32(0.5*float32(i)), 0), v(0, 1, 0)))
		bodies = append(bodies, b)
		last = b
	}
	low := 40 - float32(0.5*float32(n))
	b := Body{ID: BodyID(n + 1), Shape: boxShape(0.4, 0.4, 0.4), Mass: end, Pos: v(0, low-0.4, 0)}
	js = append(js, hang(JointID(n+1), BallJoint, last, b, v(0, low, 0), v(0, 1, 0)))
	return world(t, Config{}, append(bodies, b), js...)
}

// gap is the widest of all joints, m.
func gap(t testing.TB, w *World) (widest float32) {
	w.EachJoint(func(j Joint) bool {
		widest = max(widest, state(t, w, j.ID).Gap)
		return true
	})
	return widest
}
