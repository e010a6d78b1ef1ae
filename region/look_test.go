package region

import (
	"testing"

	"github.com/metatopia/metatopia/spatial"
)

// TestScriptsLook: a handler sees what lies under its thing, within bounds, and
// is told how hard it was hit.
func TestScriptsLook(t *testing.T) {
	s := mustNew(t, testConfig("hearth", 0))
	table := ControlEntry{Kind: ControlCreate, Thing: ThingSpec{Kind: "table", Name: "table", Shape: Box, Size: spatial.Vec{X: 2, Y: 1, Z: 2}, Pos: spatial.Vec{Y: 0.5}, Fixed: true}}
	ball := ballSpec("ball", 0, 0)
	ball.Thing.Pos.Y, ball.Thing.Restitution = 2, 0
	ball.Thing.Slots = Slots{{SlotScript, LumpSlot("eyes")}}
	step(t, s, control(table), control(ball), control(ControlEntry{Kind: ControlModule, Module: "eyes"}))
	for range 40 {
		step(t, s)
	}
	x := named(t, s, "ball").Thing
	if x.LastError != "" || x.Runs == 0 {
		t.Fatalf("%d runs, %q", x.Runs, x.LastError)
	}
	if v, _ := x.Slots.Get("below"); v.Text != "1.00 true" {
		t.Errorf("below it is %q", v.Text)
	}
	// 0.6 kg fell 0.75 m: 2.3 N·s.
	if v, _ := x.Slots.Get("impulse"); v.Int < 2000 || v.Int > 2700 {
		t.Errorf("it was hit with %d mN·s", v.Int)
	}
}
