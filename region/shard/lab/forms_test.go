package lab

import (
	"testing"

	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/physics/shape"
	"github.com/metatopia/metatopia/region/shard"
	"github.com/metatopia/metatopia/spatial"
)

// TestFormsCross: bodies with geometries cross under loss, doubling and
// reordering, with regions that are down for a while; none is lost or doubled,
// and what nobody has is forgotten.
func TestFormsCross(t *testing.T) {
	for seed := range uint64(4) {
		l := newLab(t, Config{Regions: 3, Lag: 1 + int(seed%3), Steps: 3, Loss: 150, Double: 150, Jitter: 3, Skew: 31, Seed: seed})
		const n = 12
		for i := range n {
			g := Crystal(i)
			if i%3 == 2 {
				g = Dumbbell()
			}
			l.Know(g)
			b := formed(g, 3, at(-12+float32(64*(i%2)), 2, float32(3*i-18)), at(9, 4, 0))
			if i%4 == 3 {
				b.Vel.X, b.Pos.X = -9, 12
			}
			if err := l.Add(Name(i), b, -1); err != nil {
				t.Fatal(err)
			}
		}
		for k := range 500 {
			if k == 20 || k == 60 {
				l.Regions[k/20%3].Away = l.Tick + 30
			}
			if k == 300 {
				l.Loss, l.Double, l.Jitter = 0, 0, 0
			}
			l.Step()
			if k%23 == 0 {
				if err := l.Regions[k%3].Reload(); err != nil {
					t.Fatal(err)
				}
			}
			limbo := 0
			for _, r := range l.Regions {
				limbo += r.Shard.Hand().Limbo()
			}
			if list, doubled := l.States(); doubled != 0 || len(list)+limbo < n {
				t.Fatalf("seed %d, tick %d: %d bodies, %d doubled", seed, k, len(list), doubled)
			}
		}
		list, _ := l.States()
		if len(list) != n {
			t.Errorf("seed %d: %d bodies in the end", seed, len(list))
		}
		for _, s := range list {
			if s.Owner < 0 {
				t.Errorf("seed %d: %v is nobody's", seed, s.ID)
			} else if home := l.home(s.Body.Pos.X); home != s.Owner && s.Body.Pos.X-float32(int(s.Owner)*spacing) > 1 {
				t.Errorf("seed %d: %v at %v is region %d's", seed, s.ID, s.Body.Pos, s.Owner)
			}
		}
		if l.Total.HandoffIn < n/2 || l.Total.Shapes == 0 {
			t.Errorf("seed %d: %d hand-offs, %d geometries: the test does not test", seed, l.Total.HandoffIn, l.Total.Shapes)
		}
		if l.Total.Bad > 0 {
			t.Errorf("seed %d: %d faults of honest neighbours", seed, l.Total.Bad)
		}
	}
}

// TestFormFigures: bodies with geometries meet across a border like boxes.
func TestFormFigures(t *testing.T) {
	for _, s := range []Scene{Shove(), Push(), Tumble(), Stack()} {
		for _, c := range []Config{{Steps: 1, Lag: 1}, {Steps: 1, Lag: 6}, {Steps: 1, Lag: 12}, {Steps: 3, Lag: 2}} {
			r, err := Run(s, -1, c)
			if err != nil {
				t.Fatal(err)
			}
			t.Log(r)
			name := s.Name
			if r.Counts.Shapes == 0 {
				t.Errorf("%s: no geometry went over: the test does not test", name)
			}
			switch name {
			case "shove", "push":
				if r.MomentumError > 0.01 || r.EnergyRatio > 1.005 {
					t.Errorf("%s, lag %d: momentum off by %g, energy %g", name, r.Lag, r.MomentumError, r.EnergyRatio)
				}
			case "tumble":
				if r.Jump > 0.01 || r.Counts.HandoffIn != 6 {
					t.Errorf("tumble, lag %d: jump %g m, %d hand-offs", r.Lag, r.Jump, r.Counts.HandoffIn)
				}
			case "stack of hulls":
				if r.TopDrop > 0.01 {
					t.Errorf("stack, lag %d: %g m lower", r.Lag, r.TopDrop)
				}
			}
			if r.Doubled != 0 || r.Counts.Bad != 0 {
				t.Errorf("%s, lag %d: %d doubled, %d faults", name, r.Lag, r.Doubled, r.Counts.Bad)
			}
		}
	}
}

// TestGround: a ball rolls onto ground of the other region's that is a mesh,
// before it is that region's.
func TestGround(t *testing.T) {
	l := newLab(t, Config{Regions: 2, Lag: 2, Steps: 3, Loss: 100, Seed: 3})
	slab, err := shape.NewHeightfield(17, 17, 1, make([]float32, 17*17))
	if err != nil {
		t.Fatal(err)
	}
	l.Know(slab)
	ground := physics.Body{Shape: physics.Shape{Kind: physics.Heightfield, Geometry: slab.ID()}, Flags: physics.Static, Pos: at(8, 5, 0), Friction: 0.5}
	if err := l.Add(Name(0), ground, 1); err != nil {
		t.Fatal(err)
	}
	deck := box(4, 0, at(-4, 1, 0))
	deck.Flags = physics.Static
	if err := l.Add(Name(1), deck, 0); err != nil {
		t.Fatal(err)
	}
	for range 60 {
		l.Step()
	}
	b := ball(0.3, 1, at(-3, 5.3, 0), at(4, 0, 0))
	b.Spin = at(0, 0, -4/0.3)
	if err := l.Add(Name(2), b, 0); err != nil {
		t.Fatal(err)
	}
	for k := range 40 {
		l.Step()
		for i, r := range l.Regions {
			if p, ok := r.Shard.Body(Name(2)); ok && (p.Pos.Y < 5.25 || p.Pos.Y > 5.4) {
				t.Fatalf("tick %d: region %d has the ball at %v", k, i, p.Pos)
			}
		}
	}
	if _, ok := l.Regions[1].Shard.Owns(Name(2)); !ok {
		t.Error("it did not cross")
	}
}

// TestFormsAreShed: a geometry is forgotten when the last body of it is gone.
func TestFormsAreShed(t *testing.T) {
	l := newLab(t, Config{Regions: 2, Lag: 2, Steps: 3})
	g := Crystal(0)
	l.Know(g)
	if err := l.Add(Name(0), formed(g, 3, at(-2, 0.5, 0), spatial.Vec{}), 0); err != nil {
		t.Fatal(err)
	}
	for range 30 {
		l.Step()
	}
	if _, ok := l.Regions[1].Shard.World().Geometry(g.ID()); !ok {
		t.Fatal("the geometry did not come")
	}
	with := len(l.Regions[1].Shard.AppendSnapshot(nil))
	if err := l.Regions[0].Shard.Do(shard.Input{Kind: shard.InRemove, ID: Name(0)}); err != nil {
		t.Fatal(err)
	}
	for range 250 {
		l.Step()
	}
	for i, r := range l.Regions {
		if _, ok := r.Shard.World().Geometry(g.ID()); ok {
			t.Errorf("region %d keeps it", i)
		}
	}
	if n := len(l.Regions[1].Shard.AppendSnapshot(nil)); n > with-len(g.Bytes()) {
		t.Errorf("%d bytes, %d with it", n, with)
	}
}
