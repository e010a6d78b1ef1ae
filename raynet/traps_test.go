package raynet

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

// The C++ RayNet library of 2008 never worked. Each test here is named after
// one of the ten faults that reading it shows, and fails on a node that has
// it.

// The ray's distance came from atan(dy/dx), in mixed units, and ignored the
// ray: a candidate behind the node won what lies before it.
func TestTrap01BisectorIsMetWhereGeometrySays(t *testing.T) {
	rng := base.NewRand(1, 1)
	for range 1000 {
		u := randomRotation(rng)[0]
		p := [3]float64{rng.Float64()*20 - 10, rng.Float64()*20 - 10, rng.Float64()*20 - 10}
		along := float64(u.x)*p[0] + float64(u.y)*p[1] + float64(u.z)*p[2]
		n2 := p[0]*p[0] + p[1]*p[1] + p[2]*p[2]
		g := float64(u.dot(invert(p)))
		if along <= 0 {
			if g > 1e-6 {
				t.Fatalf("a candidate behind the ray is met at %g", 1/g)
			}
			continue
		}
		if want := 2 * along / n2; math.Abs(g-want) > 1e-5*(1+want) {
			t.Fatalf("the bisector of %v is met at %g, want %g", p, 1/g, 1/want)
		}
		// The point met is as far from the node as from the candidate.
		l := 1 / g
		dx, dy, dz := float64(u.x)*l-p[0], float64(u.y)*l-p[1], float64(u.z)*l-p[2]
		if d := math.Sqrt(dx*dx + dy*dy + dz*dz); math.Abs(d-l) > 1e-3*l {
			t.Fatalf("the point is %g from the node and %g from the candidate", l, d)
		}
	}
	// All eight octants count alike.
	mid := spatial.At(50, 50, 50)
	least, most := math.Inf(1), 0.0
	for k := range 8 {
		c := spatial.At(50+20*float64(k&1*2-1), 50+20*float64(k>>1&1*2-1), 50+20*float64(k>>2&1*2-1))
		var s [1]Score
		sum := 0.0
		for range 200 {
			Rays{N: 128}.Select(&Scratch{}, s[:], mid, testBox, []spatial.Pos{c}, rng)
			sum += s[0].Contribution
		}
		least, most = min(least, sum), max(most, sum)
	}
	if most > 1.1*least {
		t.Errorf("the same candidate in another octant counts %g times as much", most/least)
	}
}

// The rays were a grid of angles, dense at the poles.
func TestTrap02RaysAreEvenOnTheSphere(t *testing.T) {
	dirs := make([]vec, 128)
	fillLattice(dirs)
	rng := base.NewRand(2, 1)
	const bands = 8 // of equal area along an axis
	for range 20 {
		rot := randomRotation(rng)
		var hit [bands]int
		for _, d := range dirs {
			hit[min(int((rot.apply(d).z+1)/2*bands), bands-1)]++
		}
		for b, n := range hit {
			if n < 128/bands-5 || n > 128/bands+5 {
				t.Fatalf("band %d of the sphere has %d rays of 128, even would be %d", b, n, 128/bands)
			}
		}
	}
}

// lone is a node in the middle of the box that has been told of count others.
func lone(t *testing.T, count int, give func(n *Node, es []wire.Entry)) *Node {
	t.Helper()
	n, err := New(complete(t, Config{Min: testBox.Min, Max: testBox.Max}), testKey(0),
		Start{Pos: spatial.At(50, 50, 50), Epoch: 1, Seed: 3}, &naive{})
	if err != nil {
		t.Fatal(err)
	}
	rng := base.NewRand(9, 9)
	var es []wire.Entry
	for i, p := range randomPoints(rng, count, testBox) {
		es = append(es, wire.Entry{Record: &wire.Record{Kind: wire.Avatar, Key: testKey(i + 1), Stamp: wire.Stamp{Epoch: 1, Seq: 1}, Pos: p}})
	}
	give(n, es)
	var out Outbox
	n.Step(2*second, Tick{}, &out)
	n.Step(4*second, Tick{}, &out)
	return n
}

func gossiped(n *Node, es []wire.Entry) {
	var out Outbox
	for len(es) > 0 {
		k := min(len(es), wire.MaxEntries)
		// From many, as one peer has no credit for so much at once.
		n.Step(second, Message{es[0].Record.Key, &wire.NearGive{Entries: es[:k]}}, &out)
		es = es[k:]
	}
}

// Views were sorted the wrong way round: the least useful peers stayed.
func TestTrap03TheMostUsefulStay(t *testing.T) {
	n := lone(t, 200, gossiped)
	var all, kept, dropped []spatial.Pos
	for _, p := range n.table.all {
		all = append(all, p.at(n.now))
		if p.inNear {
			kept = append(kept, p.at(n.now))
		} else {
			dropped = append(dropped, p.at(n.now))
		}
	}
	if len(kept) != n.cfg.Contrib+n.cfg.Sticky || len(dropped) < 100 {
		t.Fatalf("%d kept of %d", len(kept), len(all))
	}
	volume := func(ps []spatial.Pos) float64 { return NewCell(n.self.point, n.box, ps, -1).Volume() }
	whole := volume(all)
	if v := volume(kept); v > 1.02*whole {
		t.Errorf("the cell of the view is %.3f times the true one", v/whole)
	}
	if v := volume(dropped); v < 1.5*whole {
		t.Errorf("without the view the cell is only %.2f times the true one: the test tests nothing", v/whole)
	}
}

