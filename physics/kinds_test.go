package physics

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/metatopia/metatopia/spatial/det"
)

func TestFilterMeets(t *testing.T) {
	for _, c := range []struct {
		a, b Filter
		want bool
	}{
		{Filter{}, Filter{}, true},
		{Filter{Mask: 2}, Filter{}, false},
		{Filter{Mask: 2}, Filter{Category: 2}, true},
		{Filter{Mask: 2}, Filter{Category: 2, Mask: 4}, false},
		{Filter{Category: 4, Mask: 2}, Filter{Category: 2, Mask: 4}, true},
		{Filter{Group: -3}, Filter{Group: -3}, false},
		{Filter{Group: -3}, Filter{Group: -4}, true},
		{Filter{Group: 3, Mask: 2}, Filter{Group: 3}, true},
	} {
		if c.a.Meets(c.b) != c.want || c.b.Meets(c.a) != c.want {
			t.Errorf("%+v and %+v: want %v", c.a, c.b, c.want)
		}
	}
}

// TestFilter: a ball falls through what it does not meet and stays on what it
// does.
func TestFilter(t *testing.T) {
	w, _ := New(Config{})
	shelf := func(id BodyID, y float32, f Filter) Command {
		return add(Body{ID: id, Shape: boxShape(2, 0.1, 2), Flags: Static, Pos: v(0, y, 0), Friction: 0.5, Filter: f})
	}
	b := ball(9, 0.3, 0, 6, 0)
	b.Filter = Filter{Category: 2, Mask: 1 | 8}
	ev := apartFromSleep(steps(t, w, 180, shelf(1, 4, Filter{Category: 4}), shelf(2, 3, Filter{Category: 8, Mask: 1}), shelf(3, 2, Filter{Category: 8}), add(b)))
	for _, e := range ev {
		if e.A == 9 && e.B != 3 {
			t.Errorf("met %d", e.B)
		}
	}
	if p := at(t, w, 9).Pos; det.Abs(p.Y-2.4) > 0.02 {
		t.Errorf("lies at %v", p)
	}
}

// apartFromSleep leaves out who fell asleep and who woke.
func apartFromSleep(ev []Event) []Event {
	return slices.DeleteFunc(ev, func(e Event) bool { return e.Kind == EvSleep || e.Kind == EvWake })
}

// TestSleepEvents: a stack that rests says so once, and wakes whole; of a ghost
// nothing is said.
func TestSleepEvents(t *testing.T) {
	w, _ := New(Config{})
	g := crate(3, 0, 2.5, 0)
	g.Flags = Ghost
	only := func(ev []Event) (list []string) {
		for _, e := range ev {
			if e.Kind == EvSleep || e.Kind == EvWake {
				list = append(list, fmt.Sprint(e.Kind, e.A))
			}
		}
		return list
	}
	ev := steps(t, w, 200, add(crate(1, 0, 0.5, 0)), add(crate(2, 0, 1.5, 0)), add(g))
	if got := only(ev); !slices.Equal(got, []string{"8 1", "8 2"}) {
		t.Errorf("went to rest: %v", got)
	}
	ev = steps(t, w, 1, Command{Kind: CmdImpulse, ID: 3, Vec: v(0, 1, 0)})
	if got := only(ev); !slices.Equal(got, []string{"9 1", "9 2"}) {
		t.Errorf("after a push: %v", got)
	}
}

func kinds(ev []Event) (list []EventKind) {
	for _, e := range ev {
		list = append(list, e.Kind)
	}
	return list
}

// TestSensor: what passes through is noticed once on each side and not slowed.
func TestSensor(t *testing.T) {
	w, _ := New(Config{Gravity: Weightless})
	gate := Body{ID: 5, Shape: boxShape(0.5, 2, 2), Flags: Static | Sensor, Pos: v(0, 5, 0)}
	b := ball(2, 0.25, -3, 5, 0)
	b.Vel = v(3, 0, 0)
	ev := steps(t, w, 120, add(gate), add(b))
	want := []Event{{Kind: EvEnter, A: 2, B: 5}, {Kind: EvEnter, A: 5, B: 2}, {Kind: EvLeave, A: 2, B: 5}, {Kind: EvLeave, A: 5, B: 2}}
	for i := range ev {
		ev[i].Point = v(0, 0, 0)
	}
	if !slices.Equal(ev, want) {
		t.Errorf("events %v", ev)
	}
	if now := at(t, w, 2); now.Vel.Sub(b.Vel).Len() > 1e-6 || det.Abs(now.Pos.X-3) > 0.01 {
		t.Errorf("at %v with %v", now.Pos, now.Vel)
	}
}

