package physics

import (
	"os"
	"testing"

	"github.com/metatopia/metatopia/spatial/det"
)

// standing is how long what must stand is watched, in steps: ten seconds, or
// a minute for METATOPIA_SOAK.
func standing() int {
	if os.Getenv("METATOPIA_SOAK") != "" {
		return 3600
	}
	return 600
}

// renamed gives the bodies of a scene other ids, so that the solver takes their
// contacts in another order.
func (s scene) renamed(id func(BodyID) BodyID) scene {
	cmds := append([]Command(nil), s.at[0]...)
	for i := range cmds {
		cmds[i].Body.ID = id(cmds[i].Body.ID)
	}
	s.at = map[int][]Command{0: cmds}
	return s
}

// TestStacksStand: a tower of ten boxes and a pyramid of twenty rows stand and
// come to rest, whatever ids their boxes have, and never sink or lean when
// nothing may sleep.
func TestStacksStand(t *testing.T) {
	if testing.Short() {
		t.Skip("long under emulation, and TestGolden shows that it is the same there")
	}
	orders := map[string]func(BodyID) BodyID{
		"rising":  func(id BodyID) BodyID { return id },
		"falling": func(id BodyID) BodyID { return 1000 - id },
		"mixed":   func(id BodyID) BodyID { return id * 7919 % 1009 },
	}
	for _, s := range []scene{stackScene(), pyramidScene(20)} {
		for name, order := range orders { //lint:sorted each is a test of its own
			for _, sleepless := range []bool{false, true} {
				s := s.renamed(order)
				s.cfg.Sleepless, s.steps = sleepless, standing()
				w := s.play(t, nil)
				for _, c := range s.at[0] {
					b, _ := w.Body(c.Body.ID)
					if d := b.Pos.Sub(c.Body.Pos).Len(); d > 0.15 {
						t.Errorf("%s, ids %s: body %d moved %g m", s.name, name, b.ID, d)
						break
					}
					if !sleepless && !w.Resting(b.ID) {
						t.Errorf("%s, ids %s: body %d does not rest", s.name, name, b.ID)
						break
					}
					if v := b.Vel.Len(); sleepless && v > restSpeed {
						t.Errorf("%s, ids %s: body %d still moves at %g m/s", s.name, name, b.ID, v)
						break
					}
				}
			}
		}
	}
}

// TestHeavyOnLight: what is a hundred times heavier stands on a light box, and
// the light one does not sink in.
func TestHeavyOnLight(t *testing.T) {
	var cmds []Command
	for i := range 3 {
		b := crate(BodyID(i+1), 0, 0.5+float32(i), 0)
		if i == 2 {
			b.Mass = 100
		}
		cmds = append(cmds, add(b))
	}
	s := scene{"heavy", Config{}, standing(), map[int][]Command{0: cmds}}
	w := s.play(t, nil)
	for i := range 3 {
		b, _ := w.Body(BodyID(i + 1))
		if d := det.Abs(b.Pos.Y - 0.5 - float32(i)); d > 0.1 || !w.Resting(b.ID) {
			t.Errorf("body %d is %g m off, resting %v", b.ID, d, w.Resting(b.ID))
		}
	}
}

// TestAsleepIsCheap: a pile that sleeps takes no part in the step of a body
// awake beside it: no pairs, no contacts, no rows.
func TestAsleepIsCheap(t *testing.T) {
	if testing.Short() {
		t.Skip("long under emulation, and TestGolden shows that it is the same there")
	}
	s := heapScene("pile", 6, crate)
	s.steps = 900
	w := s.play(t, nil)
	if w.anyStirs() {
		t.Fatal("the pile does not come to rest")
	}
	if w.Step([]Command{add(avatar(5000, 40, 40)), drive(5000, v(1, 0, 0), 1)}, nil); len(w.movers) != 1 || len(w.met) != 1 || len(w.contacts) != 1 || len(w.dormant) < 200 {
		t.Errorf("%d movers, %d manifolds, %d contacts beside %d that sleep", len(w.movers), len(w.met), len(w.contacts), len(w.dormant))
	}
}