// Distances were ints and their cubes overflowed.
func TestTrap04TheEndsOfTheWorldDoNotOverflow(t *testing.T) {
	const far = spatial.MaxCoord - 100
	box := spatial.Box{Min: spatial.Pos{X: -far, Y: -far, Z: -far}, Max: spatial.Pos{X: far, Y: far, Z: far}}
	origin := box.Min
	cands := []spatial.Pos{box.Max, {X: far, Y: -far, Z: -far}, {X: -far + 3, Y: -far, Z: -far}, {X: 0, Y: 0, Z: 0}}
	for _, s := range []Selector{Rays{N: 128}, Exact{}} {
		scores := make([]Score, len(cands))
		s.Select(&Scratch{}, scores, origin, box, cands, base.NewRand(1, 1))
		for i, sc := range scores {
			if c := sc.Contribution; c < 0 || math.IsNaN(c) || math.IsInf(c, 0) {
				t.Errorf("%T: candidate %d contributes %g", s, i, c)
			}
		}
		if scores[2].Rays == 0 {
			t.Errorf("%T: the candidate next door is no neighbour", s)
		}
	}
	if d := box.Min.Dist2(box.Max); octave(d) > 32 || d < uint64(far)*uint64(far) {
		t.Errorf("the squared diagonal is %d, octave %d", d, octave(d))
	}
}

// The near layer ignored the random one, and every partner was sent the same
// first half of the view.
func TestTrap05OffersAreMadeForTheReceiverAndTheRandomViewCounts(t *testing.T) {
	n := lone(t, 60, func(n *Node, es []wire.Entry) {
		// All of them come by a shuffle: nothing but the random layer.
		var out Outbox
		for len(es) > 0 {
			k := min(len(es), wire.MaxEntries)
			n.Step(second, Message{testKey(1), &wire.Shuffle{Entries: es[:k]}}, &out)
			es = es[k:]
		}
	})
	if len(n.near) < n.cfg.Contrib {
		t.Fatalf("%d neighbours out of the random layer", len(n.near))
	}
	lists := map[wire.ShortID][]wire.ShortID{}
	var ends [2]*peer
	for _, p := range n.table.all {
		if ends[0] == nil || p.x[0] < ends[0].x[0] {
			ends[0] = p
		}
		if ends[1] == nil || p.x[0] > ends[1].x[0] {
			ends[1] = p
		}
	}
	for _, p := range ends {
		if p.near != nil {
			p.near.marks, p.near.told = nil, n.news-1
		}
		var out Outbox
		n.out = &out
		for _, h := range n.hintsFor(p, wire.MaxHints) {
			lists[p.id] = append(lists[p.id], h.ID)
			if h.ID == p.id {
				t.Error("a node is told of itself")
			}
			if h.Pos.Dist2(p.pos()) > 60*60*spatial.Unit*spatial.Unit {
				t.Errorf("one at the end of the world is told of %v, far from it", h.Pos)
			}
		}
	}
	if a, b := lists[ends[0].id], lists[ends[1].id]; len(a) == 0 || len(b) == 0 || slices.Equal(a, b) {
		t.Errorf("two ends of the world are told the same: %v, %v", a, b)
	}
}

// A message of one layer was answered in the other.
func TestTrap06EveryQuestionIsAnsweredInItsOwnLayer(t *testing.T) {
	n := lone(t, 40, gossiped)
	e := wire.Entry{Record: &wire.Record{Kind: wire.Avatar, Key: testKey(1), Stamp: wire.Stamp{Epoch: 1, Seq: 9}, UnixMs: 1000, Pos: spatial.At(40, 40, 40)}}
	for ask, want := range map[wire.Message]wire.Type{
		&wire.NearOffer{Self: e}:                                   wire.TypeNearOffer,
		&wire.Shuffle{Entries: []wire.Entry{e}}:                    wire.TypeShuffleRep,
		&wire.Find{Query: 1, Target: spatial.At(1, 2, 3), N: 4}:    wire.TypeCloser,
		&wire.Closure{Query: 1, Self: e}:                           wire.TypeClosureRep,
		&wire.Ping{Nonce: 1}:                                       wire.TypePong,
		&wire.NearWant{IDs: []wire.ShortID{n.table.all[3].id}}:     wire.TypeNearGive,
		&wire.NearSub{}:                                            wire.TypeMove,
		&wire.Route{ID: 1, Target: spatial.At(50, 50, 50), TTL: 3}: wire.TypeRouteAck,
	} {
		var out Outbox
		n.Step(n.now+millisecond, Message{testKey(1), ask}, &out)
		if !slices.ContainsFunc(out.Effects, func(e Effect) bool {
			s, ok := e.(*Send)
			return ok && s.To == testKey(1) && s.Msg.Type() == want
		}) {
			t.Errorf("%v is not answered by %v", ask.Type(), want)
		}
	}
}

