package physics

import (
	"errors"
	"math"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics/shape"
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

func lake(id FieldID) Field {
	return Field{ID: id, Kind: Water, Shape: boxShape(20, 5, 20), Pos: v(0, 5, 0), Level: 8, Density: 1000, Strength: 2}
}

func addField(f Field) Command { return Command{Kind: CmdField, Field: &f} }

// floaters are bodies of every kind that moves, of a density of half that of
// water and of nine tenths.
func floaters() (cmds []Command) {
	hullG, tab := die(0.4), table()
	cmds = []Command{addGeometry(hullG), addGeometry(tab)}
	for i, s := range []Shape{ballShape(0.5), boxShape(0.6, 0.2, 0.5), capsuleShape(0.25, 0.6), geometryShape(hullG), geometryShape(tab)} {
		for k, density := range []float32{500, 900} {
			form := shape.Shape{Kind: s.Kind, Half: det.Vec(s.Half)}
			if s.Geometry == hullG.ID() {
				form = hullG.Shape()
			} else if s.Geometry == tab.ID() {
				form = tab.Shape()
			}
			cmds = append(cmds, add(Body{
				ID: BodyID(10 + 2*i + k), Shape: s, Pos: v(float32(4*i-8), 8.3, float32(4*k)), Mass: density * form.Volume(),
				Rot: spatial.Quat(det.AxisAngle(det.Vec{X: 0.6, Z: 0.8}, 0.3)),
			}))
		}
	}
	return cmds
}

// TestFloats: what is lighter than water comes to rest with the part below that
// weighs, as water, what the body weighs; what is heavier sinks.
func TestFloats(t *testing.T) {
	w, _ := New(Config{})
	stone := crate(5, 0, 7, -5)
	stone.Mass = 2500
	steps(t, w, 1500, append(floaters(), addField(lake(1)), add(stone))...)
	r := base.NewRand(5, 5)
	f := func(lo, hi float32) float32 {
		return lo + float32((hi-lo)*float32(float64(r.Uint32()>>8)/(1<<24)))
	}
	for i := range w.solids {
		s := &w.solids[i]
		if s.ID == 5 {
			if s.Pos.Y > 0.6 {
				t.Errorf("a stone floats at %v", s.Pos)
			}
			continue
		}
		// Measured by points, not by what the engine computes.
		in, below := 0, 0
		lo, hi := s.form.Bounds(&s.pose)
		point := shape.Shape{Kind: Sphere}
		for range 40000 {
			at := shape.At(det.Vec{X: f(lo.X, hi.X), Y: f(lo.Y, hi.Y), Z: f(lo.Z, hi.Z)}, det.Identity)
			if !shape.Overlap(&point, &at, &s.form, &s.pose) {
				continue
			}
			in++
			if at.Pos.Y < 8 {
				below++
			}
		}
		want := s.Mass / (1000 * s.form.Volume())
		if got := float32(below) / float32(in); det.Abs(got-want) > 0.02 {
			t.Errorf("body %d of kind %d: %.3f of it below, want %.3f (at %v, moving at %v)", s.ID, s.Shape.Kind, got, want, s.Pos, s.Vel)
		}
		if !w.Resting(s.ID) {
			t.Errorf("body %d of kind %d does not rest: %v %v", s.ID, s.Shape.Kind, s.Vel, s.Spin)
		}
	}
}

// TestFloatsExactly: a ball and a box to the millimetre.
func TestFloatsExactly(t *testing.T) {
	w, _ := New(Config{})
	b := Body{ID: 1, Shape: boxShape(0.5, 0.2, 0.5), Pos: v(0, 8, 0), Mass: 0.4 * 300}
	half := ball(2, 0.5, 3, 8.1, 0)
	half.Mass = float32(math.Pi / 6 * 500)
	steps(t, w, 900, addField(lake(1)), add(b), add(half))
	if y := at(t, w, 1).Pos.Y; det.Abs(y-(8+0.2-0.4*0.3)) > 0.001 {
		t.Errorf("the box floats at %g", y)
	}
	if y := at(t, w, 2).Pos.Y; det.Abs(y-8) > 0.001 {
		t.Errorf("the ball floats at %g", y)
	}
}

// TestRiver: water carries along what floats in it.
func TestRiver(t *testing.T) {
	w, _ := New(Config{})
	river := lake(1)
	river.Vec = v(1.5, 0, 0.5)
	log := Body{ID: 1, Shape: capsuleShape(0.2, 0.8), Pos: v(-10, 8, 0), Mass: 100}
	steps(t, w, 500, addField(river), add(log))
	if b := at(t, w, 1); b.Vel.Sub(river.Vec).Len() > 0.05 {
		t.Errorf("drifts at %v", b.Vel)
	}
}

// TestFeatherIsNotShot: what weighs next to nothing comes up slowly enough.
func TestFeatherIsNotShot(t *testing.T) {
	w, _ := New(Config{})
	b := ball(1, 0.5, 0, 3, 0)
	b.Mass = 0.01
	w.Step([]Command{addField(lake(1)), add(b)}, nil)
	for range 300 {
		steps(t, w, 1)
		if b := at(t, w, 1); b.Vel.Len() > 15 || b.Pos.Y > 13 {
			t.Fatalf("at %v with %v", b.Pos, b.Vel)
		}
	}
}

// TestForces: each field does what its name says, inside its region only.
func TestForces(t *testing.T) {
	at0 := func(f Field, pos, vel spatial.Vec, n int) Body {
		w, _ := New(Config{Gravity: Weightless, Min: v(-50, -50, -50), Max: v(50, 50, 50)})
		f.ID = 1
		b := ball(1, 0.2, 0, 0, 0)
		b.Pos, b.Vel = pos, vel
		steps(t, w, n, addField(f), add(b))
		return at(t, w, 1)
	}
	box, round := boxShape(5, 5, 5), ballShape(5)
	if b := at0(Field{Kind: Wind, Shape: box, Vec: v(2, 0, -1)}, v(0, 0, 0), v(0, 0, 0), 60); b.Vel.Sub(v(2, 0, -1)).Len() > 0.01 {
		t.Errorf("wind: %v", b.Vel)
	}
	if b := at0(Field{Kind: Wind, Shape: box, Vec: v(2, 0, 0)}, v(0, 6, 0), v(0, 0, 0), 60); b.Vel.Len() > 0 {
		t.Errorf("wind outside: %v", b.Vel)
	}
	turned := spatial.Quat(det.AxisAngle(det.Vec{Z: 1}, det.Pi/4))
	if b := at0(Field{Kind: Wind, Shape: boxShape(8, 1, 1), Rot: turned, Vec: v(0, 0, 2)}, v(4, 4, 0), v(0, 0, 0), 10); b.Vel.Z <= 0 {
		t.Errorf("wind in a turned box: %v", b.Vel)
	}
	if b := at0(Field{Kind: Radial, Shape: round, Strength: 4}, v(1, 0, 0), v(0, 0, 0), 30); b.Vel.X < 1 || b.Vel.X > 2 || det.Abs(b.Vel.Y) > 1e-6 {
		t.Errorf("radial: %v", b.Vel)
	}
	if b := at0(Field{Kind: Radial, Shape: round, Strength: -4}, v(3, 0, 0), v(0, 0, 0), 30); b.Vel.X > -0.5 {
		t.Errorf("towards the middle: %v", b.Vel)
	}
	if b := at0(Field{Kind: Vortex, Shape: box, Strength: 3}, v(2, 1, 0), v(0, 0, 0), 20); b.Vel.Z > -0.9 || det.Abs(b.Vel.Y) > 1e-5 {
		t.Errorf("vortex: %v", b.Vel)
	}
	if b := at0(Field{Kind: Drag, Shape: box, Strength: 3, Vec: v(0, 1, 0)}, v(0, 0, 0), v(4, 0, 0), 120); b.Vel.Sub(v(0, 1, 0)).Len() > 0.03 {
		t.Errorf("drag: %v", b.Vel)
	}
	if b := at0(Field{Kind: Drag, Shape: box, Strength: MaxDrag}, v(0, 0, 0), v(4, 0, 0), 1); b.Vel.X < 0 {
		t.Errorf("drag turns it back: %v", b.Vel)
	}
	w, _ := New(Config{})
	up := Field{ID: 2, Kind: Gravity, Shape: box, Pos: v(0, 5, 0), Vec: v(0, 3, 0)}
	other := Field{ID: 3, Kind: Gravity, Shape: box, Pos: v(0, 5, 0), Vec: v(0, -30, 0)}
	steps(t, w, 60, addField(other), addField(up), add(ball(1, 0.2, 0, 1, 0)))
	if b := at(t, w, 1); det.Abs(b.Vel.Y-3) > 0.05 {
		t.Errorf("gravity of the lower id: %v", b.Vel)
	}
}

// TestFieldsComeAndGo: what is in one wakes, wrong ones are refused, and they
// are part of the state.
func TestFieldsComeAndGo(t *testing.T) {
	w, _ := New(Config{})
	steps(t, w, 120, add(crate(1, 0, 0.5, 0)), add(crate(2, 9, 0.5, 0)))
	if !w.Resting(1) || !w.Resting(2) {
		t.Fatal("still awake")
	}
	h := w.Hash()
	wind := Field{ID: 7, Kind: Wind, Shape: ballShape(3), Vec: v(9, 0, 0), Filter: Filter{Mask: 1}}
	steps(t, w, 30, addField(wind))
	if b := at(t, w, 1); b.Vel.X < 1 || !w.Resting(2) {
		t.Errorf("in the wind: %v", b.Vel)
	}
	steps(t, w, 1, Command{Kind: CmdUnfield, Field: &Field{ID: 7}})
	if steps(t, w, 300); !w.Resting(1) || w.Hash() == h {
		t.Error("does not rest after the wind")
	}
	for _, f := range []Field{
		{ID: 0, Kind: Wind, Shape: ballShape(1)},
		{ID: 1, Kind: 0, Shape: ballShape(1)},
		{ID: 1, Kind: 7, Shape: ballShape(1)},
		{ID: 1, Kind: Wind, Shape: capsuleShape(1, 1)},
		{ID: 1, Kind: Wind, Shape: ballShape(0)},
		{ID: 1, Kind: Wind, Shape: ballShape(1), Vec: v(MaxAcceleration, 1e3, 0)},
		{ID: 1, Kind: Wind, Shape: ballShape(1), Vec: v(float32(math.NaN()), 0, 0)},
		{ID: 1, Kind: Radial, Shape: ballShape(1), Strength: float32(math.Inf(1))},
		{ID: 1, Kind: Drag, Shape: ballShape(1), Strength: -1},
		{ID: 1, Kind: Water, Shape: boxShape(1, 1, 1), Density: 0},
		{ID: 1, Kind: Water, Shape: boxShape(1, 1, 1), Density: 1000, Level: 1e9},
		{ID: 1, Kind: Wind, Shape: ballShape(1), Rot: spatial.Quat{X: 9}},
	} {
		if _, err := w.Step([]Command{addField(f)}, nil); err == nil {
			t.Errorf("accepted: %+v", f)
		}
	}
	steps(t, w, 1, addField(wind))
	if _, err := w.Step([]Command{addField(wind)}, nil); !errors.Is(err, ErrField) {
		t.Errorf("twice: %v", err)
	}
	for _, c := range []Command{{Kind: CmdUnfield, Field: &Field{ID: 99}}, {Kind: CmdField}} {
		if _, err := w.Step([]Command{c}, nil); err == nil {
			t.Errorf("accepted: %+v", c)
		}
	}
	var full []Command
	for i := range MaxFields + 1 {
		f := wind
		f.ID = FieldID(1000 + i)
		full = append(full, addField(f))
	}
	if _, err := w.Step(full, nil); !errors.Is(err, ErrFull) {
		t.Errorf("too many: %v", err)
	}
}

// fieldScene has bodies of every kind in every kind of field.
func fieldScene() scene {
	cmds := append(floaters(), addField(lake(1)))
	for i, k := range []FieldKind{Wind, Radial, Vortex, Drag, Gravity} {
		f := Field{ID: FieldID(9 - i), Kind: k, Shape: ballShape(6), Pos: v(float32(8*i-16), 6, 2), Vec: v(1, 4, -2), Strength: 5}
		if i%2 == 0 {
			f.Shape = boxShape(3, 4, 3)
		}
		cmds = append(cmds, addField(f))
	}
	return scene{"fields", Config{}, 250, map[int][]Command{
		0: cmds, 100: {{Kind: CmdUnfield, Field: &Field{ID: 1}}},
	}}
}

func TestFieldsRestore(t *testing.T) {
	s := fieldScene()
	w, _ := New(s.cfg)
	for i := range s.steps {
		r, err := Restore(s.cfg, w.AppendSnapshot(nil))
		if err != nil {
			t.Fatal(err)
		}
		r.Step(s.at[i], nil)
		w.Step(s.at[i], nil)
		if w.Hash() != r.Hash() {
			t.Fatalf("restored before step %d, it goes another way", i)
		}
	}
}

// TestWalkersAndFieldsAllocateNothing.
func TestWalkersAndFieldsAllocateNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("long under emulation, and TestGolden shows that it is the same there")
	}
	for _, s := range []scene{characterScene(), fieldScene(), surfaceScene()} {
		s.cfg.Sleepless = true
		w := s.play(t, nil)
		ev := make([]Event, 0, 4096)
		for range 200 { // until it has seen its most contacts
			ev, _ = w.Step(nil, ev[:0])
		}
		if n := testing.AllocsPerRun(20, func() { ev, _ = w.Step(nil, ev[:0]) }); n != 0 {
			t.Errorf("%s: %g allocations per step", s.name, n)
		}
	}
}
