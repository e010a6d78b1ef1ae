package shard

import (
	"bytes"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/physics/shape"
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

// TestMotionRounds: what goes over the wire is within the bounds that count as
// the same, and going twice changes nothing.
func TestMotionRounds(t *testing.T) {
	r := base.NewRand(3, 3)
	f := func(most float64) float32 { return float32((r.Float64()*2 - 1) * most) }
	for range 3000 {
		p := crate(v(f(200), f(100), f(200)))
		p.Vel, p.Spin = v(f(50), f(50), f(50)), v(f(50), f(50), f(50))
		p.Rot = spatial.Quat{X: f(1), Y: f(1), Z: f(1), W: f(1)}.Unit()
		m := motionOf(&p, false, false)
		if m.form() != nil {
			t.Fatal(m.form())
		}
		is, was := m.moment(7), momentOf(7, &p)
		if c := was.minus(&is); !c.none() || c.pos.Len() > 0.0003 {
			t.Fatalf("%+v became %+v", was, is)
		}
		q := p
		q.Pos, q.Rot, q.Vel, q.Spin = is.Pos, is.Rot, is.Vel, is.Spin
		if n := motionOf(&q, false, false); n.Pos != m.Pos || n.Vel != m.Vel || n.Spin != m.Spin {
			t.Fatalf("%+v went again as %+v", m, n)
		}
	}
	// Nothing that is not a number or out of bounds comes of any bytes.
	for _, p := range []physics.Body{{Pos: v(1e30, -1e30, 0), Rot: spatial.Identity}, {Rot: spatial.Quat{X: 1}}} {
		m := motionOf(&p, false, false)
		is := m.moment(1)
		if !det.Vec(is.Pos).Finite() || !det.Quat(is.Rot).Finite() {
			t.Errorf("%+v", is)
		}
	}
}

func example() []post {
	x := &liar{r: base.NewRand(1, 9), tick: 77}
	var list []post
	for range 6 {
		w := x.word()
		list = append(list, post{To: here, Kind: kindWord, Word: w}, post{To: there, Kind: kindHandoff, Hand: x.hand()})
	}
	g := corners(3)
	return append(list, post{To: here, Kind: kindWord, Word: word{Tick: 5}},
		post{To: here, Kind: kindAsk, Asks: []ask{{g.ID(), 1}, {^shape.GeometryID(0), 7}}},
		post{To: here, Kind: kindPiece, Piece: piece{ID: g.ID(), Size: uint32(len(g.Bytes())), Data: g.Bytes()}},
		post{To: here, Kind: kindPiece, Piece: piece{ID: 9}})
}

func TestMessages(t *testing.T) {
	for _, p := range example() {
		b := p.encode()
		q, err := parsePost(b)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(q.encode(), b) {
			t.Error("a message became another")
		}
		if to, ok := Addressee(b); !ok || to != p.To {
			t.Error("addressee", to)
		}
		if _, err := parsePost(append(b, 0)); err == nil {
			t.Error("trailing byte taken")
		}
	}
}

func FuzzMessage(f *testing.F) {
	for _, p := range example() {
		f.Add(p.encode())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := parsePost(b)
		if err != nil {
			return
		}
		if !bytes.Equal(p.encode(), b) {
			t.Error("what parsed re-encodes to other bytes")
		}
	})
}

func FuzzFreight(f *testing.F) {
	j := physics.Joint{ID: 3, Kind: physics.HingeJoint, FrameA: physics.Frame{Rot: spatial.Identity}, FrameB: physics.Frame{Rot: spatial.Identity}}
	x := freight{Tick: 9, Parcels: []parcel{{ID: oid(1), Body: crate(v(1, 2, 3)), Payload: []byte("state")}, {ID: oid(2), Body: crate(v(3, 2, 1))}},
		Bonds: []bond{{oid(1), oid(2), j}, {oid(2), base.ID{}, j}}}
	f.Add(x.encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		x, err := parseFreight(b)
		if err != nil {
			return
		}
		y, err := parseFreight(x.encode())
		if err != nil || !bytes.Equal(y.encode(), x.encode()) {
			t.Errorf("what parsed does not parse again: %v", err)
		}
	})
}

// FuzzWords feeds bytes as the mail of a neighbour: nothing this region owns
// may change hands or double.
func FuzzWords(f *testing.F) {
	for _, p := range example() {
		f.Add(p.encode())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s := alone(t)
		spawn(t, s, oid(1), crate(v(0, 0.5, 0)))
		run(s)
		for range 3 {
			run(s, Mail{there, b})
		}
		if epoch, ok := s.Owns(oid(1)); !ok || epoch != 1 {
			t.Errorf("owned at epoch %d", epoch)
		}
		if err := s.consistent(); err != nil {
			t.Error(err)
		}
	})
}

func FuzzRestore(f *testing.F) {
	s := alone(f)
	spawn(f, s, oid(1), crate(v(31, 0.5, 0)))
	x := &liar{r: base.NewRand(1, 1), tick: 4}
	for range 4 {
		x.tick++
		run(s, x.mail(), x.mail())
	}
	f.Add(s.AppendSnapshot(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Restore(config(), b)
		if err != nil {
			return
		}
		run(s)
	})
}
