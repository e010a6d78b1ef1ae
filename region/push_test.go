package region

import (
	"math"
	"testing"

	"github.com/metatopia/metatopia/spatial"
)

// pusher is an engine whose module pushes its thing by what it was told to,
// and writes down where it was.
type pusher struct {
	toy
	by   spatial.Vec
	seen *ScriptEvent
}

func (p pusher) Handle(module string, ev ScriptEvent, slots func(string) (SlotValue, bool), seed, gas uint64) (ScriptResult, error) {
	if module != "push" {
		return p.toy.Handle(module, ev, slots, seed, gas)
	}
	*p.seen = ev
	return ScriptResult{Push: p.by}, nil
}

// TestScriptsPush: a loose thing gets the velocity, a fixed one does not, and
// what is no sane push is a fault.
func TestScriptsPush(t *testing.T) {
	inf := float32(math.Inf(1))
	for _, by := range []spatial.Vec{{Y: 5}, {X: 4, Y: 3}, {X: inf}, {Y: 100}} {
		var seen ScriptEvent
		cfg := testConfig("hearth", 0)
		cfg.Scripts = pusher{by: by, seen: &seen}
		s := mustNew(t, cfg)
		ann := newPerson("ann")
		joined(t, s, ann, 0, 0)
		ball := ballSpec("ball", 1, 2)
		ball.Thing.Slots = Slots{{SlotScript, LumpSlot("push")}}
		step(t, s, control(ball), control(scripted("bell", "push", 2)), control(ControlEntry{Kind: ControlModule, Module: "push"}))
		for range 20 {
			step(t, s)
		}
		for _, name := range []string{"ball", "bell"} {
			at := named(t, s, name)
			out := step(t, s, ann.entry(Input{Kind: InTouch, Thing: at.Thing.ID}))
			if a := ackOf(t, out, ann); a.Code != OK {
				t.Fatalf("touch of %s: %v", name, a.Code)
			}
			if seen.Loose != (name == "ball") || seen.Tick == 0 {
				t.Errorf("%s was told %+v", name, seen)
			}
			sane := by.Finite() && by.Len() < 2*MaxPush
			if v, err := s.body(s.thing(at.Thing.ID)).Vel, s.thing(at.Thing.ID).LastError; sane != (err == "") ||
				(sane && name == "ball") != (v.Len() > 3) || v.Len() > MaxPush {
				t.Errorf("%s pushed by %v moves with %v, %q", name, by, v, err)
			}
		}
	}
}
