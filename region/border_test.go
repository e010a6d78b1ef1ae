package region

import (
	"fmt"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/shard"
	"github.com/metatopia/metatopia/spatial"
)

// pair is two regions 64 m apart joined by a border that may lose messages.
type pair struct {
	t    testing.TB
	a, b *Sim
	net  [2][]flight // towards a, towards b
	r    *base.Rand
	loss int // percent; as many are doubled and delayed
	both [2]Counts
	said []string
	mv   []Moved
}

type flight struct {
	body []byte
	due  base.Tick
}

func newPair(t testing.TB, loss int) *pair {
	p := &pair{t: t, a: mustNew(t, testConfig("hearth", 0)), b: mustNew(t, testConfig("commons", 64)), r: base.NewRand(uint64(loss), 5), loss: loss}
	p.step([]Entry{neighboursOf(p.b)}, []Entry{neighboursOf(p.a)})
	return p
}

func neighboursOf(list ...*Sim) Entry {
	var c ControlEntry
	c.Kind = ControlNeighbours
	for _, s := range list {
		c.Neighbours = append(c.Neighbours, Neighbour{ID: s.cfg.ID, Name: s.cfg.Name, Site: s.cfg.Site})
	}
	return control(c)
}

// step makes a tick in both regions and carries what they tell each other.
func (p *pair) step(toA, toB []Entry) (Output, Output) {
	outs := [2]Output{}
	for i, s := range []*Sim{p.a, p.b} {
		in := [][]Entry{toA, toB}[i]
		other := []*Sim{p.b, p.a}[i]
		var rest []flight
		for _, f := range p.net[i] {
			if f.due > s.tick {
				rest = append(rest, f)
				continue
			}
			in = append(in, Entry{Kind: EntryBorder, From: other.cfg.ID, Body: f.body})
		}
		p.net[i] = rest
		outs[i] = step(p.t, s, in...)
	}
	for i := range outs {
		for _, m := range outs[i].Border {
			n := 1
			switch k := p.r.IntN(100); {
			case k < p.loss:
				n = 0
			case k < 2*p.loss:
				n = 2
			}
			for range n {
				late := base.Tick(0)
				if p.r.IntN(100) < p.loss {
					late = base.Tick(p.r.IntN(8))
				}
				p.net[1-i] = append(p.net[1-i], flight{m.Body, outs[i].Tick + late})
			}
		}
		c, d := &p.both[i], &outs[i].Counts
		c.HandoffsIn += d.HandoffsIn
		c.HandoffsOut += d.HandoffsOut
		c.Crossings += d.Crossings
		c.BorderBad += d.BorderBad
		for _, l := range outs[i].Said {
			p.said = append(p.said, fmt.Sprintf("%s: %s -> %d", l.Name, l.Text, len(l.To)))
		}
		p.mv = append(p.mv, outs[i].Moved...)
	}
	return outs[0], outs[1]
}

// where counts a thing by name in both regions.
func (p *pair) where(name string) (inA, inB bool) { return has(p.a, name), has(p.b, name) }

func TestBallCrosses(t *testing.T) {
	for _, loss := range []int{0, 20} {
		t.Run(fmt.Sprintf("loss %d", loss), func(t *testing.T) {
			p := newPair(t, loss)
			ann := newPerson("ann")
			joined(t, p.a, ann, 25, 0)
			step(t, p.b) // keep the clocks together
			ball := ballSpec("ball", 26, 0)
			ball.Thing.Slots = Slots{{"made", TextSlot("by hand")}, {"script", LumpSlot("count")}}
			p.step([]Entry{control(ball)}, nil)
			for range 10 {
				p.step(nil, nil)
			}
			id := named(t, p.a, "ball").Thing.ID
			outA, _ := p.step([]Entry{ann.entry(Input{Kind: InThrow, Thing: id, Vel: spatial.Vec{X: 9, Y: 4}})}, nil)
			if a := ackOf(t, outA, ann); a.Code != OK || a.Thing != id {
				t.Fatalf("throw: %+v", a)
			}
			var before, after Seen
			for range 400 {
				if has(p.a, "ball") {
					before = named(t, p.a, "ball")
				}
				p.step(nil, nil)
				inA, inB := p.where("ball")
				if inA && inB {
					t.Fatal("the ball is in both regions")
				}
				if inB && after.Thing == nil {
					after = named(t, p.b, "ball")
				}
			}
			if after.Thing == nil {
				t.Fatalf("the ball did not arrive; last seen at %v moving %v", before.Motion.Pos, before.Motion.Vel)
			}
			if p.both[1].HandoffsIn != 1 || p.both[0].HandoffsOut != 1 || p.both[1].BorderBad+p.both[0].BorderBad != 0 {
				t.Fatalf("counts %+v", p.both)
			}
			if after.Thing.ID != id || after.Thing.Epoch != 2 || len(after.Thing.Slots) != 2 || after.Thing.Script() != "count" {
				t.Fatalf("what arrived is %+v", after.Thing)
			}
			// One tick of flight lies between the two looks: gravity and
			// perhaps the ground act, nothing else.
			if v := after.Motion.Vel.X; v < 0.8*before.Motion.Vel.X || v > 1.05*before.Motion.Vel.X || v < 2 {
				t.Fatalf("left with %v, arrived with %v", before.Motion.Vel, after.Motion.Vel)
			}
			if x := before.Motion.Pos.X; x < 32.4 {
				t.Fatalf("released at x=%v, before the border was passed by the hysteresis", x)
			}
			if p.a.Limbo() != 0 {
				t.Fatal("the old owner was never told")
			}
		})
	}
}

