package raynet

import (
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

// tell gives a node records that bob brings, and its effects back.
func tell(n *Node, bob signer, rs ...*wire.Record) []Effect {
	m := &wire.NearGive{}
	for _, r := range rs {
		m.Entries = append(m.Entries, wire.Entry{Record: r})
	}
	var out Outbox
	n.Step(n.now+millisecond, Recv{bob.key, wire.Append(nil, m)}, &out)
	return out.Effects
}

func events(es []Effect, kind EventKind, key base.Key) (k int) {
	for _, e := range es {
		if e, ok := e.(Event); ok && e.Kind == kind && e.Key == key {
			k++
		}
	}
	return k
}

func at1(x, y, z float64, ms uint64) func(*wire.Record) {
	return func(r *wire.Record) { r.Pos, r.UnixMs = spatial.At(x, y, z), ms }
}

// Rule 3.9: two records of one stamp convict their signer, bar its epoch, and
// are shown to those near it.
func TestTwoRecordsOfOneStampConvict(t *testing.T) {
	n, alice, bob, _ := victim(t)
	first := n.table.byKey(alice.key).rec
	n.Step(n.now+2*second, Tick{}, &Outbox{})
	second := alice.record(testWorld, 5, at1(1, 1, 1, 0))
	es := tell(n, bob, second)
	if c := n.Counters(); c.Conflict != 1 || c.Convicted != 1 || events(es, Convicted, alice.key) != 1 || events(es, Refused, bob.key) != 0 {
		t.Fatalf("%+v", c)
	}
	ps := n.Proofs()
	if len(ps) != 1 || *ps[0].A != *first || *ps[0].B != *second {
		t.Fatalf("proofs %v", ps)
	}
	shown := false
	for _, e := range es {
		if s, ok := e.(*Send); ok && s.To == bob.key {
			g, is := s.Msg.(*wire.NearGive)
			shown = shown || (is && len(g.Entries) == 2)
		}
	}
	if !shown {
		t.Error("the neighbour was not shown the proof")
	}
	if p := n.table.byKey(alice.key); p.inNear || p.inLong || n.usable(p) {
		t.Error("a convict is still a neighbour")
	}
	// It speaks, and its epoch still does not count; the next one does.
	var out Outbox
	n.Step(n.now+1, Recv{alice.key, wire.Append(nil, &wire.NearOffer{Self: wire.Entry{Record: alice.record(testWorld, 9, nil)}})}, &out)
	if _, known := n.Peer(alice.key); known {
		t.Error("a record of the barred epoch was taken")
	}
	next := func(epoch, seq uint32, x float64) *wire.Record {
		return alice.record(testWorld, seq, func(r *wire.Record) { r.Stamp.Epoch, r.Pos = epoch, spatial.At(x, 2, 3) })
	}
	if tell(n, bob, next(2, 1, 1)); !n.hasRecord(alice.key) {
		t.Error("the next epoch was not taken")
	}
	if tell(n, bob, next(2, 1, 2), next(3, 1, 1)); n.hasRecord(alice.key) {
		t.Error("a key convicted twice was taken again")
	}
}

// Whoever is shown a proof convicts too, known or not, and a forged proof
// convicts nobody.
func TestProofsTravel(t *testing.T) {
	n, _, bob, _ := victim(t)
	carol := newSigner(7)
	a, b := carol.record(testWorld, 3, nil), carol.record(testWorld, 3, at1(1, 1, 1, 0))
	forged := *b
	forged.Sig[3] ^= 1
	if tell(n, bob, a, &forged); n.Counters().Convicted != 0 || n.Counters().BadSignature != 1 {
		t.Fatalf("%+v", n.Counters())
	}
	if tell(n, bob, a, b); n.Counters().Convicted != 1 {
		t.Fatalf("%+v", n.Counters())
	}
}

// Rule 3.10: nobody is elsewhere at once without saying so.
func TestSpeedIsChecked(t *testing.T) {
	says := func(r *wire.Record) { at1(90, 20, 30, 100)(r); r.Jumps = 1 }
	for _, c := range []struct {
		name            string
		edit            func(*wire.Record)
		before          func(*wire.Record) // of the record before, if there is one
		convicted, fast uint64
		taken           bool
	}{
		{"walks", at1(12, 20, 30, 1000), nil, 0, 0, true},
		{"leaps", at1(90, 20, 30, 100), nil, 1, 0, false},
		{"leaps and says so", says, nil, 0, 0, true},
		{"says so too soon", func(r *wire.Record) { at1(10, 20, 30, 200)(r); r.Jumps = 2 }, says, 0, 1, false},
		{"has a clock that runs away", at1(90, 20, 30, 1e9), nil, 0, 0, true},
		{"has it run away again", at1(10, 20, 30, 2e9), at1(90, 20, 30, 1e9), 0, 1, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			me, alice, bob := newSigner(1), newSigner(2), newSigner(3)
			n, err := New(complete(t, Config{World: testWorld, Min: testBox.Min, Max: testBox.Max, MaxSpeed: 10}), me.key,
				Start{Pos: spatial.At(50, 50, 50), Epoch: 1, Seed: 1}, me.env())
			if err != nil {
				t.Fatal(err)
			}
			n.Step(second, Tick{}, &Outbox{})
			tell(n, bob, alice.record(testWorld, 5, nil))
			n.Step(n.now+second, Tick{}, &Outbox{})
			if c.before != nil {
				tell(n, bob, alice.record(testWorld, 6, c.before))
			}
			tell(n, bob, alice.record(testWorld, 7, c.edit))
			p := n.table.byKey(alice.key)
			if got := n.Counters(); got.Convicted != c.convicted || got.TooFast != c.fast || (p.hasRec && p.rec.Stamp.Seq == 7) != c.taken {
				t.Errorf("seq %d, %+v", p.rec.Stamp.Seq, got)
			}
		})
	}
}

