package physics

import (
	"bytes"
	"slices"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics/shape"
	"github.com/metatopia/metatopia/spatial/det"
)

// TestPairsAgainstSweep: the trees find what sweep and prune and a grid find,
// in every step of every scene.
func TestPairsAgainstSweep(t *testing.T) {
	for _, s := range append(scenes(), mixScene(31, 120, 200)) {
		s.cfg.Sleepless = true
		var rival slide
		var other grid
		var want []uint64
		total := 0
		s.play(t, func(step int, w *World, _ []Event) {
			w.findPairs()
			want = rival.find(want[:0], w.solids, w.near.boxes)
			if !slices.Equal(w.pairs, want) {
				t.Fatalf("%s step %d: %d pairs, want %d", s.name, step, len(w.pairs), len(want))
			}
			other.cell = 2
			if want = other.find(want[:0], w.solids, w.near.boxes); !slices.Equal(w.pairs, want) {
				t.Fatalf("%s step %d: %d pairs, the grid has %d", s.name, step, len(w.pairs), len(want))
			}
			total += len(want)
		})
		if total == 0 && s.name != "arc" {
			t.Errorf("%s: no pair at all", s.name)
		}
	}
}

// TestCrowd: of more pairs than the bound the first are kept, whether the trees
// knew the bodies before or not.
func TestCrowd(t *testing.T) {
	const n = 4 * maxPairs
	w, _ := New(Config{Gravity: Weightless})
	var cmds []Command
	for i := range n {
		b := ball(BodyID(i+1), 0.5, 0, 50, 0)
		b.Pos.X = float32(i) * 1e-4
		cmds = append(cmds, add(b))
	}
	w.Step(cmds, nil)
	for step := range 5 {
		r, err := Restore(w.cfg, w.AppendSnapshot(nil))
		if err != nil {
			t.Fatal(err)
		}
		w.Step(nil, nil)
		r.Step(nil, nil)
		if len(w.pairs) != maxPairs*n || !slices.IsSorted(w.pairs) || !slices.Equal(w.pairs, r.pairs) {
			t.Fatalf("step %d: %d pairs, restored %d", step, len(w.pairs), len(r.pairs))
		}
		if !bytes.Equal(w.AppendSnapshot(nil), r.AppendSnapshot(nil)) {
			t.Fatalf("step %d: differs from the restored world", step)
		}
	}
	// The crowd goes: the pairs of the few that stay are found again.
	cmds = cmds[:0]
	for i := range n - 10 {
		cmds = append(cmds, Command{Kind: CmdRemove, ID: BodyID(i + 1)})
	}
	w.Step(cmds, nil)
	if len(w.pairs) != 10*9/2 {
		t.Errorf("%d pairs of ten bodies", len(w.pairs))
	}
}

// FuzzCommands plays bytes as commands and compares the world, after every
// step, with one that was restored before it and so knows nothing of the past.
func FuzzCommands(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 255, 40, 80, 120, 255, 255, 4, 5, 200, 255})
	f.Fuzz(func(t *testing.T, b []byte) {
		w, _ := New(Config{MaxBodies: 40, Open: len(b)%2 == 1, Min: v(-4, 0, -4), Max: v(4, 8, 4)})
		var cmds []Command
		for i, c := range b[:min(len(b), 250)] {
			if c < 240 {
				cmds = append(cmds, drawCommand(base.NewRand(uint64(c), uint64(i)))...)
				continue
			}
			before := w.AppendSnapshot(nil)
			r, err := Restore(w.cfg, before)
			if err != nil {
				t.Fatal(err)
			}
			if c == 255 {
				questions(w, uint64(i), 1) // brings its trees up to date
			}
			ev, _ := w.Step(cmds, nil)
			again, _ := r.Step(cmds, nil)
			if !bytes.Equal(w.AppendSnapshot(nil), r.AppendSnapshot(nil)) || !slices.Equal(ev, again) {
				t.Fatalf("byte %d: a restored world goes another way", i)
			}
			cmds = cmds[:0]
		}
	})
}

// geometriesDrawn are what bodies of drawn commands may be made of.
var geometriesDrawn = []*shape.Geometry{die(0.3), heightfield(9, 9, 1, func(x, z float32) float32 { return float32(0.1 * x) }), flatMesh(), dumbbell()}

// dumbbell is a compound of two balls and a bar.
func dumbbell() *shape.Geometry {
	ball := shape.Shape{Kind: Sphere, Half: det.Vec{X: 0.25, Y: 0.25, Z: 0.25}}
	g, _, err := shape.NewCompound([]shape.Child{
		{Shape: ball, Pose: shape.At(det.Vec{X: -0.5}, det.Identity)},
		{Shape: ball, Pose: shape.At(det.Vec{X: 0.5}, det.Identity)},
		{Shape: shape.Shape{Kind: Box, Half: det.Vec{X: 0.5, Y: 0.05, Z: 0.05}}, Pose: shape.At(det.Vec{}, det.Identity)},
	})
	if err != nil {
		panic(err)
	}
	return g
}

func drawCommand(r *base.Rand) []Command {
	f := func(lo, hi float32) float32 { return lo + float32((hi-lo)*float32(r.Float64())) }
	id := BodyID(1 + r.IntN(30))
	b := ball(id, f(0.1, 0.6), f(-4, 4), f(0, 8), f(-4, 4))
	b.Vel, b.Spin = v(f(-20, 20), f(-20, 20), f(-20, 20)), v(f(-9, 9), f(-9, 9), f(-9, 9))
	b.Flags = []Flags{0, 0, 0, Static, Upright, Ghost, Kinematic, Sensor, Static | Sensor, Kinematic | Sensor, Bullet, Out}[r.IntN(12)]
	if r.IntN(3) == 0 {
		b.Filter = Filter{Category: 1 << r.IntN(2), Mask: uint32(r.IntN(4)), Group: int32(r.IntN(4) - 2)}
	}
	var first []Command
	switch r.IntN(5) {
	case 0, 1:
		b.Shape = boxShape(f(0.05, 1), f(0.05, 1), f(0.05, 1))
	case 2:
		b.Shape = capsuleShape(f(0.02, 0.4), f(0.05, 1))
	case 3:
		g := geometriesDrawn[r.IntN(len(geometriesDrawn))]
		first, b.Shape = []Command{addGeometry(g)}, geometryShape(g)
		if k := g.Kind(); k == shape.Heightfield || k == shape.Mesh {
			b.Flags = Static
		}
	}
	switch r.IntN(8) {
	case 0:
		return []Command{{Kind: CmdRemove, ID: id}}
	case 1:
		return []Command{{Kind: CmdSet, ID: id, Body: b}}
	case 2:
		return []Command{{Kind: CmdImpulse, ID: id, Vec: b.Vel}}
	case 3:
		j := Joint{ID: JointID(1 + r.IntN(9)), Kind: JointKind(1 + r.IntN(6)), A: id, B: BodyID(r.IntN(31)), BreakForce: f(0, 2000)}
		j.FrameA.Pos, j.FrameB.Pos = b.Pos.Scale(0.1), b.Vel.Scale(0.05)
		if r.IntN(4) == 0 {
			return []Command{{Kind: CmdUnjoint, Joint: &j}}
		}
		return []Command{joined(j)}
	}
	return append(first, add(b))
}
