package witness

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/agree"
)

func FuzzMessage(f *testing.F) {
	v := message{Vote: &agree.SignedVote{Vote: agree.Vote{Tick: 8}}}
	f.Add(v.bytes())
	m := message{Certificate: &agree.Certificate{Vote: agree.Vote{Tick: 8}}}
	f.Add(m.bytes())
	if c, err := agree.ChargeOfCuts(agree.SignedCut{Cut: agree.Cut{Tick: 8}}, agree.SignedCut{Cut: agree.Cut{Tick: 8, Body: [32]byte{1}}}); err != nil {
		f.Fatal(err)
	} else {
		x := message{Charge: &c}
		f.Add(x.bytes())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := parseMessage(b)
		if err == nil && (!bytes.Equal(m.bytes(), b) || len(b) > MaxMessage) {
			t.Fatal("another form")
		}
	})
}

func FuzzQuestion(f *testing.F) {
	for _, q := range []question{{Kind: kindHashes, Tick: 3, Count: 4}, {Kind: kindParts, Tick: 8, Lo: "a", Hi: "b"}, {Kind: kindCuts, Tick: 3, Count: 4}} {
		f.Add(q.bytes())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		q, err := parseQuestion(b)
		if err == nil && !bytes.Equal(q.bytes(), b) {
			t.Fatal("another form")
		}
	})
}

func FuzzAnswer(f *testing.F) {
	a := answer{Kind: kindHashes, Known: true, Hashes: []region.Hash{{1}}}
	f.Add(a.bytes())
	a = answer{Kind: kindParts, Known: true, Buckets: buckets([]Part{{"a", [32]byte{1}}, {"b", [32]byte{2}}})}
	f.Add(a.bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := parseAnswer(b)
		if err == nil && (!bytes.Equal(a.bytes(), b) || len(a.bytes()) > MaxAnswer) {
			t.Fatal("another form")
		}
	})
}

// TestDifferingParts: whatever two lists of parts there are, what is found is
// what differs, with few questions.
func TestDifferingParts(t *testing.T) {
	for seed := range uint64(300) {
		rnd := base.NewRand(seed, 3)
		var here, there []Part
		want := map[string]bool{}
		n := rnd.IntN(6000)
		for i := range n {
			p := Part{fmt.Sprintf("thing %06d", i), [32]byte{byte(i), byte(i >> 8)}}
			q := p
			switch rnd.IntN(n/4 + 2) {
			case 0:
				q.Hash[31]++
				here, there, want[p.Name] = append(here, p), append(there, q), true
			case 1:
				if rnd.IntN(2) == 0 {
					here = append(here, p)
				} else {
					there = append(there, p)
				}
				want[p.Name] = true
			default:
				here, there = append(here, p), append(there, q)
			}
		}
		w := &Witness{points: []point{{8, sortParts(there)}}, members: agree.Members{Voters: []base.Key{{1}, {2}}}, cfg: Config{OnEvent: func(string, uint64) {}}}
		a := &asker{net: direct{w}, to: base.Key{2}, left: asks}
		got, err := a.parts(t.Context(), 8, sortParts(here))
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != min(len(want), maxFound) {
			t.Fatalf("seed %d: %d parts of %d are found", seed, len(got), len(want))
		}
		for _, d := range got {
			if !want[d.Part] {
				t.Fatalf("seed %d: %s does not differ", seed, d.Part)
			}
		}
		if used := asks - a.left; used > 1+3*max(1, len(want)) {
			t.Fatalf("seed %d: %d questions for %d parts of %d", seed, used, len(want), n)
		}
	}
}