// A jump is counted in the node's own records, a walk is not.
func TestOwnJumpsAreCounted(t *testing.T) {
	me := newSigner(1)
	n, err := New(complete(t, Config{World: testWorld, Min: testBox.Min, Max: testBox.Max, MaxSpeed: 10}), me.key,
		Start{Pos: spatial.At(50, 50, 50), Epoch: 1, Seed: 1}, me.env())
	if err != nil {
		t.Fatal(err)
	}
	n.Step(second, Tick{}, &Outbox{})
	for i := range 20 {
		n.Step(n.now+second, SetPose{Pos: spatial.At(50+5*float64(i%2), 50, 50)}, &Outbox{})
	}
	if n.self.rec.Stamp.Seq < 3 || n.self.rec.Jumps != 0 {
		t.Fatalf("seq %d, %d jumps of a walker", n.self.rec.Stamp.Seq, n.self.rec.Jumps)
	}
	n.Step(n.now+second, SetPose{Pos: spatial.At(1, 99, 50)}, &Outbox{})
	n.Step(n.now+11*second, Tick{}, &Outbox{})
	if n.self.rec.Jumps != 1 {
		t.Errorf("%d jumps", n.self.rec.Jumps)
	}
}

// Whatever its driver does, no two records of an honest node convict it: it
// runs, is nudged, and jumps more often than the counter of jumps can tell.
func TestNoHonestRecordsConvict(t *testing.T) {
	for seed := range uint64(20) {
		me := newSigner(1)
		n, err := New(complete(t, Config{World: testWorld, Min: spatial.At(-9000, 0, 0), Max: spatial.At(9000, 100, 100)}), me.key,
			Start{Pos: spatial.At(50, 50, 50), Epoch: 1, Seed: seed}, me.env())
		if err != nil {
			t.Fatal(err)
		}
		n.Step(second, Tick{}, &Outbox{})
		rng := base.NewRand(seed, 3)
		rs := []*wire.Record{n.self.rec}
		x := 50.0
		for range 2000 {
			switch k := rng.IntN(20); {
			case k < 2: // elsewhere
				x = 18000 * (rng.Float64() - 0.5)
			case k < 6: // nudged
				x += 40 * (rng.Float64() - 0.5)
			default: // as fast as may be, and a little faster
				x += 21
			}
			n.spacing = 0.1 // everything is a jump to this node
			n.Step(n.now+int64(rng.IntN(int(second/10))), SetPose{Pos: spatial.At(x, 50, 50)}, &Outbox{})
			if k := rng.IntN(50); k == 0 {
				n.Step(n.now, SetAddr{[]byte{byte(n.now)}}, &Outbox{})
			}
			if n.self.rec != rs[len(rs)-1] {
				rs = append(rs, n.self.rec)
			}
		}
		if len(rs) < 20 {
			t.Fatalf("%d records", len(rs))
		}
		for i, a := range rs {
			for _, b := range rs[i+1:] {
				if b.Stamp.Compare(a.Stamp) <= 0 {
					t.Fatalf("%v after %v", b.Stamp, a.Stamp)
				}
				if n.judgeConduct(&peer{rec: a}, b) == conductLie {
					t.Fatalf("seed %d: records %d and %d convict: %v to %v in %d ms", seed, a.Stamp.Seq, b.Stamp.Seq,
						a.Pos, b.Pos, b.UnixMs-a.UnixMs)
				}
			}
		}
	}
}

