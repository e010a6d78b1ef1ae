package physics

import (
	"testing"

	"github.com/metatopia/metatopia/spatial/det"
)

func steps(t *testing.T, w *World, n int, cmds ...Command) (all []Event) {
	t.Helper()
	for range n {
		var err error
		if all, err = w.Step(cmds, all); err != nil {
			t.Fatal(err)
		}
		cmds = nil
	}
	return all
}

func at(t *testing.T, w *World, id BodyID) Body {
	t.Helper()
	b, ok := w.Body(id)
	if !ok {
		t.Fatalf("no body %d", id)
	}
	return b
}

func TestWalk(t *testing.T) {
	w, _ := New(Config{})
	steps(t, w, 5, add(avatar(1, 0, 0)))
	steps(t, w, 60, drive(1, v(1.5, 0, 0), 10))
	b := at(t, w, 1)
	if det.Abs(b.Vel.X-1.5) > 0.01 || b.Pos.X < 1.2 || b.Pos.X > 1.5 {
		t.Errorf("after a second of walking: %v at %v", b.Pos, b.Vel)
	}
	steps(t, w, 30, drive(1, v(0, 0, 0), 10))
	stop := at(t, w, 1)
	if stop.Vel.Len() > 0.01 || stop.Pos.X-b.Pos.X > 0.2 {
		t.Errorf("does not stop: %v at %v", stop.Pos, stop.Vel)
	}
	if stop.Spin.Len() != 0 || stop.Rot != at(t, w, 1).Rot || !w.Standing(1) {
		t.Errorf("upright body turned: %v %v", stop.Rot, stop.Spin)
	}
}

// TestSlide: walking slantwise into a wall goes on along it.
func TestSlide(t *testing.T) {
	for _, shape := range []Shape{ballShape(0.4), boxShape(0.3, 0.4, 0.3)} {
		w, _ := New(Config{})
		me := avatar(1, 0, 0)
		me.Shape = shape
		wall := Body{ID: 2, Shape: boxShape(0.1, 2, 20), Flags: Static, Pos: v(1, 2, 0), Friction: 1}
		steps(t, w, 180, add(me), add(wall), drive(1, v(2, 0, 2), 20))
		b := at(t, w, 1)
		if b.Pos.X > 0.9-shape.Half.X+0.02 || b.Pos.Z < 5 {
			t.Errorf("shape %d: %v", shape.Kind, b.Pos)
		}
	}
}

func TestJump(t *testing.T) {
	w, _ := New(Config{})
	steps(t, w, 10, add(avatar(1, 0, 0)))
	up := drive(1, v(0, 4, 0), 10)
	steps(t, w, 1, up, up)
	if y := at(t, w, 1).Vel.Y; det.Abs(y-(4-9.81/60)) > 0.01 {
		t.Fatalf("jumps at %g m/s", y)
	}
	high := float32(0)
	for i := range 120 {
		if i < 20 {
			steps(t, w, 1, up) // ignored in the air
		} else {
			steps(t, w, 1)
		}
		high = max(high, at(t, w, 1).Pos.Y)
	}
	if want := float32(0.4 + 4*4/(2*9.81)); det.Abs(high-want) > 0.05 {
		t.Errorf("rose to %g, want %g", high, want)
	}
	if b := at(t, w, 1); det.Abs(b.Pos.Y-0.4) > 0.02 || !w.Standing(1) {
		t.Errorf("did not land: %v", b.Pos)
	}
}

// TestDriveWakes: a blocked walker does not fall asleep, and goes on when the
// way is free.
func TestDriveWakes(t *testing.T) {
	w, _ := New(Config{})
	door := Body{ID: 2, Shape: boxShape(0.1, 2, 2), Flags: Static, Pos: v(1, 2, 0)}
	steps(t, w, 200, add(avatar(1, 0, 0)), add(door), drive(1, v(1, 0, 0), 10))
	if b := at(t, w, 1); b.Pos.X > 0.6 {
		t.Fatalf("walked through the door: %v", b.Pos)
	}
	steps(t, w, 120, Command{Kind: CmdRemove, ID: 2})
	if b := at(t, w, 1); b.Pos.X < 2 {
		t.Errorf("did not walk on: %v", b.Pos)
	}
}

// TestEventSides: each side that is owned hears of a pair once; a ghost never.
func TestEventSides(t *testing.T) {
	for _, ghost := range []bool{false, true} {
		w, _ := New(Config{Gravity: Weightless})
		a, b := ball(1, 0.5, -2, 5, 0), ball(2, 0.5, 0, 5, 0)
		a.Vel.X, b.Mass = 5, 4
		if ghost {
			a.Flags = Ghost
		}
		ev := steps(t, w, 60, add(a), add(b))
		count := map[EventKind]map[BodyID]int{EvBegin: {}, EvHit: {}, EvEnd: {}}
		for _, e := range ev {
			count[e.Kind][e.A]++
			if e.Kind != EvHit {
				continue
			}
			if e.Impulse <= 0 || (e.A == 2) != (e.Normal.X > 0.99) || det.Abs(e.Point.X+0.5) > 0.1 {
				t.Errorf("hit %+v", e)
			}
		}
		of := func(k EventKind, id BodyID) bool { return count[k][id] >= 1 }
		for k := range count {
			if of(k, 1) == ghost || !of(k, 2) {
				t.Errorf("ghost %v kind %d: %v", ghost, k, count)
			}
		}
		if count[EvBegin][2] != 1 || count[EvEnd][2] != 1 {
			t.Errorf("begin and end not paired: %v", count)
		}
		// A ghost has its real mass: the owned body is pushed as by any other.
		if got := at(t, w, 2).Vel.X; det.Abs(got-5*1.5/5) > 0.03 {
			t.Errorf("ghost %v: pushed to %g", ghost, got)
		}
	}
}

// TestEndOnRemoval: whoever stays hears that a touch ended.
func TestEndOnRemoval(t *testing.T) {
	w, _ := New(Config{})
	steps(t, w, 30, add(crate(1, 0, 0.5, 0)), add(crate(2, 0, 1.5, 0)))
	ev := apartFromSleep(steps(t, w, 1, Command{Kind: CmdRemove, ID: 1}))
	want := Event{Kind: EvEnd, A: 2, B: 1}
	if len(ev) != 1 || ev[0] != want {
		t.Errorf("got %+v", ev)
	}
}
