package raynet

import (
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
)

// Rule 8.1: one who jumps is never without a view: the old one serves until
// the new one is there.
func TestAJumperKeepsItsViewUntilItHasANewOne(t *testing.T) {
	w := newWorld(t, 21, 80, goodLink, func(i int, rng *base.Rand) spatial.Pos {
		if i == 0 {
			return spatial.At(3, 3, 3)
		}
		return uniform(i, rng)
	})
	w.coldStart(3)
	w.run(8)
	n := w.nodes[0]
	w.step(0, SetPose{Pos: spatial.At(97, 97, 97)})
	if n.join == joinDone {
		t.Fatal("the jump is none: the test tests nothing")
	}
	old := map[base.Key]bool{}
	for _, p := range n.near {
		old[p.key()] = true
	}
	least, kept := len(n.near), 0
	for range 40 {
		w.run(0.05)
		least = min(least, len(n.near))
		if n.join != joinDone {
			kept = 0
			for _, p := range n.near {
				if old[p.key()] {
					kept++
				}
			}
		}
	}
	if n.join != joinDone || least < n.cfg.Contrib {
		t.Errorf("join state %d, at least %d in the view", n.join, least)
	}
	if sa := w.solidOf(0); sa < 0.97 {
		t.Errorf("solid angle %.4f two seconds after the jump", sa)
	}
	t.Logf("never less than %d in the view, %d of the old one when the new one closed", least, kept)
}

// A fifth of all jumps into one ball at one moment. Five seconds later the
// crowd and the world have their cells and their routes, and nobody has sent
// more than four times the mean.
func TestFlashCrowd(t *testing.T) {
	w := newWorld(t, 22, 150, goodLink, uniform)
	w.coldStart(3)
	w.run(10)
	before := make([]uint64, len(w.nodes))
	for i, n := range w.nodes {
		before[i] = n.n.BytesOut
	}
	w.moving = true // far links may hold the old place for as long as a record counts
	for i := range 30 {
		p := randomPoints(w.q.Rand(), 1, testBox)[0]
		p = spatial.Pos{X: 50*spatial.Unit + p.X/20, Y: 50*spatial.Unit + p.Y/20, Z: 50*spatial.Unit + p.Z/20}
		w.step(i, SetPose{Pos: p})
	}
	if sa := w.solid(150); sa > 0.9 {
		t.Fatalf("solid angle %.4f at once after the jumps: the test tests nothing", sa)
	}
	w.run(5)
	sum, most := uint64(0), uint64(0)
	for i, n := range w.nodes {
		b := n.n.BytesOut - before[i]
		sum += b
		most = max(most, b)
	}
	mean := float64(sum) / float64(len(w.nodes))
	sa := w.solid(150)
	crowd := 0.0
	for i := range 30 {
		crowd += w.solidOf(i) / 30
	}
	ok, _ := w.routing(100)
	t.Logf("5 s after: solid angle %.4f, in the crowd %.4f, routing %.4f; %.1f kB/s each, most %.1f", sa, crowd, ok,
		mean/5000, float64(most)/5000)
	if sa < 0.99 || crowd < 0.98 || ok < 0.99 || float64(most) > 4*mean {
		t.Error("too little, or too much")
	}
}
