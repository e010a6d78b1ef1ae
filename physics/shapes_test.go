package physics

import (
	"errors"
	"testing"

	"github.com/metatopia/metatopia/physics/shape"
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

func capsuleShape(r, half float32) Shape { return Shape{Kind: Capsule, Half: v(r, half, r)} }

// die is a cube of half size h as a hull.
func die(h float32) *shape.Geometry {
	var p []det.Vec
	for i := range 8 {
		s := func(bit int) float32 { return h - float32(2*h)*float32(i>>bit&1) }
		p = append(p, det.Vec{X: s(0), Y: s(1), Z: s(2)})
	}
	return hullOf(p)
}

func hullOf(points []det.Vec) *shape.Geometry {
	g, _, err := shape.NewHull(points)
	if err != nil {
		panic(err)
	}
	return g
}

func geometryShape(g *shape.Geometry) Shape { return Shape{Kind: g.Kind(), Geometry: g.ID()} }
func addGeometry(g *shape.Geometry) Command { return Command{Kind: CmdGeometry, Geometry: g} }

// shapesScene drops capsules and hulls among boxes and balls.
func shapesScene() scene {
	cube := die(0.4)
	wedge := hullOf([]det.Vec{{X: -0.5, Y: -0.3, Z: -0.4}, {X: 0.5, Y: -0.3, Z: -0.4}, {X: -0.5, Y: -0.3, Z: 0.4}, {X: 0.5, Y: -0.3, Z: 0.4}, {X: -0.5, Y: 0.4, Z: -0.4}, {X: -0.5, Y: 0.4, Z: 0.4}})
	s := heapScene("shapes", 4, func(id BodyID, x, y, z float32) Body {
		b := Body{ID: id, Pos: v(x, y, z), Mass: 1, Friction: 0.5, Restitution: 0.1}
		b.Rot = spatial.Quat(det.AxisAngle(det.Vec{X: 0.6, Z: 0.8}, float32(id)))
		switch id % 5 {
		case 0:
			b.Shape = capsuleShape(0.25, 0.35)
		case 1:
			b.Shape = geometryShape(cube)
		case 2:
			b.Shape = geometryShape(wedge)
		case 3:
			b.Shape = boxShape(0.4, 0.3, 0.5)
		case 4:
			b.Shape = ballShape(0.4)
		}
		return b
	})
	s.at[0] = append([]Command{addGeometry(cube), addGeometry(wedge)}, s.at[0]...)
	return s
}

// TestDieSettles: a cube of a hull thrown in any way comes to rest on a face,
// and sleeps.
func TestDieSettles(t *testing.T) {
	g := die(0.4)
	for i := range 8 {
		w, _ := New(Config{})
		b := Body{ID: 1, Shape: geometryShape(g), Pos: v(0, 2, 0), Mass: 1, Friction: 0.5,
			Vel: v(float32(i)-4, 1, 2), Spin: v(3, float32(i), -5)}
		b.Rot = spatial.Quat(det.AxisAngle(det.Vec{X: 0.6, Z: 0.8}, float32(i)))
		steps(t, w, 400, addGeometry(g), add(b))
		b = at(t, w, 1)
		if !w.Resting(1) {
			t.Errorf("throw %d: not at rest: %v %v", i, b.Vel, b.Spin)
		}
		m := det.Quat(b.Rot).Matrix()
		if up := max(det.Abs(m.A.Y), det.Abs(m.B.Y), det.Abs(m.C.Y)); up < 0.9995 || det.Abs(b.Pos.Y-0.4) > 0.005 {
			t.Errorf("throw %d: lies at %v, turned %v", i, b.Pos, b.Rot)
		}
	}
}

// TestCapsuleRolls: down a ramp, across its axis, without sliding; it does not
// roll along it.
func TestCapsuleRolls(t *testing.T) {
	for _, across := range []bool{true, false} {
		w, _ := New(Config{})
		tilt := det.AxisAngle(det.Vec{Z: 1}, -0.15)
		ramp := Body{ID: 1, Shape: boxShape(10, 0.5, 5), Flags: Static, Pos: v(0, 2, 0), Rot: spatial.Quat(tilt), Friction: 1}
		b := Body{ID: 2, Shape: capsuleShape(0.2, 0.5), Mass: 2, Friction: 1}
		m := tilt.Matrix()
		b.Pos = spatial.Vec(det.Vec{Y: 2}.Add(m.Apply(det.Vec{X: -5, Y: 0.7})))
		if across { // its axis along Z, the ramp falls along X
			b.Rot = spatial.Quat(tilt.Mul(det.AxisAngle(det.Vec{X: 1}, det.Pi/2)))
		} else {
			b.Rot = spatial.Quat(tilt.Mul(det.AxisAngle(det.Vec{Z: 1}, det.Pi/2)))
		}
		start := b.Pos
		steps(t, w, 120, add(ramp), add(b))
		b = at(t, w, 2)
		moved := b.Pos.Sub(start).Len()
		if !across {
			if moved > 0.02 {
				t.Errorf("slid %g m along its axis", moved)
			}
			continue
		}
		if moved < 1.2 || det.Abs(b.Pos.Z) > 0.01 {
			t.Errorf("rolled %g m to %v", moved, b.Pos)
		}
		if slip := det.Abs(b.Vel.Len() - float32(0.2*b.Spin.Len())); slip > 0.05 {
			t.Errorf("slips: %v at %v", b.Vel, b.Spin)
		}
	}
}

// TestGeometriesComeAndGo: a geometry stays while a body refers to it.
func TestGeometriesComeAndGo(t *testing.T) {
	g, other := die(0.4), die(0.3)
	w, _ := New(Config{})
	has := func(want bool) {
		t.Helper()
		if _, ok := w.Geometry(g.ID()); ok != want {
			t.Errorf("geometry there: %v", ok)
		}
	}
	body := func(id BodyID) Command {
		return add(Body{ID: id, Shape: geometryShape(g), Pos: v(float32(id), 0.4, 0), Mass: 1})
	}
	refused := func(want error, cmds ...Command) {
		t.Helper()
		if _, err := w.Step(cmds, nil); !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
	}
	refused(ErrGeometry, body(1))
	steps(t, w, 1, addGeometry(g))
	has(false)
	refused(ErrGeometry, body(1))
	steps(t, w, 1, addGeometry(g), addGeometry(g), body(1), body(2))
	has(true)
	steps(t, w, 1, Command{Kind: CmdRemove, ID: 1})
	has(true)
	if r, err := Restore(w.cfg, w.AppendSnapshot(nil)); err != nil || r.Hash() != w.Hash() {
		t.Errorf("restore: %v", err)
	}
	steps(t, w, 1, Command{Kind: CmdRemove, ID: 2}, body(3))
	has(true)
	steps(t, w, 1, Command{Kind: CmdRemove, ID: 3})
	has(false)
	wrong := Body{ID: 4, Shape: Shape{Kind: Compound, Geometry: other.ID()}, Pos: v(0, 1, 0), Mass: 1}
	refused(ErrGeometry, addGeometry(other), add(wrong))
	refused(ErrGeometry, Command{Kind: CmdGeometry})
	refused(ErrGeometry, add(Body{ID: 5, Shape: Shape{Kind: Mesh, Geometry: 1}, Pos: v(0, 1, 0), Mass: 1}))
}

// TestShapesRestore: a world of every kind goes on from a snapshot at any step.
func TestShapesRestore(t *testing.T) {
	s := shapesScene()
	w, _ := New(s.cfg)
	for i := range s.steps {
		if i%20 == 10 {
			r, err := Restore(s.cfg, w.AppendSnapshot(nil))
			if err != nil {
				t.Fatal(err)
			}
			w = r
		}
		w.Step(s.at[i], nil)
	}
	if got, want := w.Hash(), s.play(t, nil).Hash(); got != want {
		t.Errorf("hash %x, without restoring %x", got, want)
	}
}
