package ragdoll

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/internal/golden"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

func v(x, y, z float32) spatial.Vec { return spatial.Vec{X: x, Y: y, Z: z} }

const (
	stairs     = 10
	stepHeight = 0.18
	stepDepth  = 0.28
)

// staircase is ten solid stairs that lead down along +Z, and a landing on top.
func staircase() (cmds []physics.Command) {
	box := func(id physics.BodyID, top, from, to float32) {
		cmds = append(cmds, physics.Command{Kind: physics.CmdAdd, Body: physics.Body{
			ID: id, Flags: physics.Static, Friction: 0.6,
			Shape: physics.Shape{Kind: physics.Box, Half: v(2, float32(top/2), float32((to-from)/2))},
			Pos:   v(0, float32(top/2), float32((from+to)/2)),
		}})
	}
	for i := range stairs {
		top := float32(stepHeight * float32(stairs-i))
		from := float32(stepDepth * float32(i))
		if i == 0 {
			from = -3
		}
		box(physics.BodyID(i+1), top, from, float32(stepDepth*float32(i+1)))
	}
	return cmds
}

// fall throws n people down the stairs, one after the other.
func fall(t testing.TB, n int) (*physics.World, []physics.Command) {
	t.Helper()
	w, err := physics.New(physics.Config{})
	if err != nil {
		t.Fatal(err)
	}
	cmds := staircase()
	for k := range n {
		p := Place{
			Body: physics.BodyID(100 * (k + 1)), Joint: physics.JointID(100 * (k + 1)), Mass: 75, Friction: 0.6, Tone: 0.2,
			Pos: v(float32(0.9*float32(k%3))-0.9, stepHeight*stairs+0.02, -0.4-float32(0.9*float32(k/3))),
			Rot: spatial.Yaw(float32(0.4 * float32(k))), Vel: v(0, 0, 2), Spin: v(0.5, 0, 0),
		}
		if cmds, err = Human(1.75).Build(p, cmds); err != nil {
			t.Fatal(err)
		}
	}
	return w, cmds
}

