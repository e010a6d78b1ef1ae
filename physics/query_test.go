package physics

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics/shape"
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

// questions are drawn queries and what they answer, as text.
func questions(w *World, seed uint64, n int) (list []string) {
	r := base.NewRand(seed, 9)
	f := func(lo, hi float32) float32 { return lo + float32((hi-lo)*float32(r.Float64())) }
	var hits []Hit
	var ids []BodyID
	for range n {
		q := Query{Sensors: r.IntN(2) == 0, NoGround: r.IntN(2) == 0}
		if r.IntN(3) == 0 {
			q.Filter = Filter{Mask: uint32(r.IntN(4)), Group: int32(r.IntN(3) - 1)}
		}
		from, path := v(f(-6, 6), f(0, 8), f(-6, 6)), v(f(-12, 12), f(-8, 8), f(-12, 12))
		s := boxShape(f(0.05, 1), f(0.05, 1), f(0.05, 1))
		if r.IntN(2) == 0 {
			s = ballShape(f(0.05, 1))
		}
		rot := spatial.Quat(det.AxisAngle(det.Vec{X: 0.6, Z: 0.8}, f(-3, 3)))
		hit, ok := w.Ray(from, path, q)
		list = append(list, fmt.Sprint("ray ", hit, ok, w.RayAny(from, path, q)))
		hit, ok = w.Cast(s, from, rot, path, q)
		list = append(list, fmt.Sprint("cast ", hit, ok))
		hits = w.RayAll(from, path, q, hits[:0])
		list = append(list, fmt.Sprint("all ", hits))
		hits = w.CastAll(s, from, rot, path, q, hits[:0])
		list = append(list, fmt.Sprint("cast all ", hits))
		ids = w.Overlap(s, from, rot, q, ids[:0])
		list = append(list, fmt.Sprint("overlap ", ids))
		near, ok := w.Nearest(from, f(0, 4), q)
		list = append(list, fmt.Sprint("nearest ", near, ok))
	}
	return list
}

// TestQueriesHaveNoHistory: a world that was asked in every step answers like
// one restored just now, and goes on like one that was never asked.
func TestQueriesHaveNoHistory(t *testing.T) {
	for _, s := range []scene{mixScene(7, 40, 200), kindsScene()} {
		unasked := s.play(t, nil)
		asked := s.play(t, func(step int, w *World, _ []Event) {
			got := questions(w, uint64(step), 4)
			if step%10 != 0 {
				return
			}
			r, err := Restore(w.cfg, w.AppendSnapshot(nil))
			if err != nil {
				t.Fatal(err)
			}
			for i, a := range questions(r, uint64(step), 4) {
				if a != got[i] {
					t.Fatalf("step %d: %s, restored %s", step, got[i], a)
				}
			}
		})
		if asked.Hash() != unasked.Hash() {
			t.Errorf("%s: asking changed the world", s.name)
		}
	}
}

