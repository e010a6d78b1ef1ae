package shard

import (
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/physics/shape"
	"github.com/metatopia/metatopia/region/handoff"
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

// liar makes messages of a neighbour that means harm: words that parse, with
// bodies as heavy, fast and many as it likes and ids it does not own, hand-offs
// of everything, and the like with bytes changed.
type liar struct {
	r    *base.Rand
	tick base.Tick
	sly  bool // says nothing that is a fault in itself
}

func (x *liar) float(most float32) float32 { return float32((x.r.Float64()*2 - 1) * float64(most)) }

func (x *liar) body() physics.Body {
	b := crate(v(x.float(80)-20, x.float(20)+10, x.float(30)))
	if x.sly {
		b.Pos, b.Vel = v(-34+x.float(6), 1+x.float(1), x.float(6)), v(x.float(20), x.float(9), x.float(9))
		b.Flags = []physics.Flags{0, physics.Static, physics.Kinematic, physics.Upright, physics.Sensor}[x.r.IntN(5)]
		b.Mass = 40
		return b
	}
	if x.r.IntN(4) == 0 {
		b.Shape = physics.Shape{Kind: physics.ShapeKind(4 + x.r.IntN(4)), Geometry: x.shape().ID()}
		b.Flags = physics.Flags(x.r.IntN(2)) * physics.Static
		return b
	}
	b.Vel, b.Spin = v(x.float(150), x.float(150), x.float(150)), v(x.float(20), 0, 0)
	if x.r.IntN(2) == 0 {
		b.Vel = v(x.float(50), 0, 0)
	}
	switch x.r.IntN(6) {
	case 0:
		b.Mass = 1e6
	case 1:
		b.Flags |= physics.Static
		b.Shape.Half = v(300, 300, 300)
	case 2:
		b.Flags |= physics.Kinematic
		b.Vel = v(-50, 0, 0)
	case 3:
		b.Mass = 1000
	}
	return b
}

func (x *liar) id() base.ID { return oid(byte(1 + x.r.IntN(40))) }

func (x *liar) word() word {
	w := word{Tick: x.tick, Echo: x.tick, Reach: uint8(x.r.IntN(256)), Agreed: x.r.IntN(9) == 0, Summed: x.r.IntN(9) == 0}
	if w.Agreed {
		w.Ahead = int64(x.r.IntN(2000)) - 1000
	}
	last := uint64(0)
	for range x.r.IntN(20) {
		var c *car
		if x.r.IntN(4) == 0 {
			c = &car{physics.Vehicle{Wheels: make([]physics.Wheel, 1+x.r.IntN(4)), Engine: x.float(1e9)}, v(x.float(9), x.float(9), 0)}
		}
		w.Intros = append(w.Intros, intro{Car: c, Handle: uint64(1 + x.r.IntN(60)), ID: x.id(), Epoch: uint64(1 + x.r.IntN(4)), Body: x.body()})
	}
	for range x.r.IntN(20) {
		last += uint64(1 + x.r.IntN(4))
		b := x.body()
		w.Moves = append(w.Moves, move{last, motionOf(&b, x.r.IntN(5) == 0, x.r.IntN(2) == 0)})
		w.Gone = append(w.Gone, last)
		w.Meets = append(w.Meets, meet{last, uint64(x.r.IntN(9)), v(x.float(1e6), 0, 0)})
		w.Ties = append(w.Ties, tie{last, last + uint64(1+x.r.IntN(3)), physics.Joint{ID: physics.JointID(1 + x.r.IntN(9)), Kind: physics.DistanceJoint,
			FrameA: physics.Frame{Rot: spatial.Identity}, FrameB: physics.Frame{Rot: spatial.Identity}}})
		w.Wants = append(w.Wants, last)
	}
	if x.r.IntN(2) == 0 {
		w.Gone = nil
	}
	return w
}

func (x *liar) hand() handoff.Msg {
	id, epoch := x.id(), uint64(1+x.r.IntN(4))
	f := freight{Tick: x.tick, Parcels: []parcel{{ID: id, Body: x.body()}}}
	m := handoff.Msg{Kind: handoff.MsgKind(1 + x.r.IntN(9)), Life: 1, Of: 1, N: uint64(1 + x.r.IntN(30)), Items: []handoff.Ref{{ID: id, Epoch: epoch}}}
	switch m.Kind {
	case handoff.Offer:
		if m.Floor = 1; x.r.IntN(3) == 0 {
			m.Needs = []uint64{uint64(x.shape().ID())}
		}
	case handoff.Withdrawn:
		m.Floor = 1
	case handoff.Release:
		m.Floor, m.Parts, m.State = 1, 1, f.encode()
	case handoff.Refused:
		m.Reason = handoff.NoRoom
	}
	return m
}

// shape is one of a few geometries that there are.
func (x *liar) shape() *shape.Geometry { return corners(x.r.IntN(9)) }

// form is a question or a piece: a true one, one of other bytes, or of none.
func (x *liar) form() post {
	g := x.shape()
	p := piece{ID: g.ID(), Size: uint32(len(g.Bytes())), Data: g.Bytes()}
	switch x.r.IntN(6) {
	case 0:
		return post{To: here, Kind: kindAsk, Asks: []ask{{g.ID(), uint32(1 + x.r.IntN(99))}}}
	case 1:
		p.Data = append([]byte{}, p.Data...)
		p.Data[x.r.IntN(len(p.Data))] ^= 4
	case 2:
		p = piece{ID: p.ID, Size: shape.MaxGeometryBytes, N: uint8(x.r.IntN(32)), Data: make([]byte, pieceBytes)}
	case 3:
		p = piece{ID: p.ID}
	}
	return post{To: here, Kind: kindPiece, Piece: p}
}

func (x *liar) mail() Mail {
	p := post{To: here, Kind: kindWord, Word: x.word()}
	if x.sly {
		return Mail{there, p.encode()}
	}
	if x.r.IntN(3) == 0 {
		p = post{To: here, Kind: kindHandoff, Hand: x.hand()}
	}
	if x.r.IntN(3) == 0 {
		p = x.form()
	}
	data := p.encode()
	switch x.r.IntN(4) {
	case 0:
		data[x.r.IntN(len(data))] ^= byte(1 << x.r.IntN(8))
	case 1:
		data = data[:x.r.IntN(len(data))]
	}
	return Mail{there, data}
}

// TestLiar: whatever a neighbour says, what this region owns stays its own and
// single, and nothing that lies out of a neighbour's reach moves. What lies
// near the border may be pushed as a body that can be would push it.
func TestLiar(t *testing.T) {
	faults := map[Fault]int{}
	judged, made := 0, 0
	for seed := range uint64(12) {
		s := alone(t)
		far, near := []base.ID{oid(1), oid(2), oid(3)}, []base.ID{oid(10), oid(11)}
		for i, id := range far {
			spawn(t, s, id, crate(v(float32(-8*i), 0.5, 0)))
		}
		for i, id := range near {
			spawn(t, s, id, crate(v(30, 0.5, float32(4*i))))
		}
		for range 60 {
			run(s)
		}
		before := map[base.ID]physics.Body{}
		for _, id := range far {
			before[id], _ = s.Body(id)
		}
		x := &liar{r: base.NewRand(seed, 1), tick: 100, sly: seed%2 == 1}
		for range 250 {
			x.tick++
			var mail []Mail
			for range x.r.IntN(6) {
				mail = append(mail, x.mail())
			}
			a, b := run(s, mail...)
			made += a.Counts.Ghosts
			for _, e := range a.Evidence {
				faults[e.Why]++
			}
			if b.Refusals > 300 {
				t.Fatalf("seed %d: %d commands were refused", seed, b.Refusals)
			}
			if s.link(there).trust.judged(s.tick) {
				judged++
			}
			if err := s.consistent(); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
		for _, id := range append(far, near...) {
			if epoch, ok := s.Owns(id); !ok || epoch != 1 {
				t.Errorf("seed %d: %v is owned at epoch %d", seed, id, epoch)
			}
			p, _ := s.Body(id)
			if w, ok := before[id]; ok && (w.Pos != p.Pos || w.Vel != p.Vel) {
				t.Errorf("seed %d: %v was at %v and is at %v", seed, id, w.Pos, p.Pos)
			}
			if speed(&p) > physics.MaxSpeed || !det.Vec(p.Pos).Finite() {
				t.Errorf("seed %d: %v moves at %v", seed, id, p.Vel)
			}
		}
		if n := s.ghosts(there); n > MaxGhosts {
			t.Errorf("seed %d: %d ghosts", seed, n)
		}
		snap := s.AppendSnapshot(nil)
		if _, err := Restore(config(), snap); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
	for _, f := range []Fault{FaultGarbage, FaultFalse} {
		if faults[f] == 0 {
			t.Errorf("no evidence of %v was kept: %v", f, faults)
		}
	}
	if made < 100 {
		t.Errorf("only %d ghosts were made: the test does not test", made)
	}
	if judged == 0 {
		t.Error("the liar was never judged")
	}
}

// TestHammer: a neighbour that makes a ghost jump at a body again and again, or
// strike it with speed from nowhere, is judged before the body has gone far.
func TestHammer(t *testing.T) {
	s := alone(t)
	spawn(t, s, oid(1), crate(v(30, 0.5, 0)))
	for range 60 {
		run(s)
	}
	hammer := crate(v(-30.2, 0.5, 0)) // beside it, seen from the neighbour
	hammer.Mass = 2000
	hit := hammer
	hit.Vel = v(-20, 0, 0)
	top, n := float32(0), 0
	for ; n < 400 && !s.link(there).trust.judged(s.tick); n++ {
		w := word{Echo: s.Tick() - 1}
		if n == 0 {
			w.Intros = []intro{{Handle: 1, ID: oid(9), Epoch: 1, Body: hammer}}
		} else {
			hit.Vel.X = -hit.Vel.X // to and fro
			w.Moves = []move{{1, motionOf(&hit, false, false)}}
		}
		run(s, say(s.Tick(), w))
		p, _ := s.Body(oid(1))
		top = max(top, speed(&p))
	}
	if n == 400 {
		t.Error("the hammer was never judged")
	}
	if top > 40 {
		t.Errorf("hammered to %g m/s", top)
	}
	run(s)
	if g, _ := s.Body(oid(9)); g.Flags&physics.Static == 0 {
		t.Error("the ghost of a judged neighbour moves")
	}
}
