package physics

import (
	"testing"

	"github.com/metatopia/metatopia/physics/shape"
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

// walkers are the bodies that walk, each 1.8 m high.
func walkers() map[string]Body {
	box := Body{ID: 100, Shape: boxShape(0.3, 0.9, 0.3), Flags: Upright, Mass: 70, Friction: 0.8}
	capsule := box
	capsule.Shape = capsuleShape(0.3, 0.6)
	return map[string]Body{"box": box, "capsule": capsule}
}

// stand puts a walker with its feet at a place.
func stand(b Body, x, y, z float32) Command {
	b.Pos = v(x, y+0.9, z)
	return add(b)
}

func block(id BodyID, x, y, z, hx, hy, hz float32) Command {
	return add(Body{ID: id, Shape: boxShape(hx, hy, hz), Flags: Static, Pos: v(x, y, z), Friction: 0.5})
}

func feet(b Body) float32 { return b.Pos.Y - 0.9 }

// meshOf joins boxes into one mesh.
func meshOf(boxes [][6]float32) *shape.Geometry {
	var p []det.Vec
	var tri [][3]int
	for _, b := range boxes {
		n := len(p)
		for i := range 8 {
			s := func(bit int) float32 { return 1 - 2*float32(i>>bit&1) }
			p = append(p, det.Vec{X: b[0] + b[3]*s(0), Y: b[1] + b[4]*s(1), Z: b[2] + b[5]*s(2)})
		}
		for _, q := range [6][4]int{{0, 2, 6, 4}, {1, 5, 7, 3}, {0, 4, 5, 1}, {2, 3, 7, 6}, {0, 1, 3, 2}, {4, 6, 7, 5}} {
			tri = append(tri, [3]int{n + q[0], n + q[1], n + q[2]}, [3]int{n + q[0], n + q[2], n + q[3]})
		}
	}
	g, err := shape.NewMesh(p, tri)
	if err != nil {
		panic(err)
	}
	return g
}

// TestClimbsStairs of boxes and of one mesh, at a walk and at a run, without
// losing much time, and is not thrown up at the top.
func TestClimbsStairs(t *testing.T) {
	for name, me := range walkers() {
		for _, mesh := range []bool{false, true} {
			for _, speed := range []float32{1.4, 5} {
				w, _ := New(Config{})
				var cmds []Command
				var boxes [][6]float32
				for i := range 8 {
					y := float32(0.18) * float32(i+1) / 2
					b := [6]float32{1.5 + 0.3*float32(i), y, 0, 0.15, y, 2}
					if i == 7 {
						b[0], b[3] = b[0]+4.85, 5
					}
					boxes = append(boxes, b)
					cmds = append(cmds, block(BodyID(10+i), b[0], b[1], b[2], b[3], b[4], b[5]))
				}
				if mesh {
					g := meshOf(boxes)
					cmds = []Command{addGeometry(g), add(Body{ID: 10, Shape: geometryShape(g), Flags: Static, Friction: 0.5})}
				}
				steps(t, w, 10, append(cmds, stand(me, 0, 0, 0))...)
				n := int(6 / speed * 60)
				steps(t, w, 1, drive(100, v(speed, 0, 0), 20))
				top := float32(0)
				for range n {
					steps(t, w, 1)
					top = max(top, feet(at(t, w, 100)))
				}
				b := at(t, w, 100)
				if b.Pos.X < 4.2 || det.Abs(feet(b)-1.44) > 0.02 || !w.Standing(100) {
					t.Errorf("%s at %g m/s, mesh %v: ended at %v", name, speed, mesh, b.Pos)
				}
				if top > 1.44+0.05 {
					t.Errorf("%s at %g m/s, mesh %v: thrown to %g", name, speed, mesh, top)
				}
			}
		}
	}
}

// TestStopsBeforeHighStep: a step above Config.Step is a wall, as it was set.
func TestStopsBeforeHighStep(t *testing.T) {
	for name, me := range walkers() {
		for _, c := range []struct {
			set, high float32
			over      bool
		}{{0, 0.27, true}, {0, 0.4, false}, {0.5, 0.45, true}, {0.1, 0.2, false}} {
			w, _ := New(Config{Step: c.set})
			steps(t, w, 10, block(10, 3, c.high/2, 0, 1, c.high/2, 2), stand(me, 0, 0, 0))
			steps(t, w, 100, drive(100, v(1.5, 0, 0), 20))
			if b := at(t, w, 100); (feet(b) > c.high-0.02) != c.over || !c.over && b.Pos.X > 1.72 {
				t.Errorf("%s, steps of %g m: a step of %g m leaves it at %v", name, c.set, c.high, b.Pos)
			}
		}
	}
}

// slope is a static ramp that rises along X by angle from x = 2.
func slope(angle float32) Command {
	rot := det.AxisAngle(det.Vec{Z: 1}, angle)
	m := rot.Matrix()
	c := det.Vec{X: 2}.Add(m.Apply(det.Vec{X: 10, Y: -0.5}))
	return add(Body{ID: 10, Shape: boxShape(10, 0.5, 5), Flags: Static, Pos: spatial.Vec(c), Rot: spatial.Quat(rot), Friction: 0.5})
}

// TestHoldsOnSlopes: up and down a slope at the wanted speed on the map,
// standing still on it without creeping; a steep one it cannot climb and slides
// down.
func TestHoldsOnSlopes(t *testing.T) {
	for name, me := range walkers() {
		for _, deg := range []float32{10, 30, 45, 60, 70} {
			w, _ := New(Config{})
			steps(t, w, 10, slope(deg*det.Pi/180), stand(me, 0, 0, 0))
			steps(t, w, 180, drive(100, v(2, 0, 0), 20))
			b := at(t, w, 100)
			if deg > 52 {
				if b.Pos.X > 3 {
					t.Errorf("%s climbed %g degrees to %v", name, deg, b.Pos)
				}
				continue
			}
			if det.Abs(b.Pos.X-6) > 0.4 || det.Abs(b.Vel.X-2) > 0.05 {
				t.Errorf("%s up %g degrees: %v at %v", name, deg, b.Pos, b.Vel)
			}
			steps(t, w, 60, drive(100, v(0, 0, 0), 20))
			b = at(t, w, 100)
			steps(t, w, 300)
			if d := at(t, w, 100).Pos.Sub(b.Pos).Len(); d > 0.01 || !w.Resting(100) {
				t.Errorf("%s crept %g m on %g degrees", name, d, deg)
			}
			steps(t, w, 1, drive(100, v(-2, 0, 0), 20))
			for i := range 60 {
				steps(t, w, 1)
				if !w.Standing(100) {
					t.Errorf("%s down %g degrees: in the air after %d steps", name, deg, i)
					break
				}
			}
			if b = at(t, w, 100); det.Abs(b.Vel.X+2) > 0.05 {
				t.Errorf("%s down %g degrees: at %v", name, deg, b.Vel)
			}
		}
		// Put on a steep slope, it slides.
		w, _ := New(Config{})
		steps(t, w, 1, slope(60*det.Pi/180), stand(me, 4, 4.2, 0), drive(100, v(0, 0, 0), 20))
		steps(t, w, 120)
		if b := at(t, w, 100); b.Pos.Y > 1.5 {
			t.Errorf("%s holds on 60 degrees: %v", name, b.Pos)
		}
	}
}

// TestIsNotLaunched: running over kerbs, ridges and the ends of ramps, a walker
// stays near the ground.
func TestIsNotLaunched(t *testing.T) {
	for name, me := range walkers() {
		for _, high := range []float32{0.02, 0.05, 0.1, 0.2, 0.29} {
			w, _ := New(Config{})
			steps(t, w, 10, block(10, 3, high/2, 0, 1, high/2, 2), stand(me, 0, 0, 0))
			steps(t, w, 1, drive(100, v(6, 0, 0), 40))
			top := float32(0)
			for range 60 {
				steps(t, w, 1)
				top = max(top, feet(at(t, w, 100)))
			}
			if top > high+0.03 {
				t.Errorf("%s over a kerb of %g m: thrown to %g", name, high, top)
			}
			if b := at(t, w, 100); b.Pos.X < 4.5 {
				t.Errorf("%s over a kerb of %g m: held up at %v", name, high, b.Pos)
			}
		}
		g := heightfield(65, 65, 0.5, func(x, z float32) float32 { return max(0, 3-float32(0.6*det.Abs(x))) })
		w, _ := New(Config{})
		steps(t, w, 10, addGeometry(g), add(Body{ID: 1, Shape: geometryShape(g), Flags: Static}), stand(me, -8, 0.01, 0.2))
		steps(t, w, 1, drive(100, v(5, 0, 0), 20))
		air := 0
		for range 180 {
			steps(t, w, 1)
			b := at(t, w, 100)
			// A capsule touches a slope beside its lowest point.
			if high := feet(b) - max(0, 3-0.6*det.Abs(b.Pos.X)); high > 0.3 || high < -0.2 {
				t.Fatalf("%s over a ridge: %g m above it at %v", name, high, b.Pos)
			}
			if !w.Standing(100) {
				air++
			}
		}
		if b := at(t, w, 100); b.Pos.X < 6 || air > 6 {
			t.Errorf("%s over a ridge: came to %v, %d steps in the air", name, b.Pos, air)
		}
	}
}

// TestRidesPlatforms that move sideways, up and down, and turn; it walks on
// them as on the ground, and leaves them with their speed.
func TestRidesPlatforms(t *testing.T) {
	for name, me := range walkers() {
		w, _ := New(Config{})
		car := Body{ID: 10, Shape: boxShape(4, 0.25, 4), Flags: Kinematic, Pos: v(0, 2, 0), Friction: 0.5}
		steps(t, w, 10, add(car), stand(me, 0, 2.25, 0), drive(100, v(0, 0, 0), 20))
		car.Vel = v(2, -0.5, 1)
		steps(t, w, 60, Command{Kind: CmdSet, ID: 10, Body: car})
		b, c := at(t, w, 100), at(t, w, 10)
		if d := b.Pos.Sub(c.Pos); d.Sub(v(0, 1.15, 0)).Len() > 0.2 || b.Vel.Sub(v(2, -0.5, 1)).Len() > 0.1 {
			t.Errorf("%s on a car: %v from its middle, at %v", name, d, b.Vel)
		}
		before := b.Pos.Sub(c.Pos)
		steps(t, w, 60, drive(100, v(0, 0, -1), 20))
		b, c = at(t, w, 100), at(t, w, 10)
		if d := b.Pos.Sub(c.Pos).Sub(before); d.Sub(v(0, 0, -1)).Len() > 0.1 {
			t.Errorf("%s walked %v on the car", name, d)
		}
		steps(t, w, 10, drive(100, v(0, 4, 0), 20))
		if b = at(t, w, 100); w.Standing(100) || det.Abs(b.Vel.X-2) > 1 {
			t.Errorf("%s jumped off at %v", name, b.Vel)
		}

		w, _ = New(Config{})
		disc := Body{ID: 10, Shape: boxShape(4, 0.25, 4), Flags: Kinematic, Pos: v(0, 2, 0), Spin: v(0, 1, 0)}
		steps(t, w, 1, add(disc), stand(me, 2, 2.25, 0), drive(100, v(0, 0, 0), 30))
		steps(t, w, 180)
		b = at(t, w, 100)
		if r := det.Sqrt(b.Pos.X*b.Pos.X + b.Pos.Z*b.Pos.Z); det.Abs(r-2) > 0.35 || det.Abs(b.Vel.Len()-2) > 0.4 {
			t.Errorf("%s on a disc: %g m from its middle, at %v", name, r, b.Vel)
		}
	}
}

// TestWallsHold: pushed with all its might, a walker does not creep into a wall,
// up it, or through a corner; nor do the seams of a wall hold it up.
func TestWallsHold(t *testing.T) {
	for name, me := range walkers() {
		w, _ := New(Config{})
		cmds := []Command{stand(me, 0, 0, 0.3)}
		for i := range 10 {
			cmds = append(cmds, block(BodyID(10+i), 1, 1.5, float32(i)-2, 0.05, 1.5, 0.5))
		}
		cmds = append(cmds, block(50, 0, 1.5, 5.5, 5, 1.5, 0.05))
		steps(t, w, 600, append(cmds, drive(100, v(5, 0, 0), MaxAcceleration))...)
		b := at(t, w, 100)
		if b.Pos.X > 0.67 || det.Abs(feet(b)) > 0.02 {
			t.Errorf("%s before a wall: %v", name, b.Pos)
		}
		steps(t, w, 120, drive(100, v(3, 0, 3), MaxAcceleration))
		b = at(t, w, 100)
		if b.Pos.X > 0.7 || b.Pos.Z > 5.2 || b.Pos.Z < 4.6 || det.Abs(feet(b)) > 0.05 {
			t.Errorf("%s along a wall into a corner: %v", name, b.Pos)
		}
	}
}

// TestPushesAndDoesNotClimb crates, even low ones; it stands on them when it
// falls on them.
func TestPushesAndDoesNotClimb(t *testing.T) {
	for name, me := range walkers() {
		w, _ := New(Config{})
		box := crate(10, 1, 0.12, 0)
		box.Shape.Half.Y, box.Mass = 0.12, 5
		steps(t, w, 180, stand(me, 0, 0, 0), add(box), drive(100, v(1.5, 0, 0), 10))
		a, b := at(t, w, 100), at(t, w, 10)
		if det.Abs(feet(a)) > 0.03 || b.Pos.X-a.Pos.X < 0.7 || b.Pos.X < 3 {
			t.Errorf("%s at %v, crate at %v", name, a.Pos, b.Pos)
		}
		w, _ = New(Config{})
		big := crate(10, 0, 0.5, 0)
		big.Mass = 200
		steps(t, w, 90, stand(me, 0.1, 1.3, 0), add(big), drive(100, v(0, 0, 0), 10))
		if a = at(t, w, 100); det.Abs(feet(a)-1) > 0.02 || !w.Standing(100) {
			t.Errorf("%s on a crate: %v", name, a.Pos)
		}
	}
}

// TestJumpsFromSlope: jumps are obeyed and not eaten by the footing.
func TestJumpsFromSlope(t *testing.T) {
	for name, me := range walkers() {
		w, _ := New(Config{})
		steps(t, w, 10, slope(0.5), stand(me, 0, 0, 0))
		steps(t, w, 90, drive(100, v(2, 0, 0), 20))
		b := at(t, w, 100)
		steps(t, w, 1, drive(100, v(2, 4, 0), 20))
		if !w.Standing(100) && at(t, w, 100).Vel.Y < 3.5 {
			t.Errorf("%s jumps at %v", name, at(t, w, 100).Vel)
		}
		top := float32(0)
		for range 40 {
			steps(t, w, 1)
			top = max(top, at(t, w, 100).Pos.Y-b.Pos.Y)
		}
		if top < 0.75 {
			t.Errorf("%s jumped %g m", name, top)
		}
	}
}

// characterScene has every kind of ground for walkers.
func characterScene() scene {
	g := meshOf([][6]float32{{0, -0.5, 0, 30, 0.5, 30}, {6, 0.1, 0, 1, 0.1, 2}, {8, 0.2, 0, 1, 0.2, 2}})
	car := Body{ID: 10, Shape: boxShape(2, 0.25, 2), Flags: Kinematic, Pos: v(0, 0.25, 6), Vel: v(0.5, 0.2, 0)}
	at := map[int][]Command{0: {
		addGeometry(g), add(Body{ID: 9, Shape: geometryShape(g), Flags: Static, Pos: v(0, 0.5, 0), Friction: 0.5}), add(car),
	}}
	k := BodyID(0)
	for _, name := range []string{"box", "capsule"} {
		b := walkers()[name]
		for i := range 4 {
			k++
			b.ID = 100 + k
			at[0] = append(at[0], stand(b, float32(i), 1.2, float32(k)))
			at[30+10*i] = append(at[30+10*i], drive(b.ID, v(2, 0, float32(i-2)), 15))
			at[120] = append(at[120], drive(b.ID, v(1, 4, 1), 15))
			at[180] = append(at[180], drive(b.ID, v(-3, 0, float32(i)), 15))
		}
	}
	return scene{"characters", Config{}, 250, at}
}

func TestCharactersRestore(t *testing.T) {
	s := characterScene()
	w, _ := New(s.cfg)
	for i := range s.steps {
		r, err := Restore(s.cfg, w.AppendSnapshot(nil))
		if err != nil {
			t.Fatal(err)
		}
		r.Step(s.at[i], nil)
		w.Step(s.at[i], nil)
		if w.Hash() != r.Hash() {
			t.Fatalf("restored before step %d, it goes another way", i)
		}
	}
}
