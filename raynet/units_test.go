package raynet

import (
	"errors"
	"math"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

func TestOctaves(t *testing.T) {
	for _, c := range []struct {
		d2   uint64
		want int
	}{{0, 0}, {1, 1}, {3, 1}, {4, 2}, {15, 2}, {16, 3}, {1 << 20, 11}, {math.MaxUint64, 32}} {
		if got := octave(c.d2); got != c.want {
			t.Errorf("octave(%d) = %d, want %d", c.d2, got, c.want)
		}
	}
}

func TestJitterIsSmallAndFollowsTheKey(t *testing.T) {
	p := spatial.At(1, 2, 3)
	seen := map[spatial.Pos]bool{}
	for i := range 500 {
		key := testKey(i)
		q := point(&key, p)
		for _, d := range []int64{q.X - p.X, q.Y - p.Y, q.Z - p.Z} {
			if d < -jitterUnits || d > jitterUnits {
				t.Fatalf("jitter of %d units", d)
			}
		}
		if q != point(&key, p) {
			t.Fatal("two answers for one key")
		}
		seen[q] = true
	}
	if len(seen) < 450 {
		t.Errorf("500 nodes at one spot have only %d points", len(seen))
	}
}

func TestReckoning(t *testing.T) {
	p, v := spatial.At(0, 0, 0), spatial.Vec{X: 2}
	for _, c := range []struct {
		age  int64
		want spatial.Pos
	}{{0, p}, {second / 2, spatial.At(1, 0, 0)}, {drift, spatial.At(8, 0, 0)}, {100 * second, spatial.At(8, 0, 0)}, {never, p}} {
		if got := reckon(p, v, c.age); got != c.want {
			t.Errorf("after %d ns at %v, want %v", c.age, got, c.want)
		}
	}
}

func TestLatticeIsEven(t *testing.T) {
	for _, n := range []int{1, 7, 128, 1000} {
		var sum [3]float64
		for _, v := range lattice(n) {
			if l := float64(v.dot(v)); math.Abs(l-1) > 1e-5 {
				t.Fatalf("a direction of length² %g", l)
			}
			sum[0], sum[1], sum[2] = sum[0]+float64(v.x), sum[1]+float64(v.y), sum[2]+float64(v.z)
		}
		if n > 7 && math.Abs(sum[0])+math.Abs(sum[1])+math.Abs(sum[2]) > 3 {
			t.Errorf("%d directions lean by %v", n, sum)
		}
	}
}

func TestConfigIsChecked(t *testing.T) {
	good := Config{Min: testBox.Min, Max: testBox.Max}
	for _, start := range []Start{{}, {Epoch: 1, Kind: 9}} {
		if _, err := New(complete(t, good), testKey(0), start, &fakeEnv{}); !errors.Is(err, ErrConfig) {
			t.Errorf("%+v: %v", start, err)
		}
	}
	for name, c := range map[string]struct {
		edit func(*Config)
		want error
	}{
		"empty box":      {func(c *Config) { c.Max = c.Min }, ErrBox},
		"box too large":  {func(c *Config) { c.Max.X = spatial.MaxCoord + 1 }, ErrBox},
		"known peers":    {func(c *Config) { c.MaxPeers = maxPeers + 1 }, ErrConfig},
		"marks":          {func(c *Config) { c.Marks = -1 }, ErrConfig},
		"near view":      {func(c *Config) { c.Contrib = maxNear + 1 }, ErrConfig},
		"negative view":  {func(c *Config) { c.Passive = -1 }, ErrConfig},
		"shuffle":        {func(c *Config) { c.Shuffle = wire.MaxEntries + 1 }, ErrConfig},
		"leases":         {func(c *Config) { c.Leases = maxLeases + 1 }, ErrConfig},
		"order of times": {func(c *Config) { c.DeadAfter = c.SuspectAfter + 1 }, ErrConfig},
		"period":         {func(c *Config) { c.LongEvery = 1 }, ErrConfig},
	} {
		bad := good
		c.edit(&bad)
		if _, err := bad.Complete(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTombsAreBoundedAndFinal(t *testing.T) {
	var ts tombs
	old := wire.Stamp{Epoch: 3, Seq: 5}
	ts.add(1, tomb{stamp: old, until: 100})
	if !ts.covers(1, old, 99) || ts.covers(1, wire.Stamp{Epoch: 3, Seq: 6}, 99) || ts.covers(1, old, 100) || ts.covers(2, old, 0) {
		t.Error("a tomb covers the wrong stamps")
	}
	ts.lift(1)
	if ts.covers(1, old, 99) {
		t.Error("a lifted tomb covers")
	}
	ts.add(1, tomb{stamp: lastOf(3), until: 100, final: true})
	ts.lift(1)
	if !ts.covers(1, wire.Stamp{Epoch: 3, Seq: math.MaxUint32}, 99) || ts.covers(1, wire.Stamp{Epoch: 4}, 99) {
		t.Error("a farewell must end its epoch and no later one")
	}
	for i := range 2 * maxTombs {
		ts.add(wire.ShortID(i+10), tomb{until: int64(i)})
	}
	if len(ts.order) != maxTombs || len(ts.byID) != maxTombs {
		t.Errorf("%d tombs", len(ts.order))
	}
	ts.expire(1 << 40)
	if len(ts.order) != 0 || len(ts.byID) != 0 {
		t.Error("tombs stay for ever")
	}
}

// A walker that stops without a word is taken to stand still after a second.
func TestOneWhoStopsStandsStill(t *testing.T) {
	w := newWorld(t, 8, 2, goodLink, func(i int, _ *base.Rand) spatial.Pos { return spatial.At(50, 0, float64(10*i)) })
	w.coldStart(2)
	w.run(3)
	w.step(0, SetPose{Pos: spatial.At(51, 0, 0), Vel: spatial.Vec{X: 1.5}})
	w.run(0.2)
	if p, _ := w.nodes[1].Peer(testKey(0)); p.Vel.X != 1.5 {
		t.Fatalf("velocity %v", p.Vel)
	}
	w.run(2)
	if p, _ := w.nodes[1].Peer(testKey(0)); p.Vel.X != 0 || p.Pos != spatial.At(51, 0, 0) {
		t.Errorf("believed at %v with %v", p.Pos, p.Vel)
	}
}
