package physics

import (
	"testing"

	"github.com/metatopia/metatopia/physics/shape"
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

func heightfield(nx, nz int, cell float32, h func(x, z float32) float32) *shape.Geometry {
	heights := make([]float32, nx*nz)
	for j := range nz {
		for i := range nx {
			heights[j*nx+i] = h(float32(cell*(float32(i)-float32(nx-1)/2)), float32(cell*(float32(j)-float32(nz-1)/2)))
		}
	}
	g, err := shape.NewHeightfield(nx, nz, cell, heights)
	if err != nil {
		panic(err)
	}
	return g
}

func flat(x, z float32) float32 { return 0 }

// flatMesh is a level mesh of triangles of many sizes.
func flatMesh() *shape.Geometry {
	var p []det.Vec
	var tri [][3]int
	const n = 40
	for j := range n {
		for i := range n {
			shake := float32((i*7+j*13)%5) * 0.06
			p = append(p, det.Vec{X: float32(i-n/2)*0.5 + shake, Z: float32(j-n/2)*0.5 - shake})
		}
	}
	for j := range n - 1 {
		for i := range n - 1 {
			a := j*n + i
			if (i+j)%2 == 0 {
				tri = append(tri, [3]int{a, a + n, a + n + 1}, [3]int{a, a + n + 1, a + 1})
			} else {
				tri = append(tri, [3]int{a, a + n, a + 1}, [3]int{a + 1, a + n, a + n + 1})
			}
		}
	}
	g, err := shape.NewMesh(p, tri)
	if err != nil {
		panic(err)
	}
	return g
}

func ground(g *shape.Geometry) Body {
	return Body{ID: 1, Shape: geometryShape(g), Flags: Static, Pos: v(0, 5, 0), Friction: 0.7}
}

// TestRollsOverSeams: a ball, a capsule and a box go over the edges inside a
// smooth surface with no bump, no energy gained and no speed lost but by rolling
// resistance and friction, as on one plane.
func TestRollsOverSeams(t *testing.T) {
	plane := func(s Shape, speed float32, level float32) float32 {
		w, _ := New(Config{})
		b := Body{ID: 2, Shape: s, Pos: v(-8, level, 0.13), Mass: 1, Friction: 0.1, Vel: v(speed, 0, 0.3)}
		steps(t, w, 90, add(b))
		return at(t, w, 2).Pos.X
	}
	for name, g := range map[string]*shape.Geometry{"field": heightfield(65, 65, 0.3, flat), "mesh": flatMesh()} {
		for _, c := range []struct {
			shape Shape
			high  float32
		}{
			{ballShape(0.3), 0.3}, {ballShape(0.05), 0.05}, {boxShape(0.4, 0.2, 0.3), 0.2}, {capsuleShape(0.2, 0.4), 0.6},
		} {
			for _, speed := range []float32{0.5, 3, 9} {
				w, _ := New(Config{})
				b := Body{ID: 2, Shape: c.shape, Pos: v(-8, 5+c.high, 0.13), Mass: 1, Friction: 0.1, Vel: v(speed, 0, 0.3)}
				if c.shape.Kind == Capsule {
					b.Flags = Upright
				}
				land := ground(g)
				land.Friction = 0.1 // that of the world's ground under b
				steps(t, w, 1, addGeometry(g), add(land), add(b))
				top, most := float32(0), float64(0)
				first := energy(w)
				for range 89 {
					steps(t, w, 1)
					top = max(top, at(t, w, 2).Pos.Y)
					most = max(most, energy(w))
				}
				if top > 5+c.high+0.001 {
					t.Errorf("%s, kind %d at %g m/s: bumped %g mm", name, c.shape.Kind, speed, 1000*(top-5-c.high))
				}
				if most > first*1.0005 {
					t.Errorf("%s, kind %d at %g m/s: %g J became %g", name, c.shape.Kind, speed, first, most)
				}
				if c.shape.Kind == Capsule {
					continue
				}
				if x, want := at(t, w, 2).Pos.X, plane(c.shape, speed, c.high); det.Abs(x-want) > 0.02 {
					t.Errorf("%s, kind %d at %g m/s: came to %g, on a plane to %g", name, c.shape.Kind, speed, x, want)
				}
			}
		}
	}
}

// hillsField rises and falls.
func hillsField() *shape.Geometry {
	return heightfield(65, 65, 0.5, func(x, z float32) float32 {
		return float32(0.8*det.Sin(float32(0.5*x))) + float32(0.6*det.Cos(float32(0.7*z)))
	})
}

// TestThingsLieOnHills: boxes, hulls and balls dropped on a heightfield come to
// rest on it and sleep; nothing falls through.
func TestThingsLieOnHills(t *testing.T) {
	g := hillsField()
	s := shapesScene()
	w, _ := New(Config{})
	cmds := append([]Command{addGeometry(g)}, s.at[0]...)
	for i := range cmds {
		if cmds[i].Kind == CmdAdd {
			cmds[i].Body.ID += 10
			cmds[i].Body.Pos.Y += 8
			cmds[i].Body.Friction = 1
		}
	}
	land := ground(g)
	land.Friction = 1
	steps(t, w, 900, append(cmds, add(land))...)
	resting := 0
	w.Each(func(b Body) bool {
		if b.ID == 1 {
			return true
		}
		if b.Pos.Y < 3.5 && det.Abs(b.Pos.X) < 16 && det.Abs(b.Pos.Z) < 16 {
			t.Errorf("body %d fell through: %v", b.ID, b.Pos)
		}
		if w.Resting(b.ID) {
			resting++
		}
		return true
	})
	if resting < 50 {
		t.Errorf("%d of 64 rest", resting)
	}
}

// TestNothingTunnelsMesh: a fast small ball does not pass a mesh.
func TestNothingTunnelsMesh(t *testing.T) {
	for _, g := range []*shape.Geometry{flatMesh(), hillsField()} {
		w, _ := New(Config{})
		b := ball(2, 0.05, 0.3, 30, 0.2)
		b.Vel = v(10, -98, 5)
		steps(t, w, 60, addGeometry(g), add(ground(g)), add(b))
		if b := at(t, w, 2); b.Pos.Y < 3.5 {
			t.Errorf("passed: %v", b.Pos)
		}
	}
}

// table is a compound: a top on four legs.
func table() *shape.Geometry {
	children := []shape.Child{{Shape: shape.Shape{Kind: Box, Half: det.Vec{X: 0.8, Y: 0.05, Z: 0.5}}, Pose: shape.At(det.Vec{Y: 0.75}, det.Identity)}}
	for i := range 4 {
		x, z := 0.7-float32(1.4)*float32(i&1), 0.4-float32(0.8)*float32(i>>1)
		children = append(children, shape.Child{Shape: shape.Shape{Kind: Box, Half: det.Vec{X: 0.05, Y: 0.35, Z: 0.05}}, Pose: shape.At(det.Vec{X: x, Y: 0.35, Z: z}, det.Identity)})
	}
	g, _, err := shape.NewCompound(children)
	if err != nil {
		panic(err)
	}
	return g
}

// TestTableStands: on the ground and on a heightfield, with a ball below it, and
// its touches are told once.
func TestTableStands(t *testing.T) {
	for _, over := range []bool{false, true} {
		w, _ := New(Config{})
		g, field := table(), heightfield(33, 33, 0.3, flat)
		b := Body{ID: 2, Shape: geometryShape(g), Pos: v(0, 0.7, 0), Mass: 20, Friction: 0.6}
		under := ball(3, 0.2, 0.1, 0.2, 0)
		on := crate(4, 0.2, 1.2, 0)
		on.Shape = boxShape(0.2, 0.2, 0.2)
		other := Ground
		cmds := []Command{addGeometry(g)}
		if over {
			land := ground(field)
			cmds = append(cmds, addGeometry(field), add(land))
			b.Pos.Y, under.Pos.Y, on.Pos.Y = b.Pos.Y+5, under.Pos.Y+5, on.Pos.Y+5
			other = 1
		}
		ev := steps(t, w, 200, append(cmds, add(b), add(under), add(on))...)
		got := at(t, w, 2)
		if up := got.Rot.Rotate(v(0, 1, 0)).Y; up < 0.9999 || !w.Resting(2) {
			t.Errorf("over %v: %v turned %v", over, got.Pos, got.Rot)
		}
		if c := at(t, w, 4); det.Abs(c.Pos.X-0.2) > 0.02 || !w.Resting(4) {
			t.Errorf("over %v: the box on it is at %v", over, c.Pos)
		}
		begins := 0
		for _, e := range ev {
			if e.A == 2 && e.B == other && e.Kind == EvBegin {
				begins++
			}
			if e.Kind == EvEnd && e.A == 2 {
				t.Errorf("over %v: touch ended: %+v", over, e)
			}
		}
		if begins != 1 {
			t.Errorf("over %v: %d begins of the table", over, begins)
		}
		r, err := Restore(w.cfg, w.AppendSnapshot(nil))
		if err != nil {
			t.Fatal(err)
		}
		push := Command{Kind: CmdImpulse, ID: 2, Vec: v(100, 20, 0)}
		for range 60 {
			w.Step([]Command{push}, nil)
			r.Step([]Command{push}, nil)
			if push.Kind = CmdDrive; w.Hash() != r.Hash() {
				t.Fatal("restored, it goes another way")
			}
		}
		ev = steps(t, w, 1, Command{Kind: CmdRemove, ID: 2})
		for i := range ev {
			for k := range i {
				if ev[i] == ev[k] {
					t.Errorf("told twice: %+v", ev[i])
				}
			}
		}
	}
}

// surfaceScene is every kind on hills.
func surfaceScene() scene {
	s := shapesScene()
	g, tab := hillsField(), table()
	s.name = "hills"
	cmds := append([]Command{addGeometry(g), addGeometry(tab), add(ground(g))}, s.at[0]...)
	for i := range cmds {
		if b := &cmds[i].Body; cmds[i].Kind == CmdAdd && b.ID != 1 || b.ID == 1 && b.Flags == 0 {
			b.ID += 10
			b.Pos.Y += 7
			if b.ID%7 == 0 {
				b.Shape = geometryShape(tab)
				b.Rot = spatial.Identity
			}
		}
	}
	s.at[0] = cmds
	return s
}
