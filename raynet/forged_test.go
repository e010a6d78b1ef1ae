package raynet

import (
	"crypto/ed25519"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

// signer is a node's key with real signatures.
type signer struct {
	key  base.Key
	priv ed25519.PrivateKey
}

func newSigner(seed byte) signer {
	priv := ed25519.NewKeyFromSeed(append(make([]byte, 31), seed))
	return signer{base.Key(priv.Public().(ed25519.PublicKey)), priv}
}

// realEnv has the signer's key.
type realEnv struct {
	signer
	scratch Scratch
}

func (e *realEnv) Sign(_ base.Key, m []byte) [64]byte { return e.sign(m) }

func (e *realEnv) Verify(k base.Key, m, sig []byte) bool { return ed25519.Verify(k[:], m, sig) }

func (e *realEnv) Scratch() *Scratch { return &e.scratch }

func (s signer) env() Env { return &realEnv{signer: s} }

func (s signer) sign(m []byte) [64]byte { return [64]byte(ed25519.Sign(s.priv, m)) }

var testWorld = base.DeriveID("test world")

// record is a correct record of s, signed for world.
func (s signer) record(world base.ID, seq uint32, edit func(*wire.Record)) *wire.Record {
	r := wire.Record{Kind: wire.Avatar, Key: s.key, Stamp: wire.Stamp{Epoch: 1, Seq: seq}, Pos: spatial.At(10, 20, 30)}
	if edit != nil {
		edit(&r)
	}
	r.Sig = s.sign(r.SigningBytes(world))
	return &r
}

// victim is a node that has heard from alice (seq 5) and bob.
func victim(t *testing.T) (n *Node, alice, bob signer, give func(from signer, m wire.Message)) {
	t.Helper()
	me := newSigner(1)
	alice, bob = newSigner(2), newSigner(3)
	n, err := New(complete(t, Config{World: testWorld, Min: testBox.Min, Max: testBox.Max}), me.key, Start{Pos: spatial.At(50, 50, 50), Epoch: 1, Seed: 1}, me.env())
	if err != nil {
		t.Fatal(err)
	}
	now := int64(0)
	give = func(from signer, m wire.Message) {
		var out Outbox
		now += millisecond
		n.Step(now, Recv{from.key, wire.Append(nil, m)}, &out)
	}
	give(alice, &wire.NearOffer{Reply: true, Self: wire.Entry{Record: alice.record(testWorld, 5, nil)}})
	give(bob, &wire.NearOffer{Reply: true, Self: wire.Entry{Record: bob.record(testWorld, 5, func(r *wire.Record) { r.Pos = spatial.At(90, 90, 90) })}})
	now += second
	var out Outbox
	n.Step(now, Tick{}, &out)
	if len(n.Near()) != 2 || n.Counters().Verified != 2 {
		t.Fatalf("%d neighbours, %+v", len(n.Near()), n.Counters())
	}
	return n, alice, bob, give
}

// Section 3 of docs/protocol/raynet.md: a record that breaks a rule has no
// effect and is counted once.
func TestForgedRecordsHaveNoEffect(t *testing.T) {
	moved := func(r *wire.Record) { r.Pos = spatial.At(1, 1, 1) }
	stranger := newSigner(9)
	relayed := func(r *wire.Record) wire.Message { return &wire.NearGive{Entries: []wire.Entry{{Record: r}}} }
	for _, c := range []struct {
		name    string
		message func(alice, bob signer) wire.Message // bob sends it
		counter func(Counters) uint64
	}{
		{"bad signature", func(alice, _ signer) wire.Message {
			r := alice.record(testWorld, 6, nil)
			r.Pos = spatial.At(1, 1, 1)
			return relayed(r)
		}, func(c Counters) uint64 { return c.BadSignature }},
		{"signed by another key", func(alice, bob signer) wire.Message {
			r := alice.record(testWorld, 6, moved)
			r.Sig = bob.sign(r.SigningBytes(testWorld))
			return relayed(r)
		}, func(c Counters) uint64 { return c.BadSignature }},
		{"signed for another world", func(alice, _ signer) wire.Message {
			return relayed(alice.record(base.DeriveID("elsewhere"), 6, moved))
		}, func(c Counters) uint64 { return c.BadSignature }},
		{"sequence regression", func(alice, _ signer) wire.Message {
			return relayed(alice.record(testWorld, 4, moved))
		}, func(c Counters) uint64 { return c.Stale }},
		{"epoch regression", func(alice, _ signer) wire.Message {
			return relayed(alice.record(testWorld, 900, func(r *wire.Record) { moved(r); r.Stamp.Epoch = 0 }))
		}, func(c Counters) uint64 { return c.Stale }},
		{"wrong key", func(alice, _ signer) wire.Message {
			return &wire.NearOffer{Reply: true, Self: wire.Entry{Record: alice.record(testWorld, 6, moved)}}
		}, func(c Counters) uint64 { return c.WrongKey }},
		{"wrong key in a closure", func(alice, _ signer) wire.Message {
			return &wire.Closure{Self: wire.Entry{Record: alice.record(testWorld, 6, moved)}}
		}, func(c Counters) uint64 { return c.WrongKey }},
		{"farewell of another", func(alice, _ signer) wire.Message {
			return &wire.Leave{Record: *alice.record(testWorld, 6, func(r *wire.Record) { r.Leaving = true })}
		}, func(c Counters) uint64 { return c.WrongKey }},
		{"relayed farewell", func(alice, _ signer) wire.Message {
			return relayed(alice.record(testWorld, 6, func(r *wire.Record) { r.Leaving = true }))
		}, func(c Counters) uint64 { return c.Stale }},
		{"forged farewell", func(_, bob signer) wire.Message {
			r := bob.record(testWorld, 6, func(r *wire.Record) { r.Leaving = true })
			r.Sig[0] ^= 1
			return &wire.Leave{Record: *r}
		}, func(c Counters) uint64 { return c.BadSignature }},
		{"outside the world", func(alice, _ signer) wire.Message {
			return relayed(alice.record(testWorld, 6, func(r *wire.Record) { r.Pos = spatial.At(1000, 0, 0) }))
		}, func(c Counters) uint64 { return c.OutOfWorld }},
		{"old", func(alice, _ signer) wire.Message {
			return &wire.NearGive{Entries: []wire.Entry{{Record: stranger.record(testWorld, 1, nil), Age: wire.AgeOf(31 * second)}}}
		}, func(c Counters) uint64 { return c.Stale }},
		{"answers to nothing", func(alice, _ signer) wire.Message {
			return &wire.Closer{Query: 77, Entries: []wire.Entry{{Record: alice.record(testWorld, 6, moved)}}}
		}, func(c Counters) uint64 { return c.Unasked }},
		{"closure of nothing", func(alice, _ signer) wire.Message {
			return &wire.ClosureRep{Query: 77, Entries: []wire.Entry{{Record: alice.record(testWorld, 6, moved)}}}
		}, func(c Counters) uint64 { return c.Unasked }},
	} {
		t.Run(c.name, func(t *testing.T) {
			n, alice, bob, give := victim(t)
			before := c.counter(n.Counters())
			give(bob, c.message(alice, bob))
			if got := c.counter(n.Counters()) - before; got != 1 {
				t.Errorf("counted %d times: %+v", got, n.Counters())
			}
			for _, s := range []signer{alice, bob} {
				p := n.table.byKey(s.key)
				if p == nil || !p.inNear || p.rec.Stamp.Seq != 5 {
					t.Fatal("the neighbour's record has changed")
				}
			}
			if a, _ := n.Peer(alice.key); a.Pos != spatial.At(10, 20, 30) {
				t.Errorf("alice is believed to be at %v", a.Pos)
			}
			if _, known := n.Peer(stranger.key); known {
				t.Error("the stranger is known")
			}
		})
	}
}

// What is right is taken: the cases above would pass on a deaf node.
func TestGoodRecordsHaveEffect(t *testing.T) {
	n, alice, bob, give := victim(t)
	give(bob, &wire.NearGive{Entries: []wire.Entry{{Record: alice.record(testWorld, 6, func(r *wire.Record) { r.Pos, r.UnixMs = spatial.At(1, 1, 1), 1000 })}}})
	if a, _ := n.Peer(alice.key); a.Pos != spatial.At(1, 1, 1) {
		t.Errorf("alice is believed to be at %v", a.Pos)
	}
	give(bob, &wire.Leave{Record: *bob.record(testWorld, 6, func(r *wire.Record) { r.Leaving = true })})
	if p := n.table.byKey(bob.key); p.inNear || n.Counters().Farewells != 1 {
		t.Error("bob's own farewell was not heard")
	}
}

// An address counts only when the record's signed digest names it.
func TestForgedAddress(t *testing.T) {
	n, _, bob, give := victim(t)
	carol := newSigner(4)
	r := carol.record(testWorld, 1, func(r *wire.Record) { r.Addr = wire.DigestOf([]byte("/ip4/192.0.2.1")) })
	give(bob, &wire.NearGive{Entries: []wire.Entry{{Record: r, Addr: []byte("/ip4/192.0.2.66")}}})
	if p := n.table.byKey(carol.key); p == nil || len(p.addr()) != 0 || n.Counters().BadAddr != 1 {
		t.Errorf("a wrong address was kept: %+v", n.Counters())
	}
	give(bob, &wire.NearGive{Entries: []wire.Entry{{Record: r, Addr: []byte("/ip4/192.0.2.1")}}})
	if p := n.table.byKey(carol.key); string(p.addr()) != "/ip4/192.0.2.1" {
		t.Errorf("the right address was not kept: %q", p.addr())
	}
}

// A routed payload counts only with its origin's signature.
func TestForgedRoute(t *testing.T) {
	n, alice, bob, _ := victim(t)
	m := &wire.Route{ID: 1, Origin: alice.key, Target: spatial.At(50, 50, 50), Best: 1, TTL: 9, Confirmed: true, Payload: []byte("mine")}
	m.Sig = alice.sign(m.SigningBytes(testWorld))
	try := func(m wire.Route) (delivered int) {
		var out Outbox
		n.Step(n.now+millisecond, Recv{bob.key, wire.Append(nil, &m)}, &out)
		for _, e := range out.Effects {
			if d, ok := e.(Deliver); ok {
				delivered++
				if d.From != alice.key {
					t.Errorf("from %v", d.From)
				}
			}
		}
		return delivered
	}
	forged := *m
	forged.ID, forged.Payload = 2, []byte("hers")
	if try(forged) != 0 || n.Counters().BadSignature != 1 {
		t.Error("a forged route was delivered")
	}
	if try(*m) != 1 {
		t.Error("a signed route was not delivered")
	}
	if try(*m) != 0 {
		t.Error("a repeated route was delivered twice")
	}
}

// naive believes every signature.
type naive struct{ scratch Scratch }

func (*naive) Sign(base.Key, []byte) [64]byte       { return [64]byte{} }
func (*naive) Verify(base.Key, []byte, []byte) bool { return true }
func (e *naive) Scratch() *Scratch                  { return &e.scratch }

// FuzzStep gives a node arbitrary bytes from a peer: it must keep its bounds
// and never panic.
func FuzzStep(f *testing.F) {
	alice := newSigner(2)
	e := wire.Entry{Record: alice.record(testWorld, 6, nil)}
	for _, m := range []wire.Message{
		&wire.NearOffer{Self: e}, &wire.NearSub{}, &wire.Closure{Self: e, Winners: []wire.ShortID{1}},
		&wire.Find{Query: 1, N: 4}, &wire.Route{TTL: 3}, &wire.Shuffle{Entries: []wire.Entry{e}},
		&wire.Move{Stamp: wire.Stamp{Epoch: 1, Seq: 1}}, &wire.PingReq{Target: alice.key},
		&wire.Busy{Hints: []wire.Hint{{ID: 7, Kind: wire.Site}}},
	} {
		f.Add(wire.Append(nil, m))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		me := newSigner(1)
		n, err := New(complete(t, Config{World: testWorld, Min: testBox.Min, Max: testBox.Max}), me.key, Start{Epoch: 1, Seed: 1}, &naive{})
		if err != nil {
			t.Fatal(err)
		}
		var out Outbox
		for now := int64(1); now < 3*second; now += 300 * millisecond {
			out.Reset()
			n.Step(now, Recv{alice.key, b}, &out)
			for _, e := range out.Effects {
				if s, ok := e.(*Send); ok {
					if _, err := wire.Parse(wire.Append(nil, s.Msg)); err != nil {
						t.Fatalf("the node sent what it would refuse: %v", err)
					}
				}
			}
		}
		if len(n.table.all) > 1+wire.MaxEntries || len(n.near) > n.cfg.Contrib+n.cfg.Sticky {
			t.Fatalf("%d peers, %d near", len(n.table.all), len(n.near))
		}
	})
}