// A routed message was delivered by the first receiver or dropped.
func TestTrap07RoutesGoOnOverManyHops(t *testing.T) {
	const n = 40 // in a row, each knows few
	w := newWorld(t, 7, n, goodLink, func(i int, _ *base.Rand) spatial.Pos { return spatial.At(2+float64(i)*2.4, 50, 50) })
	w.coldStart(3)
	w.run(10)
	for _, node := range w.nodes {
		// Leave each node the two next to it, so that nobody can cut short.
		var out Outbox
		node.out = &out
		for _, p := range slices.Clone(node.table.all) {
			if node.self.point.Dist2(p.at(node.now)) > 3*3*spatial.Unit*spatial.Unit {
				node.dropNear(p, false)
				node.leaveLong(p)
				node.leaveRandom(p)
				if p.inPassive {
					node.leavePassive(p)
				}
				node.table.remove(p)
			}
		}
	}
	before := w.hops()
	w.step(0, Route{Target: spatial.At(40, 50, 50), Payload: []byte("far")})
	w.q.RunUntil(w.q.Now() + 4*second)
	if got, ok := w.delivered["far"]; !ok || w.nodes[got].self.pos.Dist2(spatial.At(40, 50, 50)) > 3*3*spatial.Unit*spatial.Unit {
		t.Errorf("delivered at %d (%v)", got, ok)
	}
	if hops := w.hops() - before; hops < 5 {
		t.Errorf("%d hops: the test tests nothing", hops)
	}
}

// Writing the position overwrote the size field.
func TestTrap08SettingAPositionChangesThatFieldOnly(t *testing.T) {
	r := wire.Record{Kind: wire.Site, Key: testKey(1), Stamp: wire.Stamp{Epoch: 1, Seq: 2}, Pos: spatial.At(1, 2, 3), AOI: 7, Load: 8}
	a := r.AppendTo(nil)
	r.Pos = spatial.At(-400, 500, -600)
	b := r.AppendTo(nil)
	if len(a) != len(b) || !bytes.Equal(a[:48], b[:48]) || !bytes.Equal(a[72:], b[72:]) || bytes.Equal(a[48:72], b[48:72]) {
		t.Error("another field has changed with the position")
	}
	got, err := wire.ParseRecord(b)
	if err != nil || got != r {
		t.Errorf("%+v came back as %+v, %v", r, got, err)
	}
}

// Nobody was ever found dead, views overflowed and held their own node, and
// two nodes at one position ended the process.
func TestTrap09TheDeadGoViewsAreBoundedOnePlaceForTwo(t *testing.T) {
	w := newWorld(t, 8, 50, goodLink, func(i int, rng *base.Rand) spatial.Pos {
		if i < 25 {
			return spatial.At(50, 50, 50) // all at one spot
		}
		return uniform(i, rng)
	})
	w.coldStart(3)
	w.run(12) // the invariants of every step see to self, doubles and sizes
	for i := range 10 {
		w.net.Crash(i)
	}
	// A record counts for 30 s, and a stranger is given 6 s to answer.
	w.run(40)
	if dead, all := w.deadListed(); dead > 0 {
		t.Errorf("%d of %d near places are held by the dead after 40 s", dead, all)
	}
	if sa := w.solid(40); sa < 0.97 {
		t.Errorf("solid angle %.3f with 15 nodes at one spot", sa)
	}
}

// A timer fired once, at a time that depended on its number.
func TestTrap10EveryPeriodComesAgain(t *testing.T) {
	w := newWorld(t, 9, 12, goodLink, uniform)
	w.coldStart(3)
	w.run(20)
	type count struct{ offers, shuffles, beats, renewals int }
	var first, later count
	tally := func(c *count) func(wire.Message) {
		return func(m wire.Message) {
			switch m.(type) {
			case *wire.NearOffer:
				c.offers++
			case *wire.Shuffle:
				c.shuffles++
			case *wire.Move:
				c.beats++
			case *wire.NearSub:
				c.renewals++
			}
		}
	}
	w.sent = tally(&first)
	w.run(60)
	w.sent = tally(&later)
	w.run(60)
	for _, c := range []struct {
		name      string
		a, b, per int
	}{
		{"offers", first.offers, later.offers, 12 * 60 / 6},
		{"shuffles", first.shuffles, later.shuffles, 12 * 60 / 11},
		{"heartbeats", first.beats, later.beats, 12 * 11 * 60 / 2},
		{"lease renewals", first.renewals, later.renewals, 12 * 11 * 60 / 6},
	} {
		if c.a < c.per || c.b < c.per || c.b > 2*c.a {
			t.Errorf("%s: %d in one minute, %d in the next, want at least %d", c.name, c.a, c.b, c.per)
		}
	}
}