// Keys made to be convicted push out each other, not the verdict over one who
// was known.
func TestVerdictsCannotBeFlushed(t *testing.T) {
	n, alice, bob, _ := victim(t)
	n.Step(n.now+2*second, Tick{}, &Outbox{})
	tell(n, bob, alice.record(testWorld, 5, at1(1, 1, 1, 0)))
	for i := range 2 * maxVerdicts {
		s := newSigner(byte(10 + i))
		tell(n, bob, s.record(testWorld, 3, nil), s.record(testWorld, 3, at1(1, 1, 1, 0)))
		n.Step(n.now+second, Tick{}, &Outbox{})
	}
	if len(n.Proofs()) != maxVerdicts || n.Counters().Convicted < 2*maxVerdicts || !n.barred(alice.record(testWorld, 5, nil)) {
		t.Errorf("%d proofs, %d convictions, alice barred: %v", len(n.Proofs()), n.Counters().Convicted, n.barred(alice.record(testWorld, 5, nil)))
	}
}

// A hint that tells another place for a record that is held is looked into: an
// honest bearer cannot have made that up.
func TestAContradictingHintIsLookedInto(t *testing.T) {
	n, alice, bob, _ := victim(t)
	ask := func(pos spatial.Pos) (wanted bool) {
		var out Outbox
		m := &wire.NearOffer{Reply: true, Self: wire.Entry{Record: n.table.byKey(bob.key).rec},
			Hints: []wire.Hint{{ID: wire.ShortOf(alice.key), Stamp: wire.Stamp{Epoch: 1, Seq: 5}, Pos: pos, Kind: wire.Avatar}}}
		n.Step(n.now+millisecond, Recv{bob.key, wire.Append(nil, m)}, &out)
		for _, e := range out.Effects {
			if s, ok := e.(*Send); ok {
				_, is := s.Msg.(*wire.NearWant)
				wanted = wanted || is
			}
		}
		return wanted
	}
	if ask(spatial.At(10, 20, 30)) || !ask(spatial.At(60, 60, 60)) {
		t.Error("the record behind a contradicting hint must be asked for, and no other")
	}
}

// A record that is held is not verified again, and one that would win no place
// not at all.
func TestSignaturesThatMatter(t *testing.T) {
	n, alice, bob, _ := victim(t)
	before := n.Counters().Verified
	for range 5 {
		tell(n, bob, alice.record(testWorld, 5, nil))
	}
	if v := n.Counters().Verified - before; v != 0 {
		t.Errorf("a record that is held was verified %d times", v)
	}
	f := &lookup{target: spatial.At(0, 0, 0)}
	w := &path{quorum: 1}
	for i := range 4 {
		w.add(findCand{key: testKey(i), d2: uint64(i)})
	}
	f.paths = []path{*w}
	n.out = &Outbox{}
	n.learn(f, &f.paths[0], n.table.byKey(bob.key), []wire.Entry{{Record: newSigner(8).record(testWorld, 1, nil)}})
	if v := n.Counters().Verified - before; v != 0 {
		t.Error("a hopeless candidate was verified")
	}
}
