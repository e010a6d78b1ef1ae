package handoff

import (
	"testing"

	"github.com/metatopia/metatopia/internal/base"
)

// TestPolicy: rule 4.1 of docs/protocol/handoff.md.
func TestPolicy(t *testing.T) {
	p := Policy{Distance: 0.5, Far: 4, Dwell: 10}
	for _, x := range []struct {
		beyond    float64
		age       int
		due, back bool
	}{
		{-1, 99, false, true},
		{-0.2, 99, false, false}, // a little way back is no reason to withdraw
		{0.49, 99, false, false},
		{0.5, 9, false, false}, // it has only just come
		{0.5, 10, true, false},
		{3.9, 0, false, false},
		{4, 0, true, false}, // it passes through
	} {
		const now = 1000
		if due := p.Due(x.beyond, now-base.Tick(x.age), now); due != x.due || p.Back(x.beyond) != x.back {
			t.Errorf("%v m after %d ticks: due %v, back %v", x.beyond, x.age, due, p.Back(x.beyond))
		}
	}
	if (Policy{Distance: 0.5, Dwell: 10}).Due(1000, 5, 6) {
		t.Error("without Far dwell always counts")
	}
}
