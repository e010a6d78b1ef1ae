package raynet

import (
	"math"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
)

// solidAngle is the part of all directions that a face fills, 0 to 1 (Van
// Oosterom and Strackee 1983).
func solidAngle(f Face) float64 {
	sum := 0.0
	for i := 1; i+1 < len(f.Corners); i++ {
		a, b, c := f.Corners[0], f.Corners[i], f.Corners[i+1]
		la, lb, lc := math.Sqrt(a.dot(a)), math.Sqrt(b.dot(b)), math.Sqrt(c.dot(c))
		den := la*lb*lc + a.dot(b)*lc + a.dot(c)*lb + b.dot(c)*la
		sum += 2 * math.Atan2(math.Abs(a.dot(b.cross(c))), den)
	}
	return sum / (4 * math.Pi)
}

func randomPoints(rng *base.Rand, n int, box spatial.Box) []spatial.Pos {
	ps := make([]spatial.Pos, n)
	for i := range ps {
		ps[i] = spatial.Pos{
			X: box.Min.X + int64(rng.Float64()*float64(box.Max.X-box.Min.X)),
			Y: box.Min.Y + int64(rng.Float64()*float64(box.Max.Y-box.Min.Y)),
			Z: box.Min.Z + int64(rng.Float64()*float64(box.Max.Z-box.Min.Z)),
		}
	}
	return ps
}

var testBox = spatial.Box{Min: spatial.At(0, 0, 0), Max: spatial.At(100, 100, 100)}

// The oracle itself: cells fill the box exactly, and their faces fill the
// sphere.
func TestExactCellsTileTheBox(t *testing.T) {
	ps := randomPoints(base.NewRand(3, 0), 300, testBox)
	total, faces := 0.0, 0
	for i, p := range ps {
		others := append(append([]spatial.Pos(nil), ps[:i]...), ps[i+1:]...)
		c := NewCell(p, testBox, others, -1)
		total += c.Volume()
		angle := 0.0
		for _, f := range c.Faces {
			angle += solidAngle(f)
			if f.Candidate >= 0 {
				faces++
			}
		}
		if math.Abs(angle-1) > 1e-6 {
			t.Fatalf("node %d: faces fill %.9f of the sphere", i, angle)
		}
	}
	if math.Abs(total/1e6-1) > 1e-6 {
		t.Errorf("cells fill %.9f of the box", total/1e6)
	}
	if mean := float64(faces) / 300; mean < 10 || mean > 15 {
		t.Errorf("%.1f neighbours on average", mean)
	}
}

// Rays against the oracle: what 128 rays select sees nearly all of the sphere
// and never less by looking at more candidates.
func TestRaysSeeTheCell(t *testing.T) {
	rng := base.NewRand(5, 0)
	ps := randomPoints(rng, 400, testBox)
	covered, volume := 0.0, 0.0
	const sample = 100
	for i := range sample {
		others := append(append([]spatial.Pos(nil), ps[:i]...), ps[i+1:]...)
		scores := make([]Score, len(others))
		Rays{N: 128}.Select(&Scratch{}, scores, ps[i], testBox, others, rng)
		c := NewCell(ps[i], testBox, others, -1)
		seen, all, rays := 0.0, 0.0, 0
		var won []spatial.Pos
		for j, s := range scores {
			rays += s.Rays
			if (s.Rays == 0) != (s.Contribution == 0) {
				t.Fatalf("candidate %d has %d rays and contributes %g", j, s.Rays, s.Contribution)
			}
			if s.Rays > 0 {
				won = append(won, others[j])
			}
		}
		if rays > 128 {
			t.Fatalf("%d rays were won", rays)
		}
		for _, f := range c.Faces {
			if f.Candidate < 0 {
				continue
			}
			a := solidAngle(f)
			all += a
			if scores[f.Candidate].Rays > 0 {
				seen += a
			}
		}
		covered += seen / all
		volume += NewCell(ps[i], testBox, won, -1).Volume() / c.Volume()
	}
	t.Logf("128 rays: solid angle %.4f, volume ratio %.4f", covered/sample, volume/sample)
	if covered/sample < 0.98 || volume/sample > 1.03 {
		t.Error("the rays miss too much")
	}
}

func TestExactSelectorAgreesWithRays(t *testing.T) {
	rng := base.NewRand(9, 0)
	ps := randomPoints(rng, 60, testBox)
	rays, exact := make([]Score, 59), make([]Score, 59)
	Rays{N: 2000}.Select(&Scratch{}, rays, ps[0], testBox, ps[1:], rng)
	Exact{}.Select(&Scratch{}, exact, ps[0], testBox, ps[1:], rng)
	for i := range rays {
		if rays[i].Rays > 0 && exact[i].Rays == 0 {
			t.Errorf("candidate %d wins %d of 2000 rays and has no face", i, rays[i].Rays)
		}
		if exact[i].Rays > 2 && rays[i].Rays == 0 {
			t.Errorf("candidate %d has a face of %d/128 and wins no ray", i, exact[i].Rays)
		}
	}
}

func TestRaysAtAWallAndAtOneSpot(t *testing.T) {
	rng := base.NewRand(1, 0)
	corner := testBox.Min
	scores := make([]Score, 2)
	Rays{N: 128}.Select(&Scratch{}, scores, corner, testBox, []spatial.Pos{{X: 1, Y: 0, Z: 0}, spatial.At(50, 50, 50)}, rng)
	for i, s := range scores {
		if s.Contribution != s.Contribution || s.Contribution < 0 || math.IsInf(s.Contribution, 0) {
			t.Errorf("candidate %d contributes %v", i, s.Contribution)
		}
	}
	// Two nodes at one overlay point are moved apart the same way by both.
	a, b := base.Key{1}, base.Key{2}
	p := spatial.At(1, 2, 3)
	if apart(p, p, &a, &b).X != p.X+1 || apart(p, p, &b, &a).X != p.X-1 {
		t.Error("two nodes at one point do not agree on their order")
	}
}
