package raysim

import (
	"math"
	"slices"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/raynet"
	"github.com/metatopia/metatopia/spatial"
)

func TestOracleAgainstAllNodes(t *testing.T) {
	for _, layout := range []Layout{Uniform, Hotspots, Slab} {
		const n = 400
		rng := base.NewRand(5, uint64(layout))
		box := layout.boxOf(n)
		pos := layout.place(n, box, rng)
		alive := func(i int32) bool { return i%9 != 4 }
		g := newGrid(box, pos, alive)
		for i := int32(0); i < n; i += 7 {
			if !alive(i) {
				continue
			}
			got := cellOf(g, pos[i], func(j int32) bool { return j == i })
			var all []spatial.Pos
			var who []int32
			for j := range int32(n) {
				if j != i && alive(j) {
					all, who = append(all, apart(pos[i], pos[j])), append(who, j)
				}
			}
			want := describe(raynet.NewCell(pos[i], box, all, -1), who)
			slices.Sort(got.nodes)
			slices.Sort(want.nodes)
			if !slices.Equal(got.nodes, want.nodes) || math.Abs(got.volume-want.volume) > 1e-6*want.volume {
				t.Fatalf("layout %d node %d: %v of %v m³, want %v of %v", layout, i, got.nodes, got.volume, want.nodes, want.volume)
			}
			s := shapeOf(g, i, pos[i], want.nodes, alive)
			if s.Coverage != 1 || s.SolidAngle < 1-1e-9 || math.Abs(s.Volume-1) > 1e-6 {
				t.Fatalf("a full view has shape %+v", s)
			}
			if s := shapeOf(g, i, pos[i], nil, alive); len(want.nodes) > 0 && (s.Coverage != 0 || s.SolidAngle != 0 || s.Volume < 1) {
				t.Fatalf("an empty view has shape %+v", s)
			}
		}
		for range 200 {
			p := uniformIn(box, rng)
			best := int32(-1)
			for j := range int32(n) {
				if alive(j) && (best < 0 || p.Dist2(pos[j]) < p.Dist2(pos[best])) {
					best = j
				}
			}
			if got := g.nearest(p, 0, nil); got != best {
				t.Fatalf("layout %d: nearest to %v is %d, want %d", layout, p, got, best)
			}
		}
	}
}

// TestNearestOfMovers: the snapshot is a second old and everybody has moved.
func TestNearestOfMovers(t *testing.T) {
	const n = 300
	rng := base.NewRand(6, 0)
	box := Uniform.boxOf(n)
	pos := Uniform.place(n, box, rng)
	g := newGrid(box, pos, func(int32) bool { return true })
	moved := make([]spatial.Pos, n)
	for i := range moved {
		moved[i] = box.Clamp(inBall(pos[i], 14, rng))
	}
	for range 200 {
		p := uniformIn(box, rng)
		best := int32(0)
		for j := range int32(n) {
			if p.Dist2(moved[j]) < p.Dist2(moved[best]) {
				best = j
			}
		}
		if got := g.nearest(p, 14*spatial.Unit, func(i int32) spatial.Pos { return moved[i] }); got != best {
			t.Fatalf("nearest to %v is %d, want %d", p, got, best)
		}
	}
}

func TestSolidAngleOfCube(t *testing.T) {
	sum := 0.0
	c := raynet.NewCell(spatial.Pos{}, spatial.Box{Min: spatial.At(-1, -2, -3), Max: spatial.At(4, 5, 6)}, nil, -1)
	for _, f := range c.Faces {
		sum += solidAngle(f.Corners)
	}
	if math.Abs(sum-4*math.Pi) > 1e-9 {
		t.Errorf("the faces of a box are seen under %v, want 4 pi", sum)
	}
}

// TestWalkers: nobody leaves the world or goes faster than the gait, and the
// oracle's look back agrees with where they were.
func TestWalkers(t *testing.T) {
	box := Uniform.boxOf(100)
	for _, gait := range []Gait{Walking, Fast} {
		m := &walkers{seed: 1, box: box, gait: gait, speed: gait.Speed, now: make([]leg, 1), last: make([]leg, 1), turns: make([]uint32, 1)}
		now, moved := int64(1), 0
		where := map[int64]spatial.Pos{}
		for now < 300*Second {
			p, next := m.Pose(0, now)
			if next <= now {
				t.Fatalf("a pose at %d and the next at %d", now, next)
			}
			if !box.Contains(p.Pos) || float64(p.Vel.Len()) > gait.Speed*1.01+0.01 {
				t.Fatalf("at %v with %v m/s", p.Pos, p.Vel.Len())
			}
			if p.Vel != (spatial.Vec{}) {
				moved++
			}
			where[now] = p.Pos
			for then, old := range where {
				if then >= m.last[0].t0 && m.at(0, then).Dist2(old) > 4 {
					t.Fatalf("at %d it was at %v, now said %v", then, old, m.at(0, then))
				}
				if then < now-Second {
					delete(where, then)
				}
			}
			now = next
		}
		if moved < 100 {
			t.Errorf("%d poses with a velocity", moved)
		}
	}
}
