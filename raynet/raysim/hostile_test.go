package raysim

import (
	"testing"

	"github.com/metatopia/metatopia/raynet"
)

// hostile is a grown world in which some work together, and what becomes of
// lookups there.
func hostile(t *testing.T, n int, seed uint64, percent int, harm Harm, wait int) Answers {
	t.Helper()
	p := NewRaynet(raynet.Config{MaxPeers: 160}, 1, 0)
	r := &Run{Options: Options{Nodes: n, Seed: seed, Shards: 1}, protocol: p}
	r.fill()
	w, err := NewWorld(WorldConfig{Protocol: p, Nodes: n, Seed: seed, Shards: 1, Link: DefaultLink()})
	if err != nil {
		t.Fatal(err)
	}
	r.W, r.plot = w, &Plot{}
	r.cycles(12)
	ring := w.corrupt(w.Sample(n*percent/100), harm)
	r.conspire(ring, wait, nil)
	b := w.AskLookups(200, 2*Second, Anywhere)
	r.conspire(ring, 2+settle, nil)
	a := b.Answers()
	t.Logf("%.3f right, %.2f s", a.Success, a.Delay95)
	return a
}

// Three in ten collude: lookups over disjoint paths go on finding the closest
// node. On a single path 0.965 of them did, so the test fails without.
func TestLookupsAmongColluders(t *testing.T) {
	if a := hostile(t, 900, 3, 30, Collude, 5); a.Success < 0.98 {
		t.Errorf("%.3f of lookups right among three in ten colluders", a.Success)
	}
}

// One in ten tells each other node another place. Without asking those next to
// a result for it 0.95 of lookups are right.
func TestLookupsAmongLiars(t *testing.T) {
	if a := hostile(t, 400, 4, 10, Lie, 20); a.Success < 0.95 {
		t.Errorf("%.3f of lookups right among one in ten liars", a.Success)
	}
}
