package raynet

import (
	"testing"

	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

// Rule 9.4: an octave beyond the neighbours that has room is looked for at a
// random place in it, at most once a second and less and less often; when all
// are full, nothing is.
func TestAnEmptyOctaveIsLookedFor(t *testing.T) {
	var places []spatial.Pos
	for i := range 8 {
		d := func(bit int) float64 { return 50 + 3*float64(2*(i>>bit&1)-1) }
		places = append(places, spatial.At(d(0), d(1), d(2)))
	}
	w := newWatcher(t, places...)
	w.joined = true
	targets := func(d int64) (found []spatial.Pos) {
		seen := map[uint32]bool{}
		for _, s := range w.pass(d) {
			m, ok := s.Msg.(*wire.Find)
			if ok && !seen[m.Query] && w.self.point.Dist2(m.Target) > 1<<20 {
				seen[m.Query] = true
				found = append(found, m.Target)
			}
		}
		return found
	}
	first := octave(uint64(w.spacing*w.spacing*spatial.Unit*spatial.Unit)) + 1
	found := targets(10 * second)
	if len(found) < 2 || len(found) > 5 {
		t.Errorf("%d lookups in 10 s", len(found))
	}
	for _, p := range found {
		if o := octave(w.self.point.Dist2(p)); o < first || !w.inWorld(p) {
			t.Errorf("looks at %v in octave %d, which is none beyond the neighbours'", p, o)
		}
	}
	w.out = &Outbox{}
	// Two peers for each octave up to the corners of the world.
	for o := first; o <= octave(w.farthest()); o++ {
		for k := range 2 {
			place, ok := w.somewhereIn(o)
			if !ok {
				place = w.cfg.Max
			}
			r := *w.record(0, 1, place)
			r.Key = testKey(100 + 10*o + k)
			w.take(w.acquaint(&r), &wire.Entry{Record: &r})
		}
	}
	for len(w.long) > 0 {
		w.leaveLong(w.long[0])
	}
	w.out, w.nextFill = nil, 0
	targets(2 * second)
	for _, o := range []int{first, first + 1, first + 2} {
		if w.octaveOpen(o) {
			t.Errorf("octave %d is open though two are known in it", o)
		}
	}
}
