package handoff

import (
	"errors"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
)

func one(n byte, epoch uint64) []Ref { return []Ref{{oid(n), epoch}} }

// drain collects the messages and whether an object was taken over.
func drain(c *Core) (sent []Msg, accepted bool) {
	for _, e := range c.Effects() {
		if e.Kind == DoSend {
			sent = append(sent, e.Msg)
		}
		accepted = accepted || e.Kind == DoAccept
	}
	return sent, accepted
}

func handle(t *testing.T, c *Core, from base.ID, m Msg) ([]Msg, bool) {
	t.Helper()
	if err := c.Handle(1, from, m); err != nil {
		t.Fatal(err)
	}
	return drain(c)
}

// TestMemoryOutlivesTombs: a release that comes again after the object moved on
// and was forgotten is known by its number alone.
func TestMemoryOutlivesTombs(t *testing.T) {
	b := newNode(t, 2, 10).core
	release := Msg{Kind: Release, Life: 1, Of: 1, First: 1, N: 1, Floor: 1, Items: one(1, 1), Parts: 1, State: []byte("x")}
	if _, ok := handle(t, b, rid(1), release); !ok {
		t.Fatal("not accepted")
	}
	b.Drop(1, oid(1))
	for i := range MaxTombs + 1 {
		id := base.ID{1, byte(i), byte(i >> 8)}
		if err := b.Own(id, 1); err != nil {
			t.Fatal(err)
		}
		b.Drop(1, id)
	}
	if b.Known(oid(1)) != 0 {
		t.Fatal("the tomb is still there: the test does not test")
	}
	if sent, ok := handle(t, b, rid(1), release); ok || len(sent) != 1 || sent[0].Kind != Accepted {
		t.Fatalf("an old release took effect again: %v %v", ok, sent)
	}
}

// TestFenceHoldsWithoutMemory: an owner that lost its log gives away, under a
// number never seen, what has moved on since.
func TestFenceHoldsWithoutMemory(t *testing.T) {
	b := newNode(t, 2, 10).core
	handle(t, b, rid(1), Msg{Kind: Release, Life: 1, Of: 1, First: 1, N: 1, Floor: 1, Items: one(1, 4), Parts: 1, State: []byte("x")})
	for n, gone := range []bool{false, true} {
		if gone {
			b.Drop(1, oid(1))
		}
		if _, ok := handle(t, b, rid(3), Msg{Kind: Release, Life: 1, Of: 1, First: 1, N: uint64(8 + n), Floor: 8, Items: one(1, 2), Parts: 1, State: []byte("old")}); ok {
			t.Fatalf("an older epoch took effect (gone: %v)", gone)
		}
	}
	// A higher epoch replaces what yields.
	if err := b.Own(oid(2), 5); err != nil {
		t.Fatal(err)
	}
	b.Yield(oid(2))
	if _, ok := handle(t, b, rid(3), Msg{Kind: Release, Life: 1, Of: 1, First: 1, N: 20, Floor: 20, Items: one(2, 7), Parts: 1, State: []byte("new")}); !ok || b.owned[oid(2)].Epoch != 8 {
		t.Fatal("a newer epoch did not take effect")
	}
}

// TestOnlyAnswersToWhatWasAsked: Prepared, Refused and Accepted for another
// object, epoch, number or phase change nothing.
func TestOnlyAnswersToWhatWasAsked(t *testing.T) {
	a := newNode(t, 1, 10).core
	if err := a.Own(oid(1), 3); err != nil {
		t.Fatal(err)
	}
	if err := a.Begin(1, rid(2), 0, oid(1)); err != nil {
		t.Fatal(err)
	}
	drain(a)
	before := a.Snapshot(nil)
	for _, m := range []Msg{
		{Kind: Accepted, Life: 1, Of: 1, N: 1, Items: one(1, 3)}, // nothing was released
		{Kind: Prepared, Life: 1, Of: 1, N: 1, Items: one(1, 2)},
		{Kind: Prepared, Life: 1, Of: 1, N: 2, Items: one(1, 3)},
		{Kind: Prepared, Life: 1, Of: 1, N: 1, Items: one(2, 3)},
		{Kind: Refused, Life: 1, Of: 1, N: 1, Items: one(1, 4), Reason: Stale},
	} {
		handle(t, a, rid(2), m)
		if string(a.Snapshot(nil)) != string(before) {
			t.Fatalf("%+v had an effect", m)
		}
	}
	// Nor does the right answer from another region.
	handle(t, a, rid(3), Msg{Kind: Prepared, Life: 1, Of: 1, N: 1, Items: one(1, 3)})
	if to, ok := a.Offered(oid(1)); !ok || to != rid(2) || a.links[rid(2)].Out[0].Phase != offered {
		t.Fatal("a third region answered for the second")
	}
	for _, m := range []Msg{{Kind: 99, Life: 1, Of: 1, N: 1, Items: one(1, 1)}, {Kind: Release, Life: 1, Of: 1, First: 1, N: Window + 1, Floor: 1, Items: one(1, 1)}, {Kind: Offer, Life: 1, Of: 1, N: 1, Items: one(1, 1)}} {
		if err := a.Handle(1, rid(2), m); !errors.Is(err, ErrPeer) {
			t.Errorf("%+v: %v", m, err)
		}
	}
}