// TestExactStateCrosses: what the release says is what the thing was, and what
// arrives goes on from it.
func TestExactStateCrosses(t *testing.T) {
	p := newPair(t, 0)
	p.step([]Entry{control(ballSpec("ball", 30, 3))}, nil)
	ann := newPerson("ann")
	p.step([]Entry{ann.entry(Input{Kind: InJoin, Region: p.a.cfg.ID, Name: "ann", Pos: spatial.At(29, 0, 3)})}, nil)
	p.step([]Entry{ann.entry(Input{Kind: InThrow, Vel: spatial.Vec{X: 8, Y: 3, Z: 1}})}, nil)
	var last Motion
	for range 200 {
		if has(p.a, "ball") {
			last = named(t, p.a, "ball").Motion
		}
		p.step(nil, nil)
		for _, f := range p.net[1] {
			m, err := ParseBorder(f.body)
			if err != nil {
				t.Fatal(err)
			}
			msg, ok := shard.ReadHandoff(m.Shard)
			if !ok || len(msg.State) == 0 {
				continue
			}
			_, cargo, err := shard.ReadFreight(msg.State)
			if err != nil || len(cargo) != 1 {
				t.Fatalf("%d bodies: %v", len(cargo), err)
			}
			if b := cargo[0].Body; (Motion{b.Pos, b.Rot, b.Vel, b.Spin}) != last {
				t.Fatalf("it was %+v, and the release says %+v", last, b)
			}
			p.step(nil, nil)
			got := named(t, p.b, "ball").Motion
			// Two ticks of flight later, on the other side.
			want := last.Pos.Add(last.Vel.Scale(2.0 / TickRate)).Sub(spatial.Vec{X: 64})
			if d := got.Pos.Sub(want); max(d.X, -d.X, d.Z, -d.Z) > 0.01 {
				t.Fatalf("arrived at %v, not %v", got.Pos, want)
			}
			return
		}
	}
	t.Fatal("no release was seen")
}

