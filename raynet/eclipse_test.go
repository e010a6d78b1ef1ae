package raynet

import (
	"testing"

	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

// Rule 8.5: a neighbour that nobody has named raises the alarm; somebody close
// by who is hidden behind a neighbour does not.
func TestAHiddenNeighbourAlarms(t *testing.T) {
	n := heardOf(t, 20, func(int) uint32 { return 0 })
	n.Step(n.now+second, Tick{}, &Outbox{})
	n.join, n.anchorAt, n.out = joinDone, n.now-elderStay, &Outbox{}
	found := func(i int, x float64, news bool) uint64 {
		e := wire.Entry{Record: &wire.Record{Kind: wire.Avatar, Key: testKey(i), Stamp: wire.Stamp{Epoch: 1, Seq: 1}, Pos: spatial.At(50+x, 50, 50)}}
		f := &lookup{kind: findSelf, target: n.self.point}
		c := n.candidateOf(f, n.admit(nil, &e, n.cfg.RecordAge))
		c.state, c.news = findAnswered, news
		f.paths = []path{{cands: []findCand{c}}}
		n.foundMyself(f)
		return n.n.Eclipses
	}
	if k := found(30, 5, false); k != 0 {
		t.Fatal("an alarm for one who was known")
	}
	if k := found(31, 9, true); k != 0 {
		t.Fatal("an alarm for one who is hidden behind a neighbour")
	}
	if k := found(32, -5, true); k != 1 {
		t.Fatalf("%d alarms for a neighbour that was kept away", k)
	}
}