// TestStandsAsDrawn: the commands are taken, the height is right, no two bones
// that are not joined overlap, and nothing pulls at the start.
func TestStandsAsDrawn(t *testing.T) {
	for _, height := range []float32{0.9, 1.75, 2.3} {
		w, _ := physics.New(physics.Config{Gravity: physics.Weightless})
		cmds, err := Human(height).Build(Place{Body: 1, Joint: 1, Pos: v(3, 0.01, 2), Rot: spatial.Yaw(1), Mass: 70}, nil)
		if err != nil {
			t.Fatal(err)
		}
		ev, err := w.Step(cmds, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range ev {
			if e.B != physics.Ground {
				t.Errorf("height %g: bones %d and %d touch", height, e.A, e.B)
			}
		}
		top, low, mass := float32(0), float32(10), float32(0)
		w.Each(func(b physics.Body) bool {
			axis := b.Rot.Rotate(v(0, b.Shape.Half.Y, 0)).Y
			if b.Shape.Kind == physics.Sphere {
				axis = 0
			}
			axis = det.Abs(axis) + b.Shape.Half.X
			top, low, mass = max(top, b.Pos.Y+axis), min(low, b.Pos.Y-axis), mass+b.Mass
			return true
		})
		if det.Abs(top-low-height) > 0.02*height || det.Abs(low-0.01) > 0.001 || det.Abs(mass-70) > 0.001 {
			t.Errorf("height %g: from %g to %g m, %g kg", height, low, top, mass)
		}
		for range 30 {
			w.Step(nil, nil)
		}
		w.EachJoint(func(j physics.Joint) bool {
			if s, _ := w.JointState(j.ID); s.Gap > 1e-4 {
				t.Errorf("height %g: joint %d gapes %g m", height, j.ID, s.Gap)
			}
			return true
		})
		w.Each(func(b physics.Body) bool {
			if b.Vel.Len() > 0.01 {
				t.Errorf("height %g: bone %d moves at %v", height, b.ID, b.Vel)
			}
			return true
		})
	}
}

// TestDownTheStairs: three people fall down ten stairs: bones hold together,
// limits hold, and within ten seconds all sleep. A head that is stopped by a
// stair is pulled out of its joint by up to 5 cm for two steps.
func TestDownTheStairs(t *testing.T) {
	w, cmds := fall(t, 3)
	var gap, over float32
	rest := 0
	for i := range 900 {
		if _, err := w.Step(cmds, nil); err != nil {
			t.Fatal(err)
		}
		cmds = nil
		w.EachJoint(func(j physics.Joint) bool {
			s, _ := w.JointState(j.ID)
			gap = max(gap, s.Gap)
			over = max(over, s.Coordinate-j.High, j.Low-s.Coordinate)
			if j.Kind == physics.BallJoint {
				over = max(over, s.Swing-j.Cone)
			}
			return true
		})
		resting := true
		w.Each(func(b physics.Body) bool {
			resting = resting && w.Resting(b.ID)
			return true
		})
		if resting && rest == 0 {
			rest = i + 1
		}
	}
	down, still := false, float32(0)
	w.Each(func(b physics.Body) bool {
		down = down || b.ID >= 100 && b.Pos.Z > stepDepth*stairs
		return true
	})
	w.EachJoint(func(j physics.Joint) bool {
		s, _ := w.JointState(j.ID)
		still = max(still, s.Gap)
		return true
	})
	t.Logf("gap %.1f mm, %.1f at rest, limits over by %.1f degrees, all asleep after step %d", 1000*gap, 1000*still, over*180/math.Pi, rest)
	if gap > 0.06 || still > 0.01 || over > 0.3 {
		t.Errorf("gap %g m, %g at rest, limits over by %g rad", gap, still, over)
	}
	if rest == 0 || rest > 600 || !down {
		t.Errorf("asleep after step %d, one at the foot of the stairs: %v", rest, down)
	}
}

// TestFallsAnyhow: forty people of many sizes, thrown head first or tumbling onto
// the stairs: all hold together and sleep within twenty seconds.
func TestFallsAnyhow(t *testing.T) {
	latest, widest := 0, float32(0)
	for seed := range 40 {
		w, err := physics.New(physics.Config{})
		if err != nil {
			t.Fatal(err)
		}
		f := func(n int) float32 { return float32(seed % n) }
		axis := det.Vec{X: f(7) - 3, Y: f(5) - 2, Z: f(3) - 1.1}.Unit(det.Vec{X: 1})
		p := Place{
			Body: 100, Joint: 1, Mass: 75, Friction: 0.6, Tone: 0.1, Pos: v(0, 3.2, float32(f(10)*0.3)),
			Rot: spatial.Quat(det.AxisAngle(axis, float32(f(40)*0.7))), Vel: v(f(3)-1, -f(4), 3-f(6)),
		}
		cmds, err := Human(1.2+float32(f(10)*0.1)).Build(p, staircase())
		if err != nil {
			t.Fatal(err)
		}
		step := 0
		for ; step < 1200 && !w.Resting(p.Body); step++ {
			if _, err := w.Step(cmds, nil); err != nil {
				t.Fatal(err)
			}
			cmds = nil
			w.EachJoint(func(j physics.Joint) bool {
				s, _ := w.JointState(j.ID)
				widest = max(widest, s.Gap)
				return true
			})
		}
		if latest = max(latest, step); step == 1200 {
			t.Errorf("seed %d does not sleep", seed)
		}
	}
	t.Logf("all asleep after step %d, joints gape by at most %.0f mm", latest, 1000*widest)
	if widest > 0.15 {
		t.Errorf("a joint gapes by %g m", widest)
	}
}

// TestRestoreFalls: restored in the middle of the fall, it goes on alike.
func TestRestoreFalls(t *testing.T) {
	w, cmds := fall(t, 2)
	w.Step(cmds, nil)
	for range 90 {
		w.Step(nil, nil)
	}
	r, err := physics.Restore(w.Config(), w.AppendSnapshot(nil))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 60 {
		w.Step(nil, nil)
		r.Step(nil, nil)
		if !bytes.Equal(w.AppendSnapshot(nil), r.AppendSnapshot(nil)) {
			t.Fatalf("differs after step %d", i)
		}
	}
}

// TestGolden compares with every other machine that ran this. The file changes
// with physics and with Human.
func TestGolden(t *testing.T) {
	w, cmds := fall(t, 2)
	var got strings.Builder
	for i := range 120 {
		w.Step(cmds, nil)
		if cmds = nil; i%30 == 29 {
			fmt.Fprintf(&got, "%d %016x\n", i+1, w.Hash())
		}
	}
	golden.Check(t, "testdata/golden.txt", got.String())
}

func TestCheck(t *testing.T) {
	nan := float32(math.NaN())
	for name, change := range map[string]func(Skeleton) Skeleton{
		"empty":     func(s Skeleton) Skeleton { return nil },
		"many":      func(s Skeleton) Skeleton { return make(Skeleton, MaxBones+1) },
		"parent":    func(s Skeleton) Skeleton { s[3].Parent = 3; return s },
		"orphan":    func(s Skeleton) Skeleton { s[3].Parent = -1; return s },
		"root":      func(s Skeleton) Skeleton { s[0].Parent = 0; return s },
		"place":     func(s Skeleton) Skeleton { s[2].At.X = nan; return s },
		"direction": func(s Skeleton) Skeleton { s[2].Dir = v(0, 0, 0); return s },
		"axis":      func(s Skeleton) Skeleton { s[2].Joint.Axis.Z = nan; return s },
		"short":     func(s Skeleton) Skeleton { s[2].Length = s[2].Radius; return s },
		"thin":      func(s Skeleton) Skeleton { s[2].Radius = 0; return s },
		"back":      func(s Skeleton) Skeleton { s[2].Back = 9; return s },
		"light":     func(s Skeleton) Skeleton { s[2].Share = 0; return s },
	} {
		if _, err := change(Human(1.8)).Build(Place{Body: 1, Joint: 1, Mass: 70}, nil); !errors.Is(err, ErrSkeleton) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, p := range []Place{{Joint: 1}, {Body: 1}, {Body: math.MaxUint64, Joint: 1}, {Body: 1, Joint: math.MaxUint64}} {
		if _, err := Human(1.8).Build(p, nil); !errors.Is(err, ErrSkeleton) {
			t.Errorf("%+v: %v", p, err)
		}
	}
}