// TestSensorSleepers: a body that falls asleep inside stays inside, one that
// was asleep is found by a sensor put over it, and a ghost is told nothing.
func TestSensorSleepers(t *testing.T) {
	w, _ := New(Config{})
	gate := func(id BodyID) Command {
		return add(Body{ID: id, Shape: boxShape(2, 2, 2), Flags: Static | Sensor, Pos: v(0, 2, 0)})
	}
	b := crate(2, 0, 0.5, 0)
	g := crate(3, 1.2, 0.5, 0)
	g.Flags = Ghost
	ev := steps(t, w, 120, gate(7), add(b), add(g))
	if n := len(slices.DeleteFunc(ev, func(e Event) bool { return e.Kind != EvEnter })); n != 3 {
		t.Errorf("%d times entered", n)
	}
	if !w.Resting(2) {
		t.Fatal("a sensor keeps what is in it awake")
	}
	ev = apartFromSleep(steps(t, w, 120, gate(8)))
	if got := kinds(ev); !slices.Equal(got, []EventKind{EvEnter, EvEnter, EvEnter}) {
		t.Errorf("a second sensor: %v", ev)
	}
	if !w.Resting(2) {
		t.Error("still awake")
	}
	ev = steps(t, w, 3, Command{Kind: CmdRemove, ID: 2})
	ev = slices.DeleteFunc(ev, func(e Event) bool { return e.Kind != EvLeave })
	if len(ev) != 2 || ev[0].A != 7 || ev[1].A != 8 {
		t.Errorf("after the body went: %v", ev)
	}
	again, err := Restore(w.cfg, w.AppendSnapshot(nil))
	if err != nil || again.Hash() != w.Hash() {
		t.Error(err)
	}
}

// TestPlatform: a lift carries a crate up and sideways, a door pushes one
// away, and none of them is pushed.
func TestPlatform(t *testing.T) {
	w, _ := New(Config{})
	lift := Body{ID: 1, Shape: boxShape(1, 0.1, 1), Flags: Kinematic, Pos: v(0, 0.1, 0), Vel: v(0.5, 1, 0), Friction: 0.8}
	door := Body{ID: 2, Shape: boxShape(0.1, 1, 1), Flags: Kinematic, Pos: v(10, 1, 0), Vel: v(1, 0, 0)}
	me := avatar(5, 0.5, 0.5)
	me.Pos.Y = 0.65
	steps(t, w, 1, add(lift), add(door), add(crate(3, 0, 0.75, -0.3)), add(crate(4, 11, 0.5, 0)), add(me))
	steps(t, w, 119, drive(5, v(0, 0, 0), 20))
	if p := at(t, w, 1).Pos; p.Sub(v(1, 2.1, 0)).Len() > 1e-3 {
		t.Errorf("the lift is at %v", p)
	}
	if p := at(t, w, 3).Pos; p.Sub(v(1, 2.7, -0.3)).Len() > 0.1 {
		t.Errorf("what it carries is at %v", p)
	}
	if p := at(t, w, 5).Pos; p.Sub(v(1.5, 2.6, 0.5)).Len() > 0.05 || !w.Standing(5) {
		t.Errorf("who rides it is at %v", p)
	}
	if p := at(t, w, 2).Pos; p.Sub(v(12, 1, 0)).Len() > 1e-3 {
		t.Errorf("the door is at %v", p)
	}
	if p := at(t, w, 4).Pos; p.X < 12.55 {
		t.Errorf("what it pushes is at %v", p)
	}
	// It stops, and all come to rest; then it leaves, slowly.
	stop := at(t, w, 1)
	stop.Vel = v(0, 0, 0)
	steps(t, w, 200, Command{Kind: CmdSet, ID: 1, Body: stop})
	if !w.Resting(1) || !w.Resting(3) || w.Resting(2) {
		t.Fatalf("resting: lift %v crate %v moving door %v", w.Resting(1), w.Resting(3), w.Resting(2))
	}
	stop.Vel = v(0, -0.02, 0)
	steps(t, w, 120, Command{Kind: CmdSet, ID: 1, Body: stop})
	if p, q := at(t, w, 1).Pos, at(t, w, 3).Pos; det.Abs(p.Y-2.06) > 0.002 || det.Abs(q.Y-p.Y-0.6) > 0.01 {
		t.Errorf("slowly down: lift %v, crate %v", p, q)
	}
}

// TestOut: a body that leaves an open world is reported once and frozen, and
// comes back by CmdSet.
func TestOut(t *testing.T) {
	cfg := Config{Open: true, Min: v(-5, -2, -5), Max: v(5, 10, 5)}
	w, _ := New(cfg)
	b := ball(2, 0.25, 0, 0, 0)
	g := ball(3, 0.25, 2, 0, 0)
	g.Flags = Ghost
	floor := Body{ID: 1, Shape: boxShape(0.5, 0.1, 0.5), Flags: Static, Pos: v(4, -1, 0)}
	ev := steps(t, w, 120, add(b), add(g), add(floor))
	if len(ev) != 1 || ev[0].Kind != EvOut || ev[0].A != 2 || ev[0].Point != v(0, -2, 0) {
		t.Fatalf("events %v", ev)
	}
	now := at(t, w, 2)
	if now.Flags&Out == 0 || now.Pos.Y != -2 || now.Vel != v(0, 0, 0) || !w.Resting(2) || w.anyStirs() {
		t.Fatalf("out is %+v", now)
	}
	if err := w.command(&Command{Kind: CmdImpulse, ID: 2, Vec: v(0, 1, 0)}); err != ErrStatic {
		t.Errorf("a push on what is out: %v", err)
	}
	r, err := Restore(cfg, w.AppendSnapshot(nil))
	if err != nil {
		t.Fatal(err)
	}
	back := now
	back.Pos = v(4, 0, 0)
	for _, w := range []*World{w, r} {
		steps(t, w, 120, Command{Kind: CmdSet, ID: 2, Body: back})
		if now := at(t, w, 2); now.Flags&Out != 0 || det.Abs(now.Pos.Y+0.65) > 0.01 {
			t.Errorf("came back to %+v", now)
		}
	}
	if !bytes.Equal(w.AppendSnapshot(nil), r.AppendSnapshot(nil)) {
		t.Error("differs from the restored world")
	}
}
