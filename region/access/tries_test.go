package access

import (
	"fmt"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
)

// attempt lets server s1 count a try.
func (p *place) attempt(peer string, net uint64) error {
	return p.do("s1", Entry{Kind: Attempt, Player: key(peer), Net: net})
}

func TestTries(t *testing.T) {
	p := begin(t)
	p.yes(p.do("alice", Entry{Kind: SetSecret, Record: record()}))
	p.no(p.do("zoe", Entry{Kind: Attempt, Player: key("zoe")}), Server)
	for i := range TriesPeer {
		p.yes(p.attempt("zoe", uint64(i)))
	}
	p.no(p.attempt("zoe", 77), Tries) // a peer, whatever its network
	p.yes(p.attempt("mia", 1000))
	for i := range TriesNet - 1 {
		p.yes(p.attempt(fmt.Sprint("sybil", i), 1000))
	}
	p.no(p.attempt("sybil9", 1000), Tries) // a network, whoever it is
	n := TriesPeer + TriesNet
	for i := n; i < TriesRegion; i++ {
		p.yes(p.attempt(fmt.Sprint("other", i), uint64(5000+i)))
	}
	p.no(p.attempt("new", 9999), Tries) // all together
	p.now += Minute
	p.yes(p.attempt("new", 9999))
	if ok, again := p.MayTry(key("zoe"), 1, p.now); !ok {
		t.Fatalf("after a minute zoe waits until %d, it is %d", again, p.now)
	}
	// The sixth wrong one in a row doubles the wait.
	p.yes(p.attempt("zoe", 40))
	if ok, again := p.MayTry(key("zoe"), 41, p.now); ok || again != p.now+2*Minute {
		t.Fatalf("%v, again at %d, it is %d", ok, again, p.now)
	}
	// The right one takes all of that back.
	p.yes(p.admit(p.ticket("zoe")))
	if ok, _ := p.MayTry(key("zoe"), 40, p.now); !ok {
		t.Fatal("a right password does not end the wait")
	}
}

// TestTenThousandTries: somebody with 10,000 peers in 10,000 networks guesses as
// fast as a server takes it, for an hour of the region's time; and one peer for
// a day.
func TestTenThousandTries(t *testing.T) {
	p := begin(t)
	p.yes(p.do("alice", Entry{Kind: SetSecret, Record: record()}))
	let := 0
	for i := range 10_000 {
		peer := key(fmt.Sprint(i))
		if ok, _ := p.MayTry(peer, uint64(i), p.now); ok {
			p.yes(p.attempt(fmt.Sprint(i), uint64(i)))
			let++
		} else if i%100 == 0 { // the log says the same as the question
			p.no(p.attempt(fmt.Sprint(i), uint64(i)), Tries)
		}
		p.now += Hour / 10_000
	}
	if let > TriesRegion*61 {
		t.Errorf("%d of 10,000 were let in an hour", let)
	}
	if tried, _ := p.Counts(); tried != uint64(let) {
		t.Errorf("%d counted, %d let", tried, let)
	}
	one := begin(t)
	let = 0
	for i := range 10_000 {
		if one.attempt("eve", uint64(i)) == nil {
			let++
		}
		one.now += 24 * Hour / 10_000
	}
	if let > 40 {
		t.Errorf("one peer was let %d times in a day", let)
	}
	t.Logf("one peer: %d tries in a day", let)
}

func TestTablesAreBounded(t *testing.T) {
	p := begin(t)
	for i := range 3 * MaxBackoffs {
		p.now += 3 * Second
		p.yes(p.attempt(fmt.Sprint(i), uint64(i)))
	}
	if len(p.backoffs) > MaxBackoffs || len(p.tries) > TriesRegion {
		t.Errorf("%d waits, %d tries", len(p.backoffs), len(p.tries))
	}
	for range 2 * MaxAudit {
		p.yes(p.do("alice", Entry{Kind: Expel, Player: key("zoe")}))
	}
	if len(p.Audit()) != MaxAudit {
		t.Errorf("%d lines of audit", len(p.Audit()))
	}
	// Strangers who may invite fill the table with commands, and are forgotten
	// when these cannot come again.
	for i := range MaxMembers {
		k := key(fmt.Sprint("stranger", i))
		if m := p.known(k, p.now); m != nil {
			m.Counter, m.Last = 1, p.now+1
		}
	}
	p.no(p.do("alice", Entry{Kind: List, Player: base.Key{42}, On: true}), Room)
	p.now += 2
	p.yes(p.do("alice", Entry{Kind: List, Player: base.Key{42}, On: true}))
}
