package raynet

import (
	"math"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
)

// plainRays is the definition: every candidate on every ray.
func plainRays(n int, v sight, rng *base.Rand) []Score {
	rot := randomRotation(rng)
	lo, hi := invertWalls(v.origin, testBox)
	dst := make([]Score, len(v.known))
	for _, u := range lattice(n) {
		u = rot.apply(u)
		floor := max(u.x*lo.x, u.x*hi.x, u.y*lo.y, u.y*hi.y, u.z*lo.z, u.z*hi.z)
		best, second := floor, floor
		win, next := -1, -1
		for i, c := range v.known {
			if g := u.dot(invert(offset(v.origin, c))); g > best {
				second, next = best, win
				best, win = g, i
			} else if g > second {
				second, next = g, i
			}
		}
		if win < 0 {
			continue
		}
		dst[win].Contribution += math.Pow(float64(second), -3) - math.Pow(float64(best), -3)
		dst[win].Rays++
		if next >= 0 {
			dst[next].Backup++
		}
	}
	return dst
}

func TestRaysAgreeWithTheirDefinition(t *testing.T) {
	var s Scratch
	for name, views := range sights() {
		for i, v := range views {
			for _, n := range []int{128, 50} {
				want := plainRays(n, v, base.NewRand(uint64(i), 1))
				got := make([]Score, len(v.known))
				Rays{N: n}.Select(&s, got, v.origin, testBox, v.known, base.NewRand(uint64(i), 1))
				for j := range got {
					g, w := got[j], want[j]
					if g.Rays != w.Rays || g.Backup != w.Backup ||
						math.Abs(g.Contribution-w.Contribution) > 1e-9*w.Contribution {
						t.Fatalf("%s %d, %d rays, candidate %d: %+v, want %+v", name, i, n, j, g, w)
					}
				}
			}
		}
	}
}
