package raynet

import (
	"testing"

	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

// crowd is a node that has heard of peers 1 to count, whose groups group
// tells.
func heardOf(t *testing.T, count int, group func(i int) uint32) *Node {
	t.Helper()
	n, err := New(complete(t, Config{Min: testBox.Min, Max: testBox.Max}), testKey(0),
		Start{Pos: spatial.At(50, 50, 50), Epoch: 1, Seed: 1}, &naive{})
	if err != nil {
		t.Fatal(err)
	}
	places := randomPoints(&n.rng, count, testBox)
	var out Outbox
	for i := 1; i <= count; i++ {
		n.Step(n.now+millisecond, PeerUp{Key: testKey(i), Group: group(i)}, &out)
		e := wire.Entry{Record: &wire.Record{Kind: wire.Avatar, Key: testKey(i), Stamp: wire.Stamp{Epoch: 1, Seq: 1}, Pos: places[i-1]}}
		n.Step(n.now+millisecond, Message{testKey(i), &wire.Shuffle{Entries: []wire.Entry{e}}}, &out)
	}
	return n
}

func inGroup(view []*peer, g uint8) (k int) {
	for _, p := range view {
		if p.group == g {
			k++
		}
	}
	return k
}

// Rule 9.5: one group of addresses has at most two places in a full random
// view and one in an octave, but all the room there is among its own.
func TestGroupsShareTheViews(t *testing.T) {
	const one = 77
	for _, c := range []struct {
		name         string
		group        func(i int) uint32
		count        int
		least, most  int // of the group in the random view
		size, octave int
	}{
		// 12 of one group are there first, then 40 others.
		{"flood before others", func(i int) uint32 {
			if i <= 12 {
				return one
			}
			return uint32(1000 + i)
		}, 52, 0, perGroup, 16, 1},
		{"all of one", func(int) uint32 { return one }, 40, 12, 13, 12, 1},
		{"unknown", func(int) uint32 { return 0 }, 40, 0, 0, 16, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := heardOf(t, c.count, c.group)
			if k := inGroup(n.random, fold(one)); k < c.least || k > c.most || len(n.random) < c.size {
				t.Errorf("%d of the group among %d in the random view", k, len(n.random))
			}
			most := 0
			for _, p := range n.long {
				same := 0
				for _, q := range n.long {
					if q.octave == p.octave && (q.group == p.group) {
						same++
					}
				}
				most = max(most, same)
			}
			if most != c.octave {
				t.Errorf("%d of one group in an octave", most)
			}
		})
	}
}
