package raynet

import (
	"math/bits"

	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

// A notice tells a near member of another that has come next to it: VON's
// boundary neighbour notification (Hu and Liao 2004), Solipsis' DETECT. When
// two nodes become neighbours, those who have been neighbours of both see it
// coming before the two know of each other.

const (
	// noticeEvery is the least time between two looks at the pairs.
	noticeEvery = 200 * millisecond
	// noticeAhead is how far ahead a look reckons: the hint, the question for
	// the record and the answer take their time.
	noticeAhead = 400 * millisecond
	// reporters is how many of those who see a pair tell it, and manyReporters
	// how many where all move so fast that some of them do not see it yet.
	reporters, manyReporters = 3, 6
)

// pairView is a near member as a look at the pairs needs it.
type pairView struct {
	p      *peer
	at     pvec // from this node, reckoned ahead
	stirs  bool
	tell   [wire.MaxHints]*peer
	listed int
}

type pvec struct{ x, y, z float64 }

func (a pvec) minus(b pvec) pvec { return pvec{a.x - b.x, a.y - b.y, a.z - b.z} }

func (a pvec) dot(b pvec) float64 {
	return float64(a.x*b.x) + float64(a.y*b.y) + float64(a.z*b.z)
}

func pvecOf(p spatial.Pos) pvec { return pvec{float64(p.X), float64(p.Y), float64(p.Z)} }

// notices looks which pairs of near members have become neighbours since the
// last look and tells both. It costs nothing while nobody moves.
func (n *Node) notices() {
	n.stirred, n.noticedAt = false, n.now
	v := n.env.Scratch().pairs[:0]
	for _, p := range n.near {
		if p.suspect || p.heardAt == unheard {
			continue
		}
		v = append(v, pairView{
			p: p, at: pvecOf(p.at(n.now + noticeAhead)).minus(pvecOf(n.self.point)),
			stirs: p.near.mood&stirs != 0 || p.vel != (wire.Velocity{}),
		})
		p.near.mood &^= stirs
	}
	n.env.Scratch().pairs = v
	own, tell := n.goesAhead(), reporters
	if n.inWhich(0.05, second) < noticeEvery {
		tell = manyReporters
	}
	for i := range v {
		for j := i + 1; j < len(v); j++ {
			if !v[i].stirs && !v[j].stirs {
				continue
			}
			a, b := v[i].p, v[j].p
			met := a.near.met>>b.near.slot&1 != 0
			if met == adjacent(v, i, j, own, met) {
				continue
			}
			a.near.met ^= 1 << b.near.slot
			b.near.met ^= 1 << a.near.slot
			if !met && reports(v, i, j, own, tell) {
				v[i].note(b, n.version(b))
				v[j].note(a, n.version(a))
			}
		}
	}
	for i := range v {
		n.tellNotices(&v[i])
	}
}

// noticeGap is the time between two looks: that in which the neighbours go a
// twentieth of the local spacing.
func (n *Node) noticeGap() int64 {
	if n.unrest == 0 {
		return noticeEvery
	}
	return max(n.inWhich(0.05, second), noticeEvery)
}

// goesAhead is where this node will be, from where it is.
func (n *Node) goesAhead() pvec {
	v := n.self.vel
	f := spatial.Unit * float64(noticeAhead) / float64(second)
	return pvec{float64(float64(v.X) * f), float64(float64(v.Y) * f), float64(float64(v.Z) * f)}
}

// note files whom the member is to be told of, unless it has been told lately.
func (w *pairView) note(p *peer, version wire.Stamp) {
	if w.listed < len(w.tell) && !w.p.knowsIt(p.id, version) {
		w.tell[w.listed] = p
		w.listed++
	}
}

// adjacent says that two are neighbours as far as the near view shows: nobody
// stands between them. With a right angle this is Gabriel's test (nobody in the
// ball around the two), which finds half of the Voronoi neighbours; those with
// the larger faces are found with 120 degrees. A pair that has met parts later.
func adjacent(v []pairView, i, j int, own pvec, met bool) bool {
	limit := 0.25 // cos² of 120 degrees
	if met {
		limit = 0.4
	}
	a, b := v[i].at, v[j].at
	if between(a, b, own, limit) {
		return false
	}
	for k := range v {
		if k != i && k != j && between(a, b, v[k].at, limit) {
			return false
		}
	}
	return true
}

// between says that c sees a and b under an angle whose cosine is negative and
// its square above limit.
func between(a, b, c pvec, limit float64) bool {
	p, q := a.minus(c), b.minus(c)
	d := p.dot(q)
	return d < 0 && float64(d*d) > limit*float64(p.dot(p)*q.dot(q))
}

// reports decides whether this node is among those who tell a pair: the few
// nearest to the point halfway between.
func reports(v []pairView, i, j int, own pvec, tell int) bool {
	a, b := v[i].at, v[j].at
	mid := pvec{(a.x + b.x) / 2, (a.y + b.y) / 2, (a.z + b.z) / 2}
	o := own.minus(mid)
	mine, nearer := o.dot(o), 0
	for k := range v {
		if k == i || k == j {
			continue
		}
		if d := v[k].at.minus(mid); d.dot(d) < mine {
			if nearer++; nearer == tell {
				return false
			}
		}
	}
	return true
}

// tellNotices sends a member its notice, if there is one.
func (n *Node) tellNotices(w *pairView) {
	if w.listed == 0 {
		return
	}
	m := &wire.Notice{}
	for _, p := range w.tell[:w.listed] {
		n.knows(w.p, p.id, n.version(p))
		m.Hints = append(m.Hints, n.hint(p))
	}
	n.send(w.p, m, Reliable)
}

// onNotice asks for the records of those named that are near enough to matter.
func (n *Node) onNotice(p *peer, m *wire.Notice) {
	var want wire.NearWant
	for i := range m.Hints {
		h := &m.Hints[i]
		n.knowsHint(p, h)
		if n.newHint(h) && n.inReach(h.Pos) && n.mayAsk() {
			want.IDs = append(want.IDs, h.ID)
		}
	}
	if len(want.IDs) > 0 {
		n.send(p, &want, Bulk)
	}
}

// takeSlot gives a new near member a number below maxNear that no other has.
func (n *Node) takeSlot(m *nearness) {
	used := uint32(0)
	for _, p := range n.near {
		used |= 1 << p.near.slot
	}
	m.slot = uint8(bits.TrailingZeros32(^used))
}

// freeSlot makes all forget whom one that leaves the near view has met.
func (n *Node) freeSlot(slot uint8) {
	for _, p := range n.near {
		p.near.met &^= 1 << slot
	}
}
