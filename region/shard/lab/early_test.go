package lab

import (
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/region/handoff"
	"github.com/metatopia/metatopia/region/shard"
)

// said counts the hand-off messages of the last tick of all regions.
func said(l *Lab) map[handoff.MsgKind]int {
	n := map[handoff.MsgKind]int{}
	for _, r := range l.Regions {
		for k := range r.Out {
			for _, m := range r.Out[k].Border {
				if h, ok := shard.ReadHandoff(m.Data); ok {
					n[h.Kind]++
				}
			}
		}
	}
	return n
}

// TestReleasedWhenItCrosses: whatever the lag, a body is released in the tick
// in which it is first 0.5 m beyond the border, and not before.
func TestReleasedWhenItCrosses(t *testing.T) {
	for _, lag := range []int{1, 2, 3, 5} {
		for _, speed := range []float32{1, 4, 20} {
			l := newLab(t, Config{Regions: 2, Lag: lag, Steps: 3, Skew: 7, Physics: physics.Config{Gravity: physics.Weightless}})
			b := ball(0.3, 1, at(-3-float32(0.7*speed), 20, 0), at(speed, 0, 0))
			if err := l.Add(Name(0), b, 0); err != nil {
				t.Fatal(err)
			}
			done := false
			for k := 0; k < 200 && !done; k++ {
				before, _ := l.Regions[0].Shard.Body(Name(0))
				x := before.Pos.X - spacing/2
				l.Step()
				for _, left := range l.Regions[0].Out[0].Left {
					done = true
					if x < 0.5 || x > 0.5+float32(speed/20)+0.01 {
						t.Errorf("lag %d, %g m/s: %v released %g m beyond", lag, speed, left.ID, x)
					}
				}
			}
			if !done {
				t.Errorf("lag %d, %g m/s: never released", lag, speed)
			}
		}
	}
}

// TestAlongTheBorder: a body that goes to and fro along the border costs few
// offers, and is handed over when it crosses at last.
func TestAlongTheBorder(t *testing.T) {
	l := newLab(t, Config{Regions: 2, Lag: 2, Steps: 3})
	b := ball(0.3, 1, at(-0.7, 0.3, 0), at(-2, 0, 1))
	b.Friction = 0
	if err := l.Add(Name(0), b, 0); err != nil {
		t.Fatal(err)
	}
	offers, withdrawn := 0, 0
	const ticks = 600
	for k := range ticks {
		if k%10 == 0 { // towards the border, and back before it is crossed
			l.Kick(Name(0), at([]float32{4, -4}[k/10%2], 0, 0))
		}
		l.Step()
		n := said(l)
		offers, withdrawn = offers+n[handoff.Offer], withdrawn+n[handoff.Withdrawn]
		if _, ok := l.Regions[0].Shard.Owns(Name(0)); !ok {
			t.Fatalf("tick %d: handed over", k)
		}
	}
	if offers == 0 || offers > 3*ticks/40 || withdrawn < offers/4 {
		t.Errorf("%d offers, %d withdrawn in %d ticks", offers, withdrawn, ticks)
	}
	if hand := l.Regions[1].Shard.Hand(); hand.Room() < hand.Free()-1 {
		t.Errorf("room for %d of %d is kept", hand.Free()-hand.Room(), hand.Free())
	}
	l.Kick(Name(0), at(3, 0, 0))
	for range 60 {
		l.Step()
	}
	if _, ok := l.Regions[1].Shard.Owns(Name(0)); !ok {
		p, _ := l.Regions[0].Shard.Body(Name(0))
		t.Errorf("not handed over at %v", p.Pos)
	}
}

// TestTurnsBack: an offer of what turns round before the border is withdrawn,
// and the room over there is given up.
func TestTurnsBack(t *testing.T) {
	l := newLab(t, Config{Regions: 2, Lag: 2, Steps: 3})
	b := ball(0.3, 1, at(-3, 0.3, 0), at(6, 0, 0))
	b.Friction = 0
	if err := l.Add(Name(0), b, 0); err != nil {
		t.Fatal(err)
	}
	offered := base.Tick(0)
	for k := range 60 {
		if _, ok := l.Regions[0].Shard.Hand().Offered(Name(0)); ok && offered == 0 {
			offered = base.Tick(k)
			l.Kick(Name(0), at(-12, 0, 0))
		}
		l.Step()
	}
	hand := l.Regions[1].Shard.Hand()
	if _, ok := l.Regions[0].Shard.Hand().Offered(Name(0)); ok || offered == 0 || hand.Room() != hand.Free() {
		t.Errorf("offered at %d, still %v, room for %d kept", offered, ok, hand.Free()-hand.Room())
	}
}
