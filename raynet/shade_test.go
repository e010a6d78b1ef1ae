package raynet

import (
	"slices"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
)

func TestHiddenIsBehind(t *testing.T) {
	shades := []pvec{{1000, 0, 0}, {0, 500, 0}}
	for _, c := range []struct {
		at   pvec
		want bool
	}{
		{pvec{3000, 0, 0}, true},
		{pvec{3000, 300, 0}, true},
		{pvec{900, 10, 0}, false},    // in front
		{pvec{1000, 0, 0}, false},    // the member itself
		{pvec{1200, 0, 900}, false},  // beside
		{pvec{-3000, 0, 0}, false},   // on the other side
		{pvec{0, 0, 90000}, false},   // far, and nobody there
		{pvec{0, 90000, 100}, true},  // behind the second
		{pvec{1100, 1100, 0}, false}, // between the two
	} {
		if got := hidden(c.at, shades); got != c.want {
			t.Errorf("%v hidden: %v", c.at, got)
		}
	}
	if hidden(pvec{3000, 0, 0}, nil) {
		t.Error("hidden behind nobody")
	}
}

// TestTheHiddenHaveSmallFaces: of a true cell, with the neighbours that a view
// of 20 holds as shades, those that are taken for hidden have next to nothing.
func TestTheHiddenHaveSmallFaces(t *testing.T) {
	rng := base.NewRand(1, 1)
	lost, all, shown := 0.0, 0.0, 0
	const worlds, crowd = 60, 200
	for range worlds {
		pts := randomPoints(rng, crowd, testBox)
		origin := pts[0]
		others := pts[1:]
		cell := NewCell(origin, testBox, others, -1)
		faces := slices.Clone(cell.Faces)
		slices.SortFunc(faces, func(a, b Face) int {
			switch x, y := solidAngle(a), solidAngle(b); {
			case x > y:
				return -1
			case x < y:
				return 1
			}
			return 0
		})
		var shades []pvec
		off := func(p spatial.Pos) pvec { return pvecOf(p).minus(pvecOf(origin)) }
		for _, f := range faces {
			if f.Candidate >= 0 && len(shades) < 16 {
				shades = append(shades, off(others[f.Candidate]))
			}
		}
		for _, f := range faces {
			a := solidAngle(f)
			all += a
			if f.Candidate >= 0 && hidden(off(others[f.Candidate]), shades) {
				lost += a
			}
		}
		for _, p := range others {
			if !hidden(off(p), shades) {
				shown++
			}
		}
	}
	t.Logf("%.5f of the solid angle is hidden; %.1f of %d others are not", lost/all, float64(shown)/worlds, crowd-1)
	if lost/all > 0.01 || shown > 60*worlds {
		t.Errorf("%.4f of the solid angle hidden, %d of %d others shown", lost/all, shown/worlds, crowd-1)
	}
}

// Among movers the table gives up those whose pose says nothing any more, and
// when it is full those first.
func TestStrayMoversAreForgotten(t *testing.T) {
	w := newWorld(t, 8, 40, goodLink, uniform)
	w.coldStart(3)
	w.run(5)
	n := w.nodes[0]
	var stray *peer
	for _, p := range n.table.all {
		if p.hasRec && !n.placed(p) && p.pingAt == unheard {
			stray = p
		}
	}
	if stray == nil {
		t.Fatal("everybody has a place: the test tests nothing")
	}
	stray.poseAt = n.now - 20*second
	n.unrest, n.spacing = 0, 10
	if n.strayedAway(stray) {
		t.Error("given up where nobody moves")
	}
	n.unrest = 10
	if !n.strayedAway(stray) {
		t.Error("kept 20 s after its last pose, among movers of 10 m/s")
	}
	stray.up = true
	if !n.evict() || n.table.byKey(stray.key()) != nil {
		t.Error("not the first to go")
	}
}