// TestLastEpoch: a thing at the end of all epochs stays where it is.
func TestLastEpoch(t *testing.T) {
	c := newNode(t, 1, 10).core
	for n, epoch := range map[byte]uint64{1: MaxEpoch - 2, 2: MaxEpoch - 1} {
		if err := c.Own(oid(n), epoch); err != nil {
			t.Fatal(err)
		}
		if err := c.Begin(1, rid(2), 0, oid(n)); (err == nil) != (epoch == lastEpoch) {
			t.Errorf("epoch %d: %v", epoch, err)
		}
	}
	if err := c.Handle(1, rid(2), Msg{Kind: Release, Life: 1, Of: 1, First: 1, N: 1, Floor: 1, Items: one(3, MaxEpoch-1), Parts: 1}); !errors.Is(err, ErrPeer) {
		t.Errorf("a release at the last epoch: %v", err)
	}
}

// TestNeeds: who lacks what a group needs keeps room and is silent, answers when
// it is there, and leaves a release that comes too soon alone.
func TestNeeds(t *testing.T) {
	has := map[uint64]bool{}
	cfg := Config{Self: rid(2), Capacity: 4, Times: quick,
		Has: func(needs []uint64) bool {
			for _, n := range needs {
				if !has[n] {
					return false
				}
			}
			return true
		},
		Sound: func(base.ID, []Ref, []byte) Verdict {
			if !has[3] || !has[5] {
				return NotYet
			}
			return Sound
		}}
	a, err := New(Config{Self: rid(1), Capacity: 4, Times: quick, Needs: func(ids []base.ID) []uint64 { return []uint64{3, 5} }})
	if err != nil {
		t.Fatal(err)
	}
	b, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Own(oid(1), 1); err != nil {
		t.Fatal(err)
	}
	if err := a.Begin(1, rid(2), 0, oid(1)); err != nil {
		t.Fatal(err)
	}
	offer := a.Effects()[0].Msg
	if len(offer.Needs) != 2 {
		t.Fatalf("needs %v", offer.Needs)
	}
	if err := b.Handle(1, rid(1), offer); err != nil {
		t.Fatal(err)
	}
	if len(b.Effects()) != 0 || b.Room() != 3 || len(b.Lacks(rid(1))) != 2 {
		t.Fatalf("room %d, lacks %v", b.Room(), b.Lacks(rid(1)))
	}
	has[3] = true
	b.Tick(2)
	if err := b.Handle(2, rid(1), offer); err != nil || len(b.Effects()) != 0 {
		t.Fatal("answered with a half of it", err)
	}
	early := Msg{Kind: Release, Life: 1, Of: 1, First: 1, N: offer.N, Floor: 1, Items: offer.Items, Parts: 1}
	if err := b.Handle(2, rid(1), early); err != nil || len(b.Effects()) != 0 || b.Len() != 0 {
		t.Fatal("a release that came too soon", err)
	}
	if b, err = Restore(cfg, b.Snapshot(nil)); err != nil {
		t.Fatal(err)
	}
	needed := 0
	b.EachNeed(func(uint64) { needed++ })
	has[5] = true
	b.Tick(3)
	list := b.Effects()
	if len(list) != 2 || list[0].Msg.Kind != Prepared || list[1].Kind != DoPrepared || needed != 2 || b.Lacks(rid(1)) != nil {
		t.Fatalf("%+v, needs %d", list, needed)
	}
	if err := b.Handle(4, rid(1), early); err != nil || b.Len() != 1 {
		t.Fatal("not taken", err)
	}
}
