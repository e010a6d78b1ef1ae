package witness

import (
	"crypto/ed25519"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/agree"
	"github.com/metatopia/metatopia/region/order"
)

// signed is a record as a leader signs it.
func signed(priv ed25519.PrivateKey, prev order.Sum, tick base.Tick, term uint64, sync bool) order.Encoded {
	r := order.Record{Epoch: 1, Tick: tick, Prev: prev, Sync: sync}
	b := r.Claimed(term, &order.Signer{Key: base.Key(priv.Public().(ed25519.PublicKey)), Sign: func(epoch, term uint64, tick base.Tick, body [32]byte) [64]byte {
		c := agree.Cut{Region: regionConfig().ID, Epoch: epoch, Term: term, Tick: tick, Body: body}
		return [64]byte(ed25519.Sign(priv, c.SigningBytes()))
	}})
	return order.Encoded{Record: r, Bytes: b, Sum: order.SumOf(b)}
}

// TestTwoRecords: a leader shows one of three servers another record of a tick than
// the others, and signs both. The one that is alone finds it out by asking, and tells
// all; a leader of two terms that did so is no liar.
func TestTwoRecords(t *testing.T) {
	for _, twice := range []bool{true, false} {
		c := newCluster(t, 3)
		liar, _ := keyOf(1)
		key := base.Key(liar.Public().(ed25519.PublicKey))
		prev := make([]order.Sum, 3)
		alone := 0
		for c.all[alone].key == key {
			alone++
		}
		for tick := base.Tick(1); tick <= 40; tick++ {
			for i, r := range c.all {
				if r.stopped {
					continue
				}
				term, other := uint64(3), tick == 13 && i == alone
				if other && !twice {
					term++
				}
				rec := signed(liar, prev[i], tick, term, other)
				if tick > 13 && i == alone {
					rec = signed(liar, prev[i], tick, 5, false) // that it follows another one is no lie
				}
				prev[i] = rec.Sum
				r.step(&rec)
			}
			c.deliver()
		}
		if !c.all[alone].stopped {
			t.Fatal("nobody noticed")
		}
		rep, err := c.all[alone].watch.Investigate(t.Context())
		if err != nil || rep.Verdict != Log {
			t.Fatalf("%+v, %v", rep, err)
		}
		c.deliver()
		for _, r := range c.all {
			list := r.watch.Charges()
			if !twice {
				if len(list) != 0 {
					t.Fatalf("an honest leader is charged: %+v", list)
				}
				continue
			}
			if len(list) != 1 || list[0].Kind() != agree.TwoCuts || list[0].Server() != key || list[0].Tick() != 13 {
				t.Fatalf("charges: %+v", list)
			}
		}
	}
}

func (c *cluster) deliver() {
	for len(c.mail) > 0 {
		mail := c.mail
		c.mail = nil
		for _, m := range mail {
			for _, r := range c.all {
				if r.key == m.to {
					_ = r.watch.Take(m.from, m.msg)
				}
			}
		}
	}
}

// TestTwoVotes: a server tells two others two things, of which each makes what is
// certified for it. The one that sees the vote differ shows it to the other.
func TestTwoVotes(t *testing.T) {
	c := newCluster(t, 3)
	for range 9 {
		c.tick()
	}
	c.deliver()
	liar := c.all[2]
	last, ok := liar.watch.Last()
	if !ok {
		t.Fatal("nothing certified")
	}
	v := last.Vote
	v.State[0]++
	s := agree.SignedVote{Vote: v}
	s.Server, s.Sig = liar.key, liar.watch.cfg.Agree.Sign(v.SigningBytes())
	m := message{Vote: &s}
	if err := c.all[0].watch.Take(liar.key, m.bytes()); err != nil {
		t.Fatal(err)
	}
	c.deliver()
	for _, r := range c.all[:2] {
		list := r.watch.Charges()
		if len(list) == 0 || list[0].Server() != liar.key || list[0].Kind() != agree.TwoVotes {
			t.Fatalf("charges: %+v", list)
		}
	}
	// A charge against a stranger, or one that does not hold, counts nothing.
	bad := c.all[0].watch.Charges()[0]
	var e base.Encoder
	bad.AppendTo(&e)
	e.B[len(e.B)-1]++
	forged := append([]byte{kindCharge}, e.B...)
	fresh := newCluster(t, 3)
	if err := fresh.all[0].watch.Take(fresh.all[1].key, forged); err == nil || len(fresh.all[0].watch.Charges()) != 0 {
		t.Fatalf("a forged charge: %v", err)
	}
}
