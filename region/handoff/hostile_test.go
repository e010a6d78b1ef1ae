package handoff

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
)

// What a neighbour that lies may say: rule 6 of docs/protocol/handoff.md.

// keeper is a core that owns three objects: x rests, y is on offer to an honest
// neighbour, z is released to it and not confirmed.
func keeper(t testing.TB) *Core {
	t.Helper()
	c, err := New(Config{Self: rid(1), Capacity: 100, Slack: 20})
	if err != nil {
		t.Fatal(err)
	}
	for n := byte(1); n <= 3; n++ {
		if err := c.Own(oid(n), 5); err != nil {
			t.Fatal(err)
		}
	}
	for n := byte(2); n <= 3; n++ {
		if err := c.Begin(1, rid(2), 0, oid(n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Handle(1, rid(2), Msg{Kind: Prepared, Life: 1, Of: 1, N: 2, Items: one(3, 5)}); err != nil {
		t.Fatal(err)
	}
	if err := c.Release(1, oid(3), []byte("z")); err != nil {
		t.Fatal(err)
	}
	c.Effects()
	return c
}

// unharmed: x, y and z are as they were, and y and z can finish their way. A
// thing of z's name that the liar made up may be here: what was given away is
// not this region's to guard.
func unharmed(t testing.TB, c *Core, now base.Tick) {
	t.Helper()
	for n := byte(1); n <= 2; n++ {
		if e, ok := c.Owns(oid(n)); !ok || e != 5 {
			t.Fatalf("object %d is owned at epoch %d: %v", n, e, ok)
		}
	}
	if c.Known(oid(3)) < 6 || !slices.Contains(c.Released(), Departure{Ref{oid(3), 5}, rid(2)}) {
		t.Fatal("what was released is not on its way")
	}
	if to, ok := c.Offered(oid(2)); !ok || to != rid(2) {
		t.Fatal("the offer is gone")
	}
	if _, ok := c.Offered(oid(1)); ok {
		t.Fatal("an offer that nobody wanted")
	}
	for _, m := range []Msg{{Kind: Prepared, N: 1, Items: one(2, 5)}, {Kind: Accepted, N: 2, Items: one(3, 5)}} {
		m.Life, m.Of = 1, 1
		if err := c.Handle(now, rid(2), m); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Release(now, oid(2), []byte("y")); err != nil {
		t.Fatal(err)
	}
	if err := c.Begin(now, rid(2), 0, oid(1)); err != nil {
		t.Fatal(err)
	}
	c.Effects()
}

// TestLiarTakesNothing: releases of what is here, at any epoch, with any
// company, and answers to questions that were put to others.
func TestLiarTakesNothing(t *testing.T) {
	c := keeper(t)
	liar := rid(3)
	say := func(m Msg) error {
		m.Life, m.Of, m.First, m.Parts = 1, 1, 1, 1
		err := c.Handle(1, liar, m)
		for _, e := range c.Effects() {
			if e.Kind == DoAccept || e.Kind == DoRelease || e.Kind == DoStale || e.Kind == DoGiveUp || e.Kind == DoSettle {
				t.Fatalf("%+v caused %+v", m, e)
			}
		}
		return err
	}
	for i, epoch := range []uint64{4, 5, 6, 1 << 40, MaxEpoch - 1} {
		n := uint64(i + 1)
		if err := say(Msg{Kind: Release, N: n, Floor: n, Items: one(1, epoch), State: []byte("mine")}); epoch >= 5 && !errors.Is(err, ErrPeer) {
			t.Errorf("release at epoch %d: %v", epoch, err)
		}
		if err := say(Msg{Kind: Release, N: n, Floor: n, Items: []Ref{{oid(1), epoch}, {oid(9), 1}}}); epoch >= 5 && !errors.Is(err, ErrPeer) {
			t.Errorf("release in company at epoch %d: %v", epoch, err)
		}
	}
	for _, items := range [][]Ref{one(1, 5), one(2, 5), one(3, 5), {{oid(1), 5}, {oid(2), 5}}} {
		for n := uint64(1); n < 4; n++ {
			for _, k := range []MsgKind{Prepared, Accepted, Ask, Claim, Known} {
				_ = say(Msg{Kind: k, N: n, Items: items, Mask: 1})
			}
			for why := NoRoom; why <= lastReason; why++ {
				_ = say(Msg{Kind: Refused, N: n, Items: items, Reason: why, Mask: 1})
			}
			_ = say(Msg{Kind: Withdrawn, N: n, Floor: n, Items: items})
			_ = say(Msg{Kind: Offer, N: n, Floor: 1, Items: items})
		}
	}
	unharmed(t, c, 2)
}

// TestLiarFillsNothing: reservations end at a bound for each link, and what the
// region makes itself needs no leave of them.
func TestLiarFillsNothing(t *testing.T) {
	c, err := New(Config{Self: rid(1), Capacity: 1000})
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for n := uint64(1); n <= 200; n++ {
		var items []Ref
		for k := range 10 {
			items = append(items, Ref{base.ID{byte(n), byte(k), 1}, 1})
		}
		if err := c.Handle(1, rid(3), Msg{Kind: Offer, Life: 1, Of: 1, N: n, Floor: 1, Items: items}); err != nil {
			t.Fatal(err)
		}
		for _, e := range c.Effects() {
			if e.Kind == DoSend && e.Msg.Kind == Refused && e.Msg.Reason == Crowded {
				refused++
			}
		}
	}
	if got := 1000 - c.Room(); got > MaxReserved || refused == 0 || c.Free() != 1000 {
		t.Fatalf("%d reserved, %d refused, %d free", got, refused, c.Free())
	}
}

// TestPartsAreBounded: a link holds one release that is not whole, the one of
// the lowest number, whatever comes in between; it is forgotten in time.
func TestPartsAreBounded(t *testing.T) {
	c := keeper(t)
	full := make([]byte, MaxState)
	part := func(n uint64, part, parts uint8, state []byte) []Effect {
		if err := c.Handle(1, rid(3), Msg{Kind: Release, Life: 1, Of: 1, First: 1, N: n, Floor: 1, Items: one(9, 1), Part: part, Parts: parts, State: state}); err != nil {
			t.Fatal(err)
		}
		return c.Effects()
	}
	before := len(c.Snapshot(nil))
	for n := uint64(200); n >= 2; n-- {
		part(n, 0, MaxParts, full)
		part(n, 1, MaxParts, full)
		part(n, 2, 4, full) // another way to cut it: begun anew
	}
	if got := len(c.Snapshot(nil)) - before; got > 2*MaxState {
		t.Fatalf("%d bytes held", got)
	}
	part(2, 0, 4, full)
	part(9, 3, 4, []byte("other"))
	part(2, 1, 4, full)
	if got := part(2, 3, 4, []byte("end")); len(got) != 2 || got[0].Kind != DoAccept || len(got[0].State) != 3*MaxState+3 || !bytes.HasSuffix(got[0].State, []byte("end")) {
		t.Fatalf("%d effects", len(got))
	}
	part(4, 0, 2, full)
	c.Tick(1 + DefaultTimes.Prepared)
	c.Effects()
	if c.links[rid(3)].Coming != nil {
		t.Fatal("never forgotten")
	}
}

// TestUnsoundIsNotTaken: what cannot be carried out is not accepted, not even
// in part, and can be sent again.
func TestUnsoundIsNotTaken(t *testing.T) {
	c, err := New(Config{Self: rid(1), Capacity: 9, Sound: func(_ base.ID, items []Ref, state []byte) Verdict {
		if len(items) == 2 && string(state) == "good" {
			return Sound
		}
		return Unsound
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, state := range []string{"bad", "good"} {
		err := c.Handle(1, rid(2), Msg{Kind: Release, Life: 1, Of: 1, First: 1, N: 1, Floor: 1, Items: []Ref{{oid(1), 1}, {oid(2), 1}}, Parts: 1, State: []byte(state)})
		sent, took := drain(c)
		if good := state == "good"; took != good || (err == nil) != good || (len(sent) == 1) != good || c.Len() == 2 != good {
			t.Errorf("%s: %v, %v, %d answers, %d owned", state, err, took, len(sent), c.Len())
		}
	}
}

// TestLimboIsBounded: a region that never confirms makes the owner keep only so
// much, after which things stay where they are.
func TestLimboIsBounded(t *testing.T) {
	c, err := New(Config{Self: rid(1), Capacity: 100})
	if err != nil {
		t.Fatal(err)
	}
	held := 0
	for n := byte(1); n <= 20; n++ {
		if err := c.Own(oid(n), 1); err != nil {
			t.Fatal(err)
		}
		if err := c.Begin(1, rid(2), 0, oid(n)); err != nil {
			t.Fatal(err)
		}
		if err := c.Handle(1, rid(2), Msg{Kind: Prepared, Life: 1, Of: 1, N: uint64(n), Items: one(n, 1)}); err != nil {
			t.Fatal(err)
		}
		switch err := c.Release(1, oid(n), make([]byte, MaxGroupState)); {
		case err == nil:
			held += MaxGroupState
		case !errors.Is(err, ErrBusy):
			t.Fatal(err)
		default:
			if _, ok := c.Owns(oid(n)); !ok {
				t.Fatal("an object is gone that was not released")
			}
		}
		c.Effects()
	}
	if held == 0 || held > MaxLimbo || c.Len() == 0 {
		t.Fatalf("%d bytes held, %d still here", held, c.Len())
	}
}

// FuzzLiar feeds a stream of messages from a liar to a core that owns things:
// nothing is moved, doubled or frozen.
func FuzzLiar(f *testing.F) {
	f.Add([]byte{4, 1, 1, 5, 0, 0, 1, 1, 1, 5, 0, 0, 7, 3, 1, 200, 9, 9})
	f.Add(bytes.Repeat([]byte{8, 1, 2, 5, 255, 3}, 30))
	f.Fuzz(func(t *testing.T, b []byte) {
		c := keeper(t)
		now := base.Tick(1)
		for ; len(b) >= 6 && now < 60; b = b[6:] {
			m := Msg{Kind: MsgKind(1 + b[0]%9), Life: 1 + uint64(b[4]>>6), Of: 1, N: 1 + uint64(b[1]%8), Reason: Reason(1 + b[4]%4), Mask: uint64(b[4] & 1), State: b[:b[5]%6]}
			m.Items = one(1+b[2]%5, uint64(b[3])+1)
			if b[2]&0x80 != 0 {
				m.Items = append(m.Items, Ref{oid(6 + b[2]%9), 1 + uint64(b[3]&7)})
			}
			m.Floor = max(1, m.N-uint64(b[5]&3))
			m.First, m.Parts = 1, 1
			if b[5]&8 != 0 {
				m.Parts, m.Part, m.State = 2, 1, []byte{1}
			}
			_ = c.Handle(now, rid(3), m)
			for _, e := range c.Effects() {
				for _, r := range e.Items {
					if id := r.ID; id == oid(1) || id == oid(2) || (id == oid(3) && e.Kind != DoAccept && e.Kind != DoPrepared) {
						t.Fatalf("%+v caused %+v", m, e)
					}
				}
			}
			if b[1] > 250 {
				now++
				c.Tick(now)
				c.Effects()
			}
		}
		if len(c.Snapshot(nil)) > 1<<17 {
			t.Fatalf("a state of %d bytes", len(c.Snapshot(nil)))
		}
		r, err := Restore(c.cfg, c.Snapshot(nil))
		if err != nil {
			t.Fatal(err)
		}
		unharmed(t, r, now)
	})
}
