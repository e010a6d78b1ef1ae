package raynet

import (
	"testing"

	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

// Rule 6.8: who is found counts only where others that answered name it, at
// the place it claims.
func TestResultsNeedWitnesses(t *testing.T) {
	n, _, _, _ := victim(t)
	target := spatial.At(50, 50, 50)
	at := func(x float64) *wire.Record {
		return &wire.Record{Kind: wire.Avatar, Stamp: wire.Stamp{Epoch: 1, Seq: 1}, Pos: spatial.At(50+x, 50, 50)}
	}
	says := func(f *lookup, by int, of *wire.Record) {
		f.note(&peer{rec: &wire.Record{Key: testKey(by)}}, &wire.Entry{Record: of})
	}
	for _, c := range []struct {
		name  string
		kind  findKind
		named int     // how many of the others name the closest
		off   float64 // how far from where it claims to be, metres
		first int
	}{
		{"named", findUser, 2, 0, 1},
		{"named by one", findUser, 1, 0, 2},
		{"named elsewhere", findSure, 3, 7, 2},
		{"nobody is asked that", findJoin, 0, 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := path{}
			f := &lookup{kind: c.kind, target: target}
			for i := 1; i <= 5; i++ {
				r := at(float64(i))
				r.Key = testKey(i)
				w.add(findCand{key: r.Key, d2: target.Dist2(r.Pos), state: findAnswered, rec: r})
				// All but the closest are named by everybody.
				for j := 2; j <= 5 && i > 1; j++ {
					if j != i {
						says(f, j, r)
					}
				}
			}
			f.paths = []path{w}
			lie := *w.cands[0].rec
			lie.Pos = spatial.At(51+c.off, 50, 50)
			for j := range c.named {
				says(f, j+2, &lie)
			}
			if got := n.answers(f); len(got) == 0 || got[0].key != testKey(c.first) {
				t.Errorf("%d answers, first %v", len(got), got[0].key == testKey(1))
			}
		})
	}
	// With too few others to ask, those there are must do.
	f := &lookup{kind: findUser, target: target, paths: []path{{}}}
	for i, r := range []*wire.Record{at(1), at(2)} {
		r.Key = testKey(i + 1)
		f.paths[0].add(findCand{key: r.Key, d2: target.Dist2(r.Pos), state: findAnswered, rec: r})
	}
	if got := n.answers(f); got[0].key != testKey(1) {
		t.Error("two nodes alone do not find each other")
	}
}

// Who has answered a lookup is part of its result though the table has
// forgotten it meanwhile.
func TestForgottenAnswersCount(t *testing.T) {
	n, alice, _, _ := victim(t)
	p := n.table.byKey(alice.key)
	f := &lookup{kind: findUser, target: p.pos()}
	c := n.candidateOf(f, p)
	c.state = findAnswered
	f.paths = []path{{cands: []findCand{c}}}
	n.out = &Outbox{}
	n.remove(p)
	n.table.remove(p)
	if got := n.closest(f); got[0].Key != alice.key || got[0].Pos != p.pos() || !got[0].Live {
		t.Errorf("found %v", got[0])
	}
	n.court = &court{}
	n.court.file(verdict{proof: Proof{A: p.rec}, upTo: 1, until: n.now + second}, n.now)
	if got := n.closest(f); got[0].Key == alice.key {
		t.Error("a convict was found")
	}
}
