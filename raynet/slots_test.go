package raynet

import (
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

// Rule 9.2: who is named a hundred times has no more places than who is named
// once.
func TestSlotsCannotBeFlooded(t *testing.T) {
	n, err := New(complete(t, Config{Min: testBox.Min, Max: testBox.Max}), testKey(0),
		Start{Pos: spatial.At(50, 50, 50), Epoch: 1, Seed: 1}, &naive{})
	if err != nil {
		t.Fatal(err)
	}
	const honest, loud = 200, 40
	rng := base.NewRand(5, 5)
	places := randomPoints(rng, honest+loud, testBox)
	entry := func(i int) wire.Entry {
		return wire.Entry{Record: &wire.Record{Kind: wire.Avatar, Key: testKey(i + 1), Stamp: wire.Stamp{Epoch: 1, Seq: 1}, Pos: places[i]}}
	}
	n.out = &Outbox{}
	from := n.ensure(testKey(9999))
	share := 0.0
	const rounds = 60
	for round := range rounds {
		for i := range honest / 4 {
			n.onShuffle(from, &wire.Shuffle{Reply: true, Entries: []wire.Entry{entry((4*round + i) % honest)}})
		}
		for range 20 {
			for i := range loud {
				n.onShuffle(from, &wire.Shuffle{Reply: true, Entries: []wire.Entry{entry(honest + i)}})
			}
		}
		n.reseed()
		held := 0
		for _, s := range n.slots {
			for i := range loud {
				if s.p != nil && s.p.key() == testKey(honest+i+1) {
					held++
				}
			}
		}
		share += float64(held) / float64(len(n.slots)) / rounds
		in := map[*peer]bool{}
		for _, s := range n.slots {
			in[s.p] = true
		}
		if len(in) != len(n.random) {
			t.Fatalf("slots hold %d, the view has %d", len(in), len(n.random))
		}
	}
	t.Logf("a sixth of the keys has %.2f of the slots", share)
	if share > 0.3 {
		t.Errorf("a sixth of the keys has %.2f of the slots", share)
	}
	p := n.random[0]
	n.leaveRandom(p)
	for _, s := range n.slots {
		if s.p == p {
			t.Error("who left still has a slot")
		}
	}
}

// The seeds of slots follow from the private key, not from what others see.
func TestSlotSeedsAreSecret(t *testing.T) {
	a, b := newSigner(1), newSigner(2)
	start := Start{Epoch: 1, Seed: 1}
	first := func(s signer, start Start) uint64 {
		r := secret(a.key, start, s.env())
		return r.Uint64()
	}
	if first(a, start) == first(b, start) || first(a, start) == first(a, Start{Epoch: 2, Seed: 1}) || first(a, start) == first(a, Start{Epoch: 1, Seed: 2}) {
		t.Error("another key, epoch or seed gives the same slots")
	}
	once := first(a, start)
	if again := first(a, start); once != again {
		t.Error("a start does not repeat")
	}
}
