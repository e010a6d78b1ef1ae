package handoff

import (
	"bytes"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
)

func FuzzReadMsg(f *testing.F) {
	for _, m := range []Msg{
		{Kind: Offer, Life: 1, Of: 1, N: 3, Floor: 1, Items: one(1, 1), Size: 900},
		{Kind: Offer, Life: 1, Of: 1, N: 4, Floor: 1, Items: one(2, 1), Needs: []uint64{2, 1 << 60}},
		{Kind: Refused, Life: 2, Of: 1, N: 3, Items: []Ref{{oid(1), 1}, {oid(2), 7}}, Reason: Stale, Mask: 2},
		{Kind: Release, Life: 1, Of: 1, First: 1, N: 7, Floor: 7, Items: one(2, 9), Parts: 1, State: []byte("state")},
		{Kind: Release, Life: 1, Of: 1, First: 1, N: 7, Floor: 7, Items: one(2, 9), Part: 1, Parts: 2, State: []byte("end")},
		{Kind: Ask, Life: 1, Of: 1, N: 1, Items: one(2, 2)},
		{Kind: Claim, Life: 2, Of: 1, N: 1},
		{Kind: Known, Life: 1, Of: 2, N: 1, Items: one(2, 2), Mask: 1},
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
	n.feed(f, input{begin: []base.ID{oid(1)}, to: rid(2)})
	n.feed(f, input{from: rid(3), msg: Msg{Kind: Offer, Life: 1, Of: 1, N: 1, Floor: 1, Items: one(9, 4), Needs: []uint64{6}}})
	f.Add(n.core.Snapshot(nil))
	n.feed(f, input{own: oid(2)})
	n.feed(f, input{begin: []base.ID{oid(1), oid(2)}, to: rid(3)})
	n.feed(f, input{from: rid(3), msg: Msg{Kind: Release, Life: 1, Of: 1, First: 1, N: 2, Floor: 1, Items: one(8, 2), Parts: 2, Part: 1, State: []byte{1}}})
	f.Add(n.core.Snapshot(nil))
	if err := n.core.Raise(9, 2); err != nil {
		f.Fatal(err)
	}
	n.core.Effects()
	f.Add(n.core.Snapshot(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Restore(Config{Self: rid(1), Capacity: 3}, b)
		if err != nil {
			return
		}
		if got := c.Snapshot(nil); !bytes.Equal(got, b) {
			t.Fatalf("%x re-encodes to %x", b, got)
		}
		// Whatever is restored takes what may come next without a panic.
		c.Effects()
		for n := uint64(1); n <= 3; n++ {
			for k := Offer; k <= Known; k++ {
				_ = c.Handle(99, rid(byte(1+n)), Msg{Kind: k, Life: 1, Of: c.Life(), First: 1, N: n, Floor: 1, Items: one(1, n), Reason: Stale, Mask: 1, Parts: 1})
				c.Effects()
			}
		}
		c.Tick(100)
		c.Effects()
		if c.Life() < 9 {
			_ = c.Raise(101, 9)
			c.Effects()
		}
		if _, err := Restore(Config{Self: rid(1), Capacity: 3}, c.Snapshot(nil)); err != nil {
			t.Fatal(err)
		}
	})
}