// TestQueriesAgainstAll: queries find what trying every body finds.
func TestQueriesAgainstAll(t *testing.T) {
	s := mixScene(17, 60, 80)
	s.at[0] = append(s.at[0], add(Body{ID: 3, Shape: ballShape(1), Flags: Static | Sensor, Pos: v(1, 2, 1)}))
	found := map[string]int{}
	s.play(t, func(step int, w *World, _ []Event) {
		r := base.NewRand(uint64(step), 3)
		f := func(lo, hi float32) float32 { return lo + float32((hi-lo)*float32(r.Float64())) }
		from, path := v(f(-6, 6), f(0, 12), f(-6, 6)), v(f(-9, 9), f(-9, 9), f(-9, 9))
		q := Query{NoGround: step%2 == 0, Sensors: step%3 == 0, Skip: w.solids[step%len(w.solids)].ID}
		p, _ := ray(from)
		if step%4 > 1 {
			p, _ = w.probe(boxShape(0.2, 0.3, 0.4), from, spatial.Quat{})
		}
		var want []Hit
		for k := range uint8(planes) {
			if h, ok := w.planeAhead(k, &p, det.Vec(path)); ok && !q.NoGround {
				want = append(want, h)
			}
		}
		reach := f(0, 3)
		var over []BodyID
		best, near := float32(math.MaxFloat32), BodyID(0)
		for i := range w.solids {
			o := &w.solids[i]
			if o.ID == q.Skip || o.sensor() && !q.Sensors {
				continue
			}
			if h, ok := p.meetsAhead(det.Vec(path), o); ok {
				want = append(want, h)
			}
			if shape.Overlap(&p.form, &p.pose, &o.form, &o.pose) {
				over = append(over, o.ID)
			}
			if d, ok := shape.Distance(&shape.Shape{Kind: Sphere}, &p.pose, &o.form, &o.pose, reach); ok && max(d.Gap, 0) < best {
				best, near = max(d.Gap, 0), o.ID
			}
		}
		slices.SortFunc(want, func(a, b Hit) int {
			if a.before(&b) {
				return -1
			}
			return 1
		})
		var got []Hit
		var first Hit
		var any bool
		if step%4 > 1 {
			got = w.CastAll(p.Shape, from, spatial.Quat{}, path, q, nil)
			first, any = w.Cast(p.Shape, from, spatial.Quat{}, path, q)
			if ids := w.Overlap(p.Shape, from, spatial.Quat{}, q, nil); !slices.Equal(ids, over) {
				t.Fatalf("step %d: overlaps %v, want %v", step, ids, over)
			}
			found["overlap"] += len(over)
		} else {
			got = w.RayAll(from, path, q, nil)
			first, any = w.Ray(from, path, q)
			if w.RayAny(from, path, q) != any {
				t.Fatalf("step %d: RayAny says %v", step, !any)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("step %d: %v, want %v", step, got, want)
		}
		if any != (len(want) > 0) || any && first != want[0] {
			t.Fatalf("step %d: first %v, want %v", step, first, want)
		}
		found["hit"] += len(want)
		q.NoGround = true
		if n, ok := w.Nearest(from, reach, q); n.ID != near || ok && n.Gap != best {
			t.Fatalf("step %d: nearest %v, want %d at %g", step, n, near, best)
		}
		found["near"] += min(1, int(near))
	})
	if found["hit"] < 50 || found["overlap"] < 5 || found["near"] < 5 {
		t.Errorf("found too little to prove anything: %v", found)
	}
}

// TestRayFigures: where rays meet, by hand.
func TestRayFigures(t *testing.T) {
	w, _ := New(Config{})
	turned := Body{ID: 2, Shape: boxShape(1, 2, 3), Flags: Static, Pos: v(0, 20, 0), Rot: spatial.Quat(det.AxisAngle(det.Vec{Y: 1}, det.Pi/2))}
	steps(t, w, 1, add(Body{ID: 1, Shape: ballShape(1), Flags: Static, Pos: v(10, 10, 0)}), add(turned))
	for _, c := range []struct {
		from, path spatial.Vec
		want       Hit
		ok         bool
	}{
		{v(10, 20, 0), v(0, -20, 0), Hit{1, 0, 0.45, v(10, 11, 0), v(0, 1, 0)}, true},
		{v(10, 10, 0.5), v(0, -20, 0), Hit{ID: 1, Point: v(10, 10, 0.5)}, true},
		{v(11.1, 20, 0), v(0, -10, 0), Hit{}, false},
		{v(20, 20, 0), v(-40, 0, 0), Hit{2, 0, 17.0 / 40, v(3, 20, 0), v(1, 0, 0)}, true},
		{v(0, 20, 5), v(0, 0, -10), Hit{2, 0, 0.4, v(0, 20, 1), v(0, 0, 1)}, true},
		{v(5, 4, 5), v(0, -8, 0), Hit{0, 0, 0.5, v(5, 0, 5), v(0, 1, 0)}, true},
		{v(5, 4, 5), v(0, 300, 0), Hit{0, 5, 252.0 / 300, v(5, 256, 5), v(0, -1, 0)}, true},
		{v(5, 4, 5), v(0, 0, 0), Hit{}, false},
	} {
		got, ok := w.Ray(c.from, c.path, Query{})
		if ok != c.ok || got.ID != c.want.ID || got.Part != c.want.Part || det.Abs(got.Share-c.want.Share) > 1e-5 ||
			got.Point.Sub(c.want.Point).Len() > 1e-4 || got.Normal.Sub(c.want.Normal).Len() > 1e-4 {
			t.Errorf("from %v along %v: %+v %v, want %+v", c.from, c.path, got, ok, c.want)
		}
		// A ball of next to nothing meets the same.
		thin, ok := w.Cast(ballShape(MinExtent), c.from, spatial.Quat{}, c.path, Query{})
		if ok != c.ok || thin.ID != c.want.ID || det.Abs(thin.Share-c.want.Share)*c.path.Len() > 0.012 {
			t.Errorf("cast from %v along %v: %+v %v, want %+v", c.from, c.path, thin, ok, c.want)
		}
	}
	if n, ok := w.Nearest(v(10, 13, 0), 5, Query{}); !ok || n.ID != 1 || det.Abs(n.Gap-2) > 1e-5 || n.Point.Sub(v(10, 11, 0)).Len() > 1e-4 || n.Normal != v(0, 1, 0) {
		t.Errorf("nearest %+v", n)
	}
	if n, ok := w.Nearest(v(10, 3, 0), 5, Query{}); !ok || n.ID != Ground || n.Gap != 3 || n.Point != v(10, 0, 0) {
		t.Errorf("nearest %+v", n)
	}
}

// TestQueriesRefuse what no query can be about.
func TestQueriesRefuse(t *testing.T) {
	w, _ := New(Config{})
	steps(t, w, 1, add(crate(1, 0, 0.5, 0)))
	nan := float32(math.NaN())
	far := v(MaxCoord*3, 0, 0)
	for _, bad := range []spatial.Vec{v(nan, 0, 0), v(0, float32(math.Inf(1)), 0), far} {
		_, a := w.Ray(bad, v(0, -1, 0), Query{})
		_, b := w.Ray(v(0, 5, 0), bad, Query{})
		_, c := w.Cast(boxShape(1, 1, 1), bad, spatial.Quat{}, v(0, -1, 0), Query{})
		_, d := w.Nearest(bad, 1, Query{})
		if a || b || c || d || w.RayAny(bad, v(0, -9, 0), Query{}) || len(w.Overlap(boxShape(1, 1, 1), bad, spatial.Quat{}, Query{}, nil)) != 0 {
			t.Errorf("%v was answered", bad)
		}
	}
	if _, ok := w.Cast(Shape{Kind: 77, Half: v(1, 1, 1)}, v(0, 5, 0), spatial.Quat{}, v(0, -9, 0), Query{}); ok {
		t.Error("an unknown shape was cast")
	}
	if _, ok := w.Nearest(v(0, 3, 0), nan, Query{}); ok {
		t.Error("a reach of no number")
	}
}

// TestManyHits: what is kept of more than a query may find are the nearest and
// the lowest.
func TestManyHits(t *testing.T) {
	w, _ := New(Config{Gravity: Weightless})
	var cmds []Command
	for i := range MaxHits + 100 {
		cmds = append(cmds, add(Body{ID: BodyID(i + 1), Shape: ballShape(0.5), Flags: Static, Pos: v(float32((i*37)%(MaxHits+100))*0.05, 5, 0)}))
	}
	w.Step(cmds, nil)
	hits := w.RayAll(v(-2, 5, 0), v(200, 0, 0), Query{}, nil)
	if len(hits) != MaxHits || !slices.IsSortedFunc(hits, func(a, b Hit) int {
		if a.before(&b) {
			return -1
		}
		return 1
	}) {
		t.Errorf("%d hits", len(hits))
	}
	if last := at(t, w, hits[MaxHits-1].ID).Pos.X; last > float32(MaxHits)*0.05 {
		t.Errorf("the last is at %g", last)
	}
	ids := w.Overlap(boxShape(100, 1, 1), v(0, 5, 0), spatial.Quat{}, Query{}, nil)
	if len(ids) != MaxHits || ids[0] != 1 || ids[MaxHits-1] != MaxHits {
		t.Errorf("%d bodies, the last %d", len(ids), ids[len(ids)-1])
	}
}

func TestQueriesAllocateNothing(t *testing.T) {
	w := mixScene(17, 60, 80).play(t, nil)
	hits, ids, ev := make([]Hit, 0, 100), make([]BodyID, 0, 100), make([]Event, 0, 1000)
	if n := testing.AllocsPerRun(20, func() {
		ev, _ = w.Step(nil, ev[:0])
		w.Ray(v(0, 10, 0), v(0, -10, 0), Query{})
		w.RayAny(v(0, 10, 0), v(0, -10, 0), Query{NoGround: true})
		hits = w.RayAll(v(-5, 1, 0), v(10, 0, 0), Query{}, hits[:0])
		w.Cast(ballShape(0.5), v(-5, 1, 0), spatial.Quat{}, v(10, 0, 0), Query{})
		hits = w.CastAll(boxShape(0.5, 1, 1), v(-5, 1, 0), spatial.Quat{}, v(10, 0, 0), Query{}, hits[:0])
		ids = w.Overlap(boxShape(3, 3, 3), v(0, 1, 0), spatial.Quat{}, Query{}, ids[:0])
		w.Nearest(v(0, 5, 0), 5, Query{})
	}); n != 0 {
		t.Errorf("%g allocations", n)
	}
}

func BenchmarkRay(b *testing.B) {
	s := heapScene("pile", 10, crate)
	s.steps = 60
	w := s.play(b, nil)
	r := base.NewRand(1, 1)
	for b.Loop() {
		from := v(float32(r.IntN(16))-8, 20, float32(r.IntN(16))-8)
		w.Ray(from, v(float32(r.IntN(8))-4, -20, 3), Query{})
	}
}
