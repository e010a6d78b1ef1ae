package raynet

import (
	"math"
	"math/bits"
	"slices"

	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

// octave is the doubling a squared distance (units²) falls into: 0 for the
// node's own point, 1 for one unit, 31 for the far end of the largest world.
func octave(d2 uint64) int { return (bits.Len64(d2) + 1) / 2 }

// octaveOpen says that the long view has room in an octave that lies beyond
// the near view's.
func (n *Node) octaveOpen(o int) bool {
	k := 0
	for _, p := range n.long {
		if int(p.octave) == o {
			k++
		}
	}
	return k < n.cfg.LongPerOctave && len(n.long) < maxLong
}

// tryLong takes a peer as a long link when its octave has room, or when it is
// a site and an avatar can go: sites stay.
func (n *Node) tryLong(p *peer) {
	if p.inLong || !n.usable(p) {
		return
	}
	o := octave(n.self.point.Dist2(p.at(n.now)))
	if p.octave = uint8(o); n.longRival(p) != nil {
		return
	}
	if !n.octaveOpen(o) {
		if p.rec.Kind != wire.Site || !n.dropAvatar(o) {
			return
		}
	}
	p.inLong = true
	n.long = insert(n.long, p)
	n.protect(p)
}

func (n *Node) dropAvatar(o int) bool {
	for _, p := range n.long {
		if int(p.octave) == o && p.rec.Kind == wire.Avatar {
			n.leaveLong(p)
			return true
		}
	}
	return false
}

func (n *Node) leaveLong(p *peer) {
	if !p.inLong {
		return
	}
	p.inLong = false
	n.long = erase(n.long, p)
	n.unprotect(p)
}

// longRound files the links again, because this node and they move, and pings
// the next one that has been silent.
func (n *Node) longRound() {
	var full [33]int
	for _, p := range append([]*peer(nil), n.long...) {
		p.octave = uint8(octave(n.self.point.Dist2(p.at(n.now))))
		if full[p.octave]++; full[p.octave] > n.cfg.LongPerOctave {
			n.leaveLong(p)
		}
	}
	for range n.long {
		n.longTurn++
		p := n.long[n.longTurn%len(n.long)]
		if n.since(p.heardAt) > n.cfg.DeadAfter {
			n.ping(p)
			break
		}
	}
	n.fillLong(&full)
}

// fillLast is the longest time between two lookups for an octave that nobody
// is found in.
const fillLast = 60 * second

// fewNeighbours is a near view below which there is nobody to look for.
const fewNeighbours = 8

// fillLong looks for links in an octave that has room: among all that is
// known, sites first, and then by a lookup at a random place at that distance.
func (n *Node) fillLong(full *[33]int) {
	if n.spacing == 0 || !n.joined || len(n.near) < fewNeighbours {
		// In a world of a handful everybody is known: nobody is far.
		return
	}
	first := octave(uint64(n.spacing*n.spacing*spatial.Unit*spatial.Unit)) + 1
	last := octave(n.farthest())
	var open []int
	for o := first; o <= last; o++ {
		if full[o] < n.cfg.LongPerOctave {
			open = append(open, o)
		}
	}
	if len(open) == 0 {
		n.fillGap = n.cfg.LongEvery
		return
	}
	if n.now < n.nextFill {
		return
	}
	for _, kind := range []wire.Kind{wire.Site, wire.Avatar} {
		for _, p := range n.table.all {
			if p.hasRec && p.rec.Kind == kind && slices.Contains(open, octave(n.self.point.Dist2(p.at(n.now)))) {
				n.tryLong(p)
			}
		}
	}
	n.nextFill = n.now + n.jittered(n.fillGap)
	n.fillGap = min(2*n.fillGap, fillLast)
	o := open[n.rng.IntN(len(open))]
	if !n.octaveOpen(o) {
		return
	}
	if at, ok := n.somewhereIn(o); ok {
		n.startFind(findLong, at, 0)
	}
}

// farthest is the squared distance to the farthest corner of the world.
func (n *Node) farthest() uint64 {
	at, lo, hi := n.self.point, n.cfg.Min, n.cfg.Max
	return at.Dist2(spatial.Pos{
		X: farther(at.X, lo.X, hi.X), Y: farther(at.Y, lo.Y, hi.Y), Z: farther(at.Z, lo.Z, hi.Z),
	})
}

func farther(x, a, b int64) int64 {
	if x-a > b-x {
		return a
	}
	return b
}

// somewhereIn draws a place in an octave and in the world. In the outermost
// octaves hardly any direction leads to one.
func (n *Node) somewhereIn(o int) (spatial.Pos, bool) {
	draw := func() float64 { return float64(2*n.rng.Float64()) - 1 }
	for range 16 {
		x, y, z := draw(), draw(), draw()
		d := math.Sqrt(float64(x*x) + float64(y*y) + float64(z*z))
		if d > 1 || d < 0.01 {
			continue
		}
		f := float64(uint64(1)<<o) * (0.55 + float64(0.4*n.rng.Float64())) / d
		at := n.self.point
		at = spatial.Pos{X: at.X + int64(x*f), Y: at.Y + int64(y*f), Z: at.Z + int64(z*f)}
		if n.inWorld(at) {
			return at, true
		}
	}
	return spatial.Pos{}, false
}
