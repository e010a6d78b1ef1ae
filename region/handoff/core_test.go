package handoff

import (
	"errors"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
)

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
	release := Msg{Kind: Release, N: 1, Floor: 1, ID: oid(1), Epoch: 1, State: []byte("x")}
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
	handle(t, b, rid(1), Msg{Kind: Release, N: 1, Floor: 1, ID: oid(1), Epoch: 4, State: []byte("x")})
	for n, gone := range []bool{false, true} {
		if gone {
			b.Drop(1, oid(1))
		}
		if _, ok := handle(t, b, rid(3), Msg{Kind: Release, N: uint64(8 + n), Floor: 8, ID: oid(1), Epoch: 2, State: []byte("old")}); ok {
			t.Fatalf("an older epoch took effect (gone: %v)", gone)
		}
	}
	// A newer life replaces what is here.
	if err := b.Own(oid(2), 5); err != nil {
		t.Fatal(err)
	}
	if _, ok := handle(t, b, rid(3), Msg{Kind: Release, N: 20, Floor: 20, ID: oid(2), Epoch: 7, State: []byte("new")}); !ok || b.owned[oid(2)].Epoch != 8 {
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
	if err := a.Begin(1, oid(1), rid(2), 0); err != nil {
		t.Fatal(err)
	}
	drain(a)
	before := a.Snapshot(nil)
	for _, m := range []Msg{
		{Kind: Accepted, N: 1, ID: oid(1), Epoch: 3}, // nothing was released
		{Kind: Prepared, N: 1, ID: oid(1), Epoch: 2},
		{Kind: Prepared, N: 2, ID: oid(1), Epoch: 3},
		{Kind: Prepared, N: 1, ID: oid(2), Epoch: 3},
		{Kind: Refused, N: 1, ID: oid(1), Epoch: 4, Reason: Stale},
	} {
		handle(t, a, rid(2), m)
		if string(a.Snapshot(nil)) != string(before) {
			t.Fatalf("%+v had an effect", m)
		}
	}
	// Nor does the right answer from another region.
	handle(t, a, rid(3), Msg{Kind: Prepared, N: 1, ID: oid(1), Epoch: 3})
	if to, ok := a.Offered(oid(1)); !ok || to != rid(2) || a.links[rid(2)].Out[0].Phase != offered {
		t.Fatal("a third region answered for the second")
	}
	for _, m := range []Msg{{Kind: 99, N: 1, ID: oid(1), Epoch: 1}, {Kind: Release, N: Window + 1, Floor: 1, ID: oid(1), Epoch: 1}, {Kind: Offer, N: 1, ID: oid(1), Epoch: 1}} {
		if err := a.Handle(1, rid(2), m); !errors.Is(err, ErrPeer) {
			t.Errorf("%+v: %v", m, err)
		}
	}
}
