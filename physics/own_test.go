package physics

import "testing"

// TestOwn: a change of owner keeps the motion, the contacts and the sleep of a
// body, and only changes whose events it makes.
func TestOwn(t *testing.T) {
	make := func() *World {
		w, err := New(Config{})
		if err != nil {
			t.Fatal(err)
		}
		steps(t, w, 20, add(crate(1, 0, 0.5, 0)), add(crate(2, 0, 1.5, 0)))
		return w
	}
	a, b := make(), make()
	own := func(f Flags) Command { return Command{Kind: CmdOwn, ID: 2, Body: Body{Flags: f}} }
	for i := range 60 {
		var cmds []Command
		switch i {
		case 0:
			cmds = []Command{own(Ghost | Static)}
		case 1:
			if x := at(t, a, 2); x.Flags != Ghost {
				t.Errorf("flags %b, want the ghost flag alone", x.Flags)
			}
			cmds = []Command{own(0)}
		}
		if _, err := a.Step(cmds, nil); err != nil {
			t.Fatal(err)
		}
		b.Step(nil, nil)
	}
	if a.Hash() != b.Hash() || !a.Resting(2) {
		t.Error("a body that was a ghost for a step goes another way, or does not sleep")
	}
	if _, err := a.Step([]Command{{Kind: CmdOwn, ID: 9}}, nil); err == nil {
		t.Error("an unknown body was owned")
	}
}
