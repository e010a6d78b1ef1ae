package physics

import (
	"testing"

	"github.com/metatopia/metatopia/spatial/det"
)

// TestSeams: a floor of boxes is walked over like one plane, by a sphere and by
// a box.
func TestSeams(t *testing.T) {
	for _, shape := range []Shape{ballShape(0.4), boxShape(0.3, 0.9, 0.3)} {
		for _, speed := range []float32{0.2, 0.5, 1.4, 2, 5} {
			w, _ := New(Config{})
			var cmds []Command
			for i := range 8 {
				tile := crate(BodyID(10+i), float32(i), 0.5, 0)
				tile.Flags = Static
				cmds = append(cmds, add(tile))
			}
			me := avatar(1, 0, 0.1)
			me.Shape, me.Pos.Y = shape, 1+shape.Half.Y
			if shape.Kind == Sphere {
				me.Pos.Y = 1 + shape.Half.X
			}
			steps(t, w, 60, append(cmds, add(me))...)
			n := int(5.5/speed*60) + 60
			steps(t, w, n, drive(1, v(speed, 0, 0), 20))
			if b := at(t, w, 1); b.Pos.X < 5.6 {
				t.Errorf("shape %d at %g m/s: caught at a seam: %v at %v", shape.Kind, speed, b.Pos, b.Vel)
			}
		}
	}
}

// TestStairs: an upright box climbs low steps and is stopped by a high one.
func TestStairs(t *testing.T) {
	w, _ := New(Config{})
	me := avatar(1, 0, 0)
	me.Shape, me.Pos.Y = boxShape(0.3, 0.9, 0.3), 0.9
	cmds := []Command{add(me), drive(1, v(1.4, 0, 0), 20)}
	for i := range 3 {
		high := float32(0.15) * float32(i+1)
		cmds = append(cmds, add(Body{ID: BodyID(10 + i), Shape: boxShape(0.5, high/2, 2), Flags: Static, Pos: v(1.5+float32(i), high/2, 0)}))
	}
	cmds = append(cmds, add(Body{ID: 20, Shape: boxShape(0.5, 0.5, 2), Flags: Static, Pos: v(4.5, 0.5, 0)}))
	steps(t, w, 300, cmds...)
	if b := at(t, w, 1); det.Abs(b.Pos.X-3.7) > 0.03 || det.Abs(b.Pos.Y-1.35) > 0.03 {
		t.Errorf("ended at %v, want the third stair before the wall", b.Pos)
	}
}

// TestPushCrate: a walker pushes a crate and does not climb it.
func TestPushCrate(t *testing.T) {
	w, _ := New(Config{})
	me := avatar(1, 0, 0)
	me.Shape, me.Pos.Y = boxShape(0.3, 0.9, 0.3), 0.9
	box := crate(2, 1, 0.1, 0)
	box.Shape.Half.Y = 0.1
	steps(t, w, 240, add(me), add(box), drive(1, v(1, 0, 0), 10))
	a, b := at(t, w, 1), at(t, w, 2)
	if det.Abs(a.Pos.Y-0.9) > 0.02 || b.Pos.X < 3 || b.Pos.X-a.Pos.X < 0.75 {
		t.Errorf("walker at %v, crate at %v", a.Pos, b.Pos)
	}
}