func TestAvatarCrossesAndReturns(t *testing.T) {
	for _, loss := range []int{0, 15} {
		t.Run(fmt.Sprintf("loss %d", loss), func(t *testing.T) {
			p := newPair(t, loss)
			ann := newPerson("ann")
			p.step([]Entry{ann.entry(Input{Kind: InJoin, Region: p.a.cfg.ID, Name: "ann", Pos: spatial.At(28, 0, 0)})}, nil)
			walk := ann.entry(Input{Kind: InWalk, Pos: spatial.At(38, 0, 1)})
			p.step([]Entry{walk}, nil)
			for range 300 {
				p.step(nil, nil)
				if inA, inB := p.where("ann"); inA && inB {
					t.Fatal("ann is in both regions")
				}
			}
			if len(p.mv) != 1 || p.mv[0].To != p.b.cfg.ID {
				t.Fatalf("moved %+v", p.mv)
			}
			// The walk went on over there, to the same place of the world.
			m := named(t, p.b, "ann").Motion
			if d := m.Pos.Sub(spatial.Vec{X: 38 - 64, Y: m.Pos.Y, Z: 1}).Len(); d > 0.6 {
				t.Fatalf("ann stopped at %v, %.2f m from her target", m.Pos, d)
			}
			// Her old input does not count again over there, nor a join here.
			_, outB := p.step(nil, []Entry{walk})
			if a := outB.Acks; len(a) != 1 || a[0].Code != Replayed {
				t.Fatalf("replayed input in the new region: %+v", a)
			}
			outA, _ := p.step([]Entry{walk}, nil)
			if a := outA.Acks; len(a) != 1 || a[0].Code != NotHere {
				t.Fatalf("replayed input in the old region: %+v", a)
			}
			// Back again.
			_, outB = p.step(nil, []Entry{ann.entry(Input{Kind: InWalk, Pos: spatial.At(26, 0, -1)})})
			if a := ackOf(t, outB, ann); a.Code != OK {
				t.Fatalf("walk in the new region: %v", a.Code)
			}
			for range 300 {
				p.step(nil, nil)
			}
			if inA, inB := p.where("ann"); !inA || inB {
				t.Fatalf("ann is back: %v, still there: %v", inA, inB)
			}
			if e := named(t, p.a, "ann").Thing.Epoch; e != 1001<<16+2 {
				t.Fatalf("epoch %d after two hand-offs", e)
			}
			if _, seq := p.a.Player(ann.key); seq != ann.seq {
				t.Fatalf("sequence %d came back, not %d", seq, ann.seq)
			}
			if p.both[0].Crossings != 1 || p.both[1].Crossings != 1 {
				t.Fatalf("crossings %+v", p.both)
			}
		})
	}
}

func TestChatCrosses(t *testing.T) {
	p := newPair(t, 25)
	ann, bob, eve := newPerson("ann"), newPerson("bob"), newPerson("eve")
	p.step([]Entry{ann.entry(Input{Kind: InJoin, Region: p.a.cfg.ID, Name: "ann", Pos: spatial.At(25, 0, 0)})},
		[]Entry{bob.entry(Input{Kind: InJoin, Region: p.b.cfg.ID, Name: "bob", Pos: spatial.At(40, 0, 0)}),
			eve.entry(Input{Kind: InJoin, Region: p.b.cfg.ID, Name: "eve", Pos: spatial.At(90, 0, 0)}),
			control(scripted("listener", "seed", -20))})
	p.step([]Entry{ann.entry(Input{Kind: InSay, Text: "anyone there?"})}, []Entry{control(ControlEntry{Kind: ControlModule, Module: "seed"})})
	for range 40 {
		p.step(nil, nil)
	}
	if got := strings.Join(p.said, "\n"); got != "ann: anyone there? -> 1\nann: anyone there? -> 1" {
		t.Fatalf("heard:\n%s", got)
	}
	if v, _ := named(t, p.b, "listener").Thing.Slots.Get("heard"); v.Text != "anyone there?" {
		t.Fatalf("the script over the border heard %q", v.Text)
	}
}

func TestGhostStopsABall(t *testing.T) {
	p := newPair(t, 0)
	wall := ControlEntry{Kind: ControlCreate, Thing: ThingSpec{Kind: "wall", Name: "wall", Shape: Box, Size: spatial.Vec{X: 1, Y: 3, Z: 6}, Pos: spatial.Vec{X: -31, Y: 1.5}, Fixed: true}}
	p.step([]Entry{control(ballSpec("ball", 29, 0))}, []Entry{control(wall)})
	ann := newPerson("ann")
	joined(t, p.a, ann, 27.5, 0)
	step(t, p.b)
	for range 15 {
		p.step(nil, nil)
	}
	if p.a.Ghosts() != 1 {
		t.Fatalf("%d ghosts in a, want the wall", p.a.Ghosts())
	}
	p.step([]Entry{ann.entry(Input{Kind: InThrow, Vel: spatial.Vec{X: 6, Y: 1}})}, nil)
	for range 40 {
		p.step(nil, nil)
	}
	// The wall's near face is at x = 32.5: the ball bounced off it, though
	// the wall is the other region's.
	if inA, _ := p.where("ball"); !inA || named(t, p.a, "ball").Motion.Pos.X > 32.4 {
		t.Fatal("the ball went through a wall of the other region")
	}
	// When its owner falls silent the ghost is forgotten, but not soon: others
	// may stand on it.
	for n := range 1250 {
		if n == 1000 && p.a.Ghosts() != 1 {
			t.Fatal("the wall is gone too soon")
		}
		step(t, p.a)
	}
	if p.a.Ghosts() != 0 {
		t.Fatal("a ghost outlived its owner's silence")
	}
}
