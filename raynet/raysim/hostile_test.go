package raysim

import (
	"testing"

	"github.com/metatopia/metatopia/raynet"
)

// Three in ten collude: lookups over disjoint paths go on finding the closest
// node. On a single path 0.965 of them did, so the test fails without.
func TestLookupsAmongColluders(t *testing.T) {
	const n = 900
	p := NewRaynet(raynet.Config{MaxPeers: 160}, 1, 0)
	r := &Run{Options: Options{Nodes: n, Seed: 3, Shards: 1}, protocol: p}
	r.fill()
	w, err := NewWorld(WorldConfig{Protocol: p, Nodes: n, Seed: 3, Shards: 1, Link: DefaultLink()})
	if err != nil {
		t.Fatal(err)
	}
	r.W, r.plot = w, &Plot{}
	r.cycles(12)
	ring := w.corrupt(w.Sample(n*3/10), Collude)
	r.conspire(ring, 5, nil)
	b := w.AskLookups(200, 2*Second, Anywhere)
	r.conspire(ring, 2+settle, nil)
	a := b.Answers()
	t.Logf("%.3f right, %.2f s", a.Success, a.Delay95)
	if a.Success < 0.98 {
		t.Errorf("%.3f of lookups right among three in ten colluders", a.Success)
	}
}
