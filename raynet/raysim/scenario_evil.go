package raysim

import (
	"math"
	"slices"

	"github.com/metatopia/metatopia/spatial"
)

func malicious10(r *Run) { malicious(r, 10, Collude) }
func malicious20(r *Run) { malicious(r, 20, Collude) }
func liars10(r *Run)     { malicious(r, 10, Lie) }

// malicious turns part of a grown world.
func malicious(r *Run, percent int, harm Harm) {
	w := r.W
	before := w.Shape(w.Sample(r.Sample)).SolidAngle
	ring := w.corrupt(w.Sample(r.Nodes*percent/100), harm)
	if ring == nil {
		return
	}
	r.conspire(ring, 20, nil)
	finds := w.AskLookups(r.routes(1000), 5*Second, Anywhere)
	routes := w.AskRoutes(r.routes(1000), 5*Second, Anywhere)
	r.conspire(ring, 5+25, nil)
	s := r.shape("", w.Sample(r.Sample))
	r.set("solid_angle_drop", before-s.SolidAngle)
	a := r.answers("multipath", finds)
	r.set("lookup_p95_s", a.Delay95)
	b := r.answers("route", routes)
	r.set("route_p95_s", b.Delay95)
	r.plot.Hops = b.AllHops
	r.graph()
	r.set("random_held", r.heldBy(ring, func(v *Views) []int32 { return v.Random }))
	if harm == Lie {
		// Who still believes them: near places that liars hold.
		r.set("near_held_by_liars", r.heldBy(ring, func(v *Views) []int32 { return v.Near }))
	}
	w.redeem(ring)
	if harm == Lie {
		// Whoever was convicted is barred until it starts again.
		for _, i := range ring.Members {
			w.Kill(i)
			w.Enter(i, w.pos[i], w.Now()+int64(w.rng.Float64()*float64(Second)), w.Strangers(bootKeys))
		}
	}
	r.cycles(15)
}

// heldBy is the part that ring members have of one of the views of honest
// nodes.
func (r *Run) heldBy(ring *Ring, view func(*Views) []int32) float64 {
	held, all := 0.0, 0.0
	var v Views
	for _, i := range r.W.Sample(r.Sample) {
		if !r.W.views(i, &v) {
			continue
		}
		for _, j := range view(&v) {
			all++
			if _, in := slices.BinarySearch(ring.Members, j); in {
				held++
			}
		}
	}
	return held / math.Max(all, 1)
}

// ringSize Sybils surround each of some victims.
const ringSize = 64

// ringHosts is how many groups of addresses a ring has to itself: keys are
// free, addresses are not. sybilGrowth is how long the world has stood when
// the ring comes, and sybilAttack how long it stays, cycles: longer than the
// victim has been there, so that waiting gains it nothing.
const (
	ringHosts   = 4
	sybilGrowth = 80
	sybilAttack = 150
)

func victims(n int) int { return max(1, min(4, n/500)) }

// sybil: each victim is surrounded by a shell of Sybils that is closer than
// everybody else, so that they win every ray. They name only each other.
func sybil(r *Run) {
	w := r.W
	c, ok := w.cfg.Protocol.(Corruptible)
	if !ok {
		return
	}
	r.cycles(sybilGrowth)
	targets := w.Sample(victims(r.Nodes))
	var rings []*Ring
	for _, v := range targets {
		var members []int32
		near := w.nearestGap(v)
		for range ringSize {
			i := int32(r.spare)
			r.spare++
			members = append(members, i)
			w.Enter(i, w.onShell(w.pos[v], near/3), w.Now(), []int32{v, w.Sample1()})
		}
		ring := w.corrupt(members, Collude)
		ring.Hosts = ringHosts
		rings = append(rings, ring)
	}
	least := math.Inf(1)
	alarmed := c.Alarmed(targets, w.Machine)
	for k := range sybilAttack {
		if r.halt() {
			return
		}
		for _, ring := range rings {
			c.Gather(ring, w.Machine)
		}
		r.cycles(1)
		sum, low := 0.0, math.Inf(1)
		for _, v := range targets {
			n := float64(w.honestWinners(v))
			low = min(low, n)
			sum += n / float64(len(targets))
		}
		if k >= 5 {
			least = min(least, low)
		}
		r.plot.curve("honest winners of the victim, tenths").add(r.since(), sum/10)
	}
	r.set("honest_winners_min", least)
	r.set("alarmed", float64(c.Alarmed(targets, w.Machine)-alarmed)/float64(len(targets)))
	held := 0.0
	var v Views
	for k, i := range targets {
		w.views(i, &v)
		for _, j := range v.Near {
			if _, in := slices.BinarySearch(rings[k].Members, j); in {
				held += 1 / float64(len(v.Near)) / float64(len(targets))
			}
		}
	}
	r.set("near_held_by_sybils", held)
	finds := w.AskLookups(r.routes(200), 2*Second, Anywhere)
	r.cycles(2 + settle)
	r.answers("lookup", finds)
	for _, ring := range rings {
		for _, i := range ring.Members {
			w.Kill(i)
			w.evil[i] = false
		}
	}
	r.cycles(20)
	r.set("solid_angle_freed", w.Shape(targets).SolidAngle)
}

// nearestGap is the distance of a node's nearest neighbour, metres.
func (w *World) nearestGap(i int32) float64 {
	g, at := w.Grid(), w.pos[i]
	best := uint64(math.MaxUint64)
	for r := g.edge; best == math.MaxUint64 && r < 2*g.diameter(); r *= 2 {
		g.within(at, r, func(j int32, d2 uint64) {
			if j != i {
				best = min(best, d2)
			}
		})
	}
	return math.Sqrt(float64(best)) / spatial.Unit
}

// onShell is a random place r metres from c, give or take a tenth.
func (w *World) onShell(c spatial.Pos, r float64) spatial.Pos {
	x, y, z := gauss(w.rng), gauss(w.rng), gauss(w.rng)
	f := r * (0.9 + 0.2*w.rng.Float64()) / math.Sqrt(x*x+y*y+z*z) * spatial.Unit
	return w.Box.Clamp(spatial.Pos{X: c.X + int64(x*f), Y: c.Y + int64(y*f), Z: c.Z + int64(z*f)})
}

// honestWinners is how many honest members of a near view would be Voronoi
// neighbours among all honest nodes: they would win rays if the Sybils were
// left out.
func (w *World) honestWinners(i int32) int {
	var v Views
	if !w.views(i, &v) {
		return 0
	}
	x := cellOf(w.Grid(), w.pos[i], func(j int32) bool { return j == i || w.evil[j] })
	n := 0
	for _, j := range v.Near {
		if slices.Contains(x.nodes, j) {
			n++
		}
	}
	return n
}
