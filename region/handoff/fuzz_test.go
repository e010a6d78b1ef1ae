package handoff

import (
	"bytes"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
)

func FuzzReadMsg(f *testing.F) {
	for _, m := range []Msg{
		{Kind: Offer, N: 3, Floor: 1, ID: oid(1), Epoch: 1, Size: 900},
		{Kind: Refused, N: 3, ID: oid(1), Epoch: 1, Reason: NoRoom},
		{Kind: Release, N: 7, Floor: 7, ID: oid(2), Epoch: 9, State: []byte("state")},
		{Kind: Ask, N: 1, ID: oid(2), Epoch: 2},
	} {
		var e base.Encoder
		m.AppendTo(&e)
		f.Add(e.B)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d := base.NewDecoder(b)
		m := ReadMsg(d)
		if d.Done() != nil {
			return
		}
		var e base.Encoder
		m.AppendTo(&e)
		if !bytes.Equal(e.B, b) {
			t.Fatalf("%x re-encodes to %x", b, e.B)
		}
		// Whatever parses, a core takes without a panic.
		c, _ := New(Config{Self: rid(1), Capacity: 2, Times: quick})
		_ = c.Handle(1, rid(2), m)
		c.Effects()
		_ = c.Handle(2, rid(2), m)
		c.Effects()
		c.Tick(50)
		c.Effects()
		if _, err := Restore(Config{Self: rid(1), Capacity: 2, Times: quick}, c.Snapshot(nil)); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzRestore(f *testing.F) {
	n := newNode(f, 1, 3)
	n.feed(f, input{own: oid(1)})
	n.feed(f, input{begin: oid(1), to: rid(2)})
	n.feed(f, input{from: rid(3), msg: Msg{Kind: Offer, N: 1, Floor: 1, ID: oid(9), Epoch: 4}})
	f.Add(n.core.Snapshot(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Restore(Config{Self: rid(1), Capacity: 3}, b)
		if err != nil {
			return
		}
		if got := c.Snapshot(nil); !bytes.Equal(got, b) {
			t.Fatalf("%x re-encodes to %x", b, got)
		}
		c.Tick(100)
		c.Effects()
	})
}
