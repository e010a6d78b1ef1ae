package rival

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
)

// vec is a direction, or an offset in metres.
type vec struct{ x, y, z float32 }

func (a vec) dot(b vec) float32 { return a.x*b.x + a.y*b.y + a.z*b.z }

// raySets is how many sets of directions there are; a node uses one of them
// all its life.
const raySets = 32

var rayCache sync.Map // number of rays: *[raySets][]vec

// raysOf gives n directions, uniform on the sphere: normalised Gaussians
// (Knuth, The Art of Computer Programming 2, 3.4.1).
func raysOf(n int, set uint64) []vec {
	if c, ok := rayCache.Load(n); ok {
		return c.(*[raySets][]vec)[set%raySets]
	}
	var all [raySets][]vec
	for k := range all {
		rng := base.NewRand(uint64(k), uint64(n))
		for len(all[k]) < n {
			x, y, z := gauss(rng), gauss(rng), gauss(rng)
			if l := math.Sqrt(x*x + y*y + z*z); l > 1e-6 {
				all[k] = append(all[k], vec{float32(x / l), float32(y / l), float32(z / l)})
			}
		}
	}
	for k := range all {
		slices.SortFunc(all[k], func(a, b vec) int { return cmp.Compare(a.morton(), b.morton()) })
	}
	c, _ := rayCache.LoadOrStore(n, &all)
	return c.(*[raySets][]vec)[set%raySets]
}

// morton orders directions so that those that follow each other are mostly
// close: the candidates that bound one are then those to look at first for the
// next.
func (a vec) morton() (m uint32) {
	x, y, z := uint32((a.x+1)*127), uint32((a.y+1)*127), uint32((a.z+1)*127)
	for bit := 7; bit >= 0; bit-- {
		m = m<<3 | x>>bit&1<<2 | y>>bit&1<<1 | z>>bit&1
	}
	return m
}

// gauss is a standard normal number (Box and Muller 1958).
func gauss(rng *base.Rand) float64 {
	return math.Sqrt(-2*math.Log(1-rng.Float64())) * math.Cos(2*math.Pi*rng.Float64())
}

// walls is the box of a world in units.
type walls struct{ lo, hi point }

func wallsOf(b spatial.Box) walls { return walls{pointOf(b.Min), pointOf(b.Max)} }

// probe is a candidate seen from an origin: 2p/|p|², whose product with a
// direction is one over the distance at which the bisector is met.
type probe struct {
	q vec
	n float32 // length of q: no direction gives more
	i int32   // in the caller's list
}

// worth is what one candidate does for a cell.
type worth struct {
	loss float64 // the volume grows by this without it, m³ up to a factor
	rays int32   // how many directions it bounds
}

// prober holds the memory of weigh: one for each shard.
type prober struct {
	probes []probe
	worth  []worth
}

// weigh shoots rays from origin through the walls of a world. Each stops at
// the first bisector with one of the candidates; the second one after it says
// what the first is worth. (With p the offset of a candidate the bisector is
// met along u at |p|²/(2 u·p).) The answer is in the order of cands and valid
// until the next call.
func (s *prober) weigh(origin point, w walls, rays []vec, cands []contact) []worth {
	s.probes = s.probes[:0]
	for i := range cands {
		p := cands[i].at.from(origin)
		n2 := p.dot(p)
		if n2 == 0 {
			p, n2 = vec{1.0 / spatial.Unit, 0, 0}, 1.0/(spatial.Unit*spatial.Unit)
		}
		f := 2 / n2
		s.probes = append(s.probes, probe{vec{p.x * f, p.y * f, p.z * f}, 2 / float32(math.Sqrt(float64(n2))), int32(i)})
	}
	// The nearest first: a candidate whose length is less than the second
	// best of a ray cannot change it, nor can any after it.
	slices.SortFunc(s.probes, func(a, b probe) int {
		switch {
		case a.n > b.n:
			return -1
		case a.n < b.n:
			return 1
		}
		return int(a.i - b.i)
	})
	s.worth = append(s.worth[:0], make([]worth, len(cands))...)
	lo, hi := w.lo.from(origin), w.hi.from(origin)
	// 1 mm keeps what stands on a wall finite.
	up := vec{1 / max(hi.x, 0.001), 1 / max(hi.y, 0.001), 1 / max(hi.z, 0.001)}
	down := vec{1 / min(lo.x, -0.001), 1 / min(lo.y, -0.001), 1 / min(lo.z, -0.001)}
	win, next := -1, -1 // in probes
	for _, u := range rays {
		wall := max(u.x*up.x, u.x*down.x, u.y*up.y, u.y*down.y, u.z*up.z, u.z*down.z)
		best, second := wall, wall
		w, n := -1, -1
		try := func(k int) {
			if g := u.dot(s.probes[k].q); g > best {
				best, second, w, n = g, best, k, w
			} else if g > second {
				second, n = g, k
			}
		}
		if win >= 0 {
			try(win)
		}
		if next >= 0 {
			try(next)
		}
		for k := range s.probes {
			p := &s.probes[k]
			if p.n <= second {
				break
			}
			if k == win || k == next {
				continue
			}
			g := u.dot(p.q)
			if g <= second {
				continue
			}
			if g > best {
				best, second, w, n = g, best, k, w
			} else {
				second, n = g, k
			}
		}
		if win, next = w, n; win >= 0 {
			l1, l2 := 1/float64(best), 1/float64(second)
			x := &s.worth[s.probes[win].i]
			x.loss += l2*l2*l2 - l1*l1*l1
			x.rays++
		}
	}
	return s.worth
}
