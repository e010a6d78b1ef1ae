package agree

import (
	"bytes"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
)

func FuzzVote(f *testing.F) {
	v := ballot(1, 16, content(1))
	var e base.Encoder
	v.AppendTo(&e)
	f.Add(e.B)
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := ParseVote(b)
		if err != nil {
			return
		}
		var e base.Encoder
		v.AppendTo(&e)
		if !bytes.Equal(e.B, b) || len(b) > MaxVote {
			t.Fatal("another form")
		}
	})
}

func FuzzCertificate(f *testing.F) {
	v := ballot(1, 16, content(1))
	c := Certificate{Vote: v.Vote}
	c.Signed = append(c.Signed, v.Signed)
	var e base.Encoder
	c.AppendTo(&e)
	f.Add(e.B)
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := ParseCertificate(b)
		if err != nil {
			return
		}
		var e base.Encoder
		c.AppendTo(&e)
		if !bytes.Equal(e.B, b) || len(b) > MaxCertificate {
			t.Fatal("another form")
		}
		_ = c.Check([]base.Key{name(1)}, toyVerify)
	})
}

func FuzzProof(f *testing.F) {
	p := proofOf(ballot(1, 16, content(1)), ballot(1, 16, content(2)))
	var e base.Encoder
	p.AppendTo(&e)
	f.Add(e.B)
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := ParseProof(b)
		if err != nil {
			return
		}
		var e base.Encoder
		p.AppendTo(&e)
		if !bytes.Equal(e.B, b) {
			t.Fatal("another form")
		}
		_ = p.Check(toyVerify)
	})
}

func FuzzRestore(f *testing.F) {
	cfg := config(0)
	cfg.Accountable = true
	c := make1(f, cfg, voters(3))
	reach(f, c, Every, 1)
	_ = c.Vote(ballot(1, Every, batchOf(1)))
	_ = c.Vote(ballot(2, Every, batchOf(2)))
	_ = c.Vote(ballot(2, Every, batchOf(3)))
	f.Add(c.Snapshot(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Restore(cfg, b)
		if err != nil {
			return
		}
		if !bytes.Equal(c.Snapshot(nil), b) {
			t.Fatal("another form")
		}
		// What may come of it is for the driver to trust; it must not panic.
		if c.Tick() < 1<<60 {
			_, _ = c.Applied(c.Tick()+1, [32]byte{}, [32]byte{})
			_ = c.Vote(ballot(1, (c.Tick()/Every+1)*Every, content(1)))
		}
	})
}
