package region

import (
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
)

// TestRaise: a region starts again from a state that is older than its last
// hand-off. What it gave away meanwhile is in both regions until it has asked.
func TestRaise(t *testing.T) {
	p := newPair(t, 0)
	ann := newPerson("ann")
	p.step([]Entry{control(ballSpec("ball", 30, 3)), control(ballSpec("stays", -5, 3))}, nil)
	p.step([]Entry{ann.entry(Input{Kind: InJoin, Region: p.a.cfg.ID, Name: "ann", Pos: spatial.At(29, 0, 3)})}, nil)
	backup := p.a.Snapshot(nil)
	p.step([]Entry{ann.entry(Input{Kind: InThrow, Vel: spatial.Vec{X: 8, Y: 3, Z: 1}})}, nil)
	for range 200 {
		if p.step(nil, nil); has(p.b, "ball") && p.a.Limbo() == 0 {
			break
		}
	}
	id := named(t, p.b, "ball").Thing.ID

	a, err := Restore(p.a.cfg, backup)
	if err != nil {
		t.Fatal(err)
	}
	for a.tick < p.a.tick { // the clocks of the test run together
		step(t, a)
	}
	p.a = a
	p.net = [2][]flight{}
	if inA, inB := p.where("ball"); !inA || !inB {
		t.Fatal("the ball is not in both: no test")
	}
	out, _ := p.step([]Entry{control(ControlEntry{Kind: ControlRaise, Life: 2})}, nil)
	if len(out.Failed) != 0 {
		t.Fatal("no life begins")
	}
	for range 20 {
		p.step(nil, nil)
	}
	if inA, inB := p.where("ball"); inA || !inB {
		t.Fatalf("the ball is in hearth: %v, in commons: %v", inA, inB)
	}
	if !has(p.a, "stays") || !has(p.a, "ann") {
		t.Fatal("what never left is gone")
	}
	if got := named(t, p.b, "ball").Thing; got.ID != id || got.Epoch != 2 {
		t.Fatalf("%+v", got)
	}
	if out, _ := p.step([]Entry{control(ControlEntry{Kind: ControlRaise, Life: 2})}, nil); len(out.Failed) != 1 {
		t.Fatal("a life began twice")
	}
	survives(t, p.a)
}

// TestNamesAfterARaise: what is made in a later life is not taken for what the
// earlier one made in the same tick and gave away.
func TestNamesAfterARaise(t *testing.T) {
	s := mustNew(t, testConfig("hearth", 0))
	step(t, s)
	backup := s.Snapshot(nil)
	made := func(list ...Entry) base.ID {
		r, err := Restore(s.cfg, backup)
		if err != nil {
			t.Fatal(err)
		}
		step(t, r, append(list, control(ballSpec("ball", 0, 0)))...)
		return named(t, r, "ball").Thing.ID
	}
	raise := control(ControlEntry{Kind: ControlRaise, Life: 2})
	first := made()
	if again := made(); again != first {
		t.Error("the same tick names it otherwise")
	}
	if made(raise) == first {
		t.Error("the same name in two lives")
	}
}
