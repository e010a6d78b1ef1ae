package raynet

import (
	"math"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
)

// check holds the hull to what its cuts rely on.
func (h *hull) check(t *testing.T) {
	t.Helper()
	for i := range h.corners {
		c := &h.corners[i]
		for e, to := range c.to {
			n := &h.corners[to]
			a, b := c.plane[e], c.plane[next3[e]]
			back := n.edge(b)
			if n.plane[back] != b || n.plane[next3[back]] != a || n.to[back] != int32(i) {
				t.Fatalf("edge %d of corner %d does not lead back", e, i)
			}
		}
	}
}

// volume is in m³.
func (h *hull) volume() (v float64) {
	h.index()
	for p := range h.planes {
		if h.hasFace(p) {
			cone, _ := middle(h.face(int32(p)))
			v += cone
		}
	}
	return v
}

func TestHullIsTheCell(t *testing.T) {
	var s Scratch
	for name, views := range sights() {
		if name == "outside" {
			continue // NewCell knows no such origin
		}
		// An origin on a wall counts as a millimetre inside.
		tolerance := 1e-5
		if name == "on a wall" || name == "corner" {
			tolerance = 1e-3
		}
		for i, v := range views {
			s.clip(v.origin, testBox, v.known)
			s.hull.check(t)
			want := NewCell(v.origin, testBox, v.known, -1)
			volume := s.hull.volume()
			if d := math.Abs(volume - want.Volume()); d > tolerance*volume {
				t.Errorf("%s %d: %.9g m³, want %.9g", name, i, volume, want.Volume())
			}
			faces := map[int]float64{}
			for _, f := range want.Faces {
				faces[f.Candidate] = f.cone() / volume
			}
			for p := walls; p < len(s.hull.planes); p++ {
				cone := 0.0
				if s.hull.hasFace(p) {
					cone, _ = middle(s.hull.face(int32(p)))
				}
				j := int(s.order[p-walls])
				if d := math.Abs(cone/volume - faces[j]); d > tolerance && name != "twins" {
					t.Errorf("%s %d: candidate %d has %.9f of the cell, want %.9f", name, i, j, cone/volume, faces[j])
				}
				delete(faces, j)
			}
			delete(faces, -1)
			for j, part := range faces {
				if part > 1e-9 {
					t.Errorf("%s %d: candidate %d with %.9f of the cell was out of reach", name, i, j, part)
				}
			}
		}
	}
}

// Hostile positions may ask for cuts that float64 cannot make. The hull must
// stay a hull and the scores finite.
func TestHullStaysWhole(t *testing.T) {
	rng := base.NewRand(4, 0)
	const far = spatial.MaxCoord
	box := spatial.Box{Min: spatial.Pos{X: -far, Y: -far, Z: -far}, Max: spatial.Pos{X: far, Y: far, Z: far}}
	var s Scratch
	for range 3000 {
		origin := spatial.Pos{X: int64(rng.IntN(3)) * 7, Y: -far * int64(rng.IntN(2)), Z: 0}
		cands := make([]spatial.Pos, rng.IntN(60))
		for i := range cands {
			p := origin
			for _, x := range []*int64{&p.X, &p.Y, &p.Z} {
				size := 1 << rng.IntN(31)
				*x = min(max(*x+int64(rng.IntN(5)-2)*int64(size)+int64(rng.IntN(3)-1), -far), far)
			}
			if p == origin {
				p.X++
			}
			cands[i] = p
		}
		scores := make([]Score, len(cands))
		Exact{}.Select(&s, scores, origin, box, cands, nil)
		s.hull.check(t)
		for _, sc := range scores {
			if !(sc.Contribution >= 0) || math.IsInf(sc.Contribution, 0) || sc.Rays < 0 || sc.Rays > 1+exactRays {
				t.Fatalf("origin %v, score %+v", origin, sc)
			}
		}
	}
}
