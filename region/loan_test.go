package region

import (
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
)

// TestLoanEndsWithHandOff: a thing whose loan ends in the very tick in which it
// goes to a neighbour arrives there, and is lent to nobody.
func TestLoanEndsWithHandOff(t *testing.T) {
	cross := func(until base.Tick) (left base.Tick, lent bool) {
		p := newPair(t, 0)
		ann, bob := newPerson("ann"), newPerson("bob")
		a := p.a.cfg.ID
		p.step([]Entry{ann.entry(Input{Kind: InJoin, Region: a, Name: "ann", Pos: spatial.At(29, 0, 0)}),
			bob.entry(Input{Kind: InJoin, Region: a, Name: "bob", Pos: spatial.At(27, 0, 2)}), control(ballSpec("ball", 30, 1))}, nil)
		id := named(t, p.a, "ball").Thing.ID
		p.step([]Entry{ann.entry(Input{Kind: InTake, Thing: id})}, nil)
		p.step([]Entry{ann.entry(Input{Kind: InLend, Thing: id, To: bob.key, Ticks: uint32(until - p.a.tick - 1)})}, nil)
		if got := p.a.thing(id); got.Borrower != bob.key || got.Loan != until {
			t.Fatalf("lent to %s until %d, want %d", got.Borrower.Short(), got.Loan, until)
		}
		p.step([]Entry{ann.entry(Input{Kind: InThrow, Thing: id, Vel: spatial.Vec{X: 7, Y: 3}})}, nil)
		for range 200 {
			oa, _ := p.step(nil, nil)
			for _, x := range oa.Passed {
				if x.Thing == id && !x.In {
					left = oa.Tick
				}
			}
		}
		got := p.b.thing(id)
		if left == 0 || got == nil {
			t.Fatalf("loan until %d: left at %d, arrived: %v, %d in limbo", until, left, got != nil, p.a.Limbo())
		}
		return left, !got.Borrower.IsZero()
	}
	left, lent := cross(1000)
	if !lent {
		t.Fatal("a long loan does not go over the border")
	}
	for _, d := range []base.Tick{0, 1, 2} {
		if _, lent := cross(left - 1 + d); lent {
			t.Fatal("a loan goes on that is over")
		}
	}
}
