package physics

import (
	"encoding/binary"
	"errors"
	"math"
	"reflect"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

// car is a body of 1200 kg, and what it drives on: four wheels, 2.6 m from axle
// to axle, driven at the back.
func car(id BodyID, x, z float32) (Body, Vehicle) {
	hull := Body{ID: id, Shape: boxShape(0.9, 0.35, 2), Pos: v(x, 0.75, z), Mass: 1200, Friction: 0.4}
	wheel := func(x, z, steers, drives float32) Wheel {
		return Wheel{
			At: v(x, 0.1, z), Radius: 0.35, Travel: 0.5, Hertz: 1.6, Damping: 0.5, Grip: 1, Side: 1,
			Steers: steers, Drives: drives, Brakes: 1,
		}
	}
	return hull, Vehicle{
		Wheels: []Wheel{wheel(0.8, 1.3, 1, 0), wheel(-0.8, 1.3, 1, 0), wheel(0.8, -1.3, 0, 1), wheel(-0.8, -1.3, 0, 1)},
		Engine: 5000, Speed: 40, Brake: 14000, Steer: 0.6, Roll: 0.5,
	}
}

func wheels(id BodyID, c Vehicle) Command { return Command{Kind: CmdVehicle, ID: id, Vehicle: &c} }

func controls(id BodyID, steer, throttle, brake float32) Command {
	return Command{Kind: CmdSteer, ID: id, Vec: v(steer, throttle, brake)}
}

// road is a world with a car that has settled, and more bodies.
func road(t *testing.T, change func(*Vehicle), more ...Body) *World {
	t.Helper()
	hull, c := car(1, 0, 0)
	if change != nil {
		change(&c)
	}
	w := world(t, Config{}, append([]Body{hull}, more...))
	steps(t, w, 180, wheels(1, c))
	return w
}

func upright(t *testing.T, w *World, id BodyID) float32 {
	t.Helper()
	return at(t, w, id).Rot.Rotate(v(0, 1, 0)).Y
}

// TestParked: a car settles on its springs, sleeps, bears its own weight and
// does not creep.
func TestParked(t *testing.T) {
	w := road(t, nil)
	b := at(t, w, 1)
	if !w.Resting(1) || upright(t, w, 1) < 0.9999 || det.Abs(b.Pos.X)+det.Abs(b.Pos.Z) > 0.01 {
		t.Errorf("at %v, resting %v", b.Pos, w.Resting(1))
	}
	// The springs give by g/ω².
	omega := 2 * det.Pi * 1.6
	nearly(t, "height", b.Pos.Y, 0.35+0.5-0.1-9.81/(omega*omega), 0.003)
	load := float32(0)
	list := w.Wheels(1, nil)
	for _, s := range list {
		load += s.Load
		if !s.Stands || s.On != Ground || det.Abs(s.Centre.Y-0.35) > 0.003 {
			t.Errorf("wheel %+v", s)
		}
	}
	nearly(t, "load", load, 1200*9.81, 50)
	if len(list) != 4 {
		t.Errorf("%d wheels", len(list))
	}
}

// TestDrivesAndBrakes: straight on, as fast as the engine says, and to a stand
// within what the grip allows.
func TestDrivesAndBrakes(t *testing.T) {
	w := road(t, nil)
	steps(t, w, 120, controls(1, 0, 1, 0))
	b := at(t, w, 1)
	// m·v' = F·(1 - v/V), less the drag of the tyres.
	want := 40 * (1 - math.Exp(-5000.0/1200/40*2))
	nearly(t, "speed after two seconds", b.Vel.Z, float32(want)-2*0.015*9.81, 0.3)
	nearly(t, "sideways", b.Pos.X, 0, 0.01)
	steps(t, w, 480)
	b = at(t, w, 1)
	z, speed := b.Pos.Z, b.Vel.Z
	steps(t, w, 240, controls(1, 0, 0, 1))
	b = at(t, w, 1)
	nearly(t, "speed", b.Vel.Z, 0, 0.01)
	if way, ideal := b.Pos.Z-z, speed*speed/(2*9.81); way < ideal || way > 1.35*ideal {
		t.Errorf("braked within %g m from %g m/s; a grip of 1 needs %g", way, speed, ideal)
	}
	steps(t, w, 120, controls(1, 0, 0, 0))
	if !w.Resting(1) || upright(t, w, 1) < 0.999 {
		t.Errorf("does not rest: %v %v", at(t, w, 1).Vel, at(t, w, 1).Spin)
	}
	steps(t, w, 120, controls(1, 0, -1, 0))
	if b := at(t, w, 1); b.Vel.Z > -4 {
		t.Errorf("backwards at %v", b.Vel)
	}
}

// TestTurns: slowly, on the circle that axles and lock make, to the side that
// was asked for.
func TestTurns(t *testing.T) {
	for _, lock := range []float32{1, -1} {
		w := road(t, nil)
		steps(t, w, 40, controls(1, 0, 0.4, 0))
		steps(t, w, 60, controls(1, lock, 0.1, 0))
		sum, n := float32(0), 0
		for range 240 {
			steps(t, w, 1)
			b := at(t, w, 1)
			sum += det.Vec{X: b.Vel.X, Z: b.Vel.Z}.Len() / b.Spin.Y
			n++
		}
		radius := lock * sum / float32(n)
		// About the middle: half the wheelbase off the circle of the back axle.
		back := 2.6 / math.Tan(0.6)
		nearly(t, "radius", radius, float32(math.Hypot(back, 1.3)), 0.5)
		if upright(t, w, 1) < 0.99 {
			t.Error("leans")
		}
	}
}

// TestFastTurn: at speed it slides before it turns over, and leans less with a
// roll bar.
func TestFastTurn(t *testing.T) {
	lean := map[float32]float32{}
	for _, roll := range []float32{0, 1} {
		w := road(t, func(c *Vehicle) { c.Roll = roll })
		steps(t, w, 300, controls(1, 0, 1, 0))
		steps(t, w, 1, controls(1, 0.35, 0.3, 0))
		least := float32(1)
		slid := false
		for range 120 {
			steps(t, w, 1)
			least = min(least, upright(t, w, 1))
			for _, s := range w.Wheels(1, nil) {
				slid = slid || s.Slip > 0.5
			}
		}
		if least < 0.9 || !slid {
			t.Errorf("roll bar %g: leans to %g, slid %v", roll, least, slid)
		}
		lean[roll] = float32(math.Acos(float64(least)))
	}
	t.Logf("leans by %.3f rad, with a roll bar by %.3f", lean[0], lean[1])
	if lean[1] > 0.8*lean[0] {
		t.Errorf("the roll bar does nothing: %v", lean)
	}
}

// ramp of a slope leads up along +Z from z.
func ramp(id BodyID, z, slope float32) Body {
	q := det.AxisAngle(det.Vec{X: 1}, -slope)
	top := q.Rotate(det.Vec{Y: 0.5}).Add(q.Rotate(det.Vec{Z: -15}))
	return Body{
		ID: id, Shape: boxShape(3, 0.5, 15), Flags: Static, Friction: 1, Rot: spatial.Quat(q),
		Pos: v(0, -top.Y-0.02, z-top.Z),
	}
}

// TestRamp: it climbs twenty degrees, and stays there with the brake on.
func TestRamp(t *testing.T) {
	w := road(t, nil, ramp(2, 4, 0.35))
	steps(t, w, 200, controls(1, 0, 1, 0))
	b := at(t, w, 1)
	if b.Pos.Y < 2.5 {
		t.Fatalf("at %v", b.Pos)
	}
	steps(t, w, 300, controls(1, 0, 0, 1))
	b = at(t, w, 1)
	if !w.Resting(1) || b.Pos.Y < 2.5 {
		t.Errorf("parked at %v, moves at %v %v", b.Pos, b.Vel, b.Spin)
	}
	steps(t, w, 300)
	if now := at(t, w, 1); now.Pos != b.Pos {
		t.Errorf("crept from %v to %v", b.Pos, now.Pos)
	}
	steps(t, w, 120, controls(1, 0, 0, 0))
	if now := at(t, w, 1); now.Pos.Z > b.Pos.Z-1 {
		t.Errorf("without the brake it stays at %v", now.Pos)
	}
}

// TestIce: where there is no grip, wheels spin and hardly push.
func TestIce(t *testing.T) {
	ice := Body{ID: 2, Shape: boxShape(20, 0.05, 20), Flags: Static, Pos: v(0, 0.05, 0), Friction: 0.01}
	w := road(t, nil, ice)
	steps(t, w, 120, controls(1, 0, 1, 0))
	b := at(t, w, 1)
	if b.Vel.Z > 1.3 || b.Vel.Z < 0.3 {
		t.Errorf("goes at %v", b.Vel)
	}
	if s := w.Wheels(1, nil)[3]; s.Slip < 5 || s.Spin < 20 || s.On != 2 {
		t.Errorf("wheel %+v", s)
	}
	if s := w.Wheels(1, nil)[0]; s.Slip > 0.5 {
		t.Errorf("a wheel that is not driven: %+v", s)
	}
}

// TestRaft: what a car pushes off from is pushed back as much.
func TestRaft(t *testing.T) {
	raft := Body{ID: 2, Shape: boxShape(3, 0.2, 8), Pos: v(0, 3, 0), Mass: 3000, Friction: 1}
	hull, c := car(1, 0, 0)
	hull.Pos.Y += 3.2
	w := world(t, Config{}, []Body{hull, raft}, hang(1, SliderJoint, Body{}, raft, raft.Pos, v(0, 0, 1)))
	steps(t, w, 180, wheels(1, c))
	for range 60 {
		steps(t, w, 1, controls(1, 0, 0.5, 0))
	}
	a, b := at(t, w, 1), at(t, w, 2)
	if a.Vel.Z < 1 || b.Vel.Z > -0.4 {
		t.Errorf("car at %v, raft at %v", a.Vel, b.Vel)
	}
	nearly(t, "momentum", 1200*a.Vel.Z+3000*b.Vel.Z, 0, 20)
	for i := 0; !w.Resting(1) && i < 900; i++ {
		steps(t, w, 1, controls(1, 0, 0, 1))
	}
	if w.Resting(1) != w.Resting(2) {
		t.Error("car and raft do not sleep together")
	}
	w.Step([]Command{{Kind: CmdRemove, ID: 2}}, nil)
	steps(t, w, 60)
	if b := at(t, w, 1); b.Pos.Y > 1 {
		t.Errorf("hangs in the air at %v", b.Pos)
	}
}

// TestKerbs: over kerbs and off a table without falling over, and the body does
// not sink to the ground.
func TestKerbs(t *testing.T) {
	var bodies []Body
	for i := range 6 {
		bodies = append(bodies, Body{
			ID: BodyID(10 + i), Shape: boxShape(2, 0.05, 0.3), Flags: Static, Pos: v(float32(i%2)*1.5-0.75, 0.05, 6+4*float32(i)), Friction: 0.8,
		})
	}
	w := road(t, nil, bodies...)
	steps(t, w, 1, controls(1, 0, 0.5, 0))
	for range 360 {
		steps(t, w, 1)
		if b := at(t, w, 1); b.Pos.Y < 0.4 || upright(t, w, 1) < 0.95 {
			t.Fatalf("at %v, up %g", b.Pos, upright(t, w, 1))
		}
	}
	if b := at(t, w, 1); b.Pos.Z < 30 {
		t.Errorf("only got to %v", b.Pos)
	}
}

// TestRefusedVehicles: each bad one is refused and changes nothing.
func TestRefusedVehicles(t *testing.T) {
	nan := float32(math.NaN())
	post := Body{ID: 2, Shape: boxShape(1, 1, 1), Flags: Static, Pos: v(9, 1, 0)}
	w := road(t, nil, post, avatar(3, 20, 0))
	before := w.Hash()
	_, good := car(1, 0, 0)
	for i, change := range []func(*Vehicle){
		func(c *Vehicle) { c.Wheels = nil },
		func(c *Vehicle) { c.Wheels = make([]Wheel, MaxWheels+1) },
		func(c *Vehicle) { c.Engine = nan },
		func(c *Vehicle) { c.Speed = 0 },
		func(c *Vehicle) { c.Steer = 3 },
		func(c *Vehicle) { c.Wheels[1].Radius = 0 },
		func(c *Vehicle) { c.Wheels[1].At.X = nan },
		func(c *Vehicle) { c.Wheels[1].Hertz = nan },
		func(c *Vehicle) { c.Wheels[1].Grip = -1 },
		func(c *Vehicle) { c.Wheels[1].Drives = 2 },
	} {
		_, c := car(1, 0, 0)
		change(&c)
		if err := w.apply([]Command{wheels(1, c)}); !errors.Is(err, ErrValue) {
			t.Errorf("%d: %v", i, err)
		}
	}
	for _, tt := range []struct {
		c    Command
		want error
	}{
		{wheels(9, good), ErrID}, {wheels(2, good), ErrStatic}, {wheels(3, good), ErrStatic},
		{controls(2, 0, 0, 0), ErrVehicle}, {controls(1, 2, 0, 0), ErrValue}, {controls(1, 0, nan, 0), ErrValue},
		{controls(1, 0, 0, -1), ErrValue}, {Command{Kind: CmdVehicle, ID: 3}, ErrVehicle},
	} {
		if err := w.apply([]Command{tt.c}); !errors.Is(err, tt.want) {
			t.Errorf("%+v: %v, want %v", tt.c, err, tt.want)
		}
	}
	if w.Hash() != before {
		t.Error("changed")
	}
	if got, ok := w.Vehicle(1); !ok || len(got.Wheels) != 4 || got.Wheels[2] != good.Wheels[2] || got.Engine != good.Engine {
		t.Errorf("%+v", got)
	}
	steps(t, w, 60, Command{Kind: CmdVehicle, ID: 1})
	if b := at(t, w, 1); b.Pos.Y > 0.4 || w.Wheels(1, nil) != nil {
		t.Errorf("without wheels at %v", b.Pos)
	}
}

// carScene is two cars, a ramp, a raft of crates and one that loses its wheels.
func carScene() scene {
	a, c := car(5, 0, 0)
	b, d := car(3, 5, 2)
	d.Wheels = append(d.Wheels, d.Wheels[2:]...)
	for i := range d.Wheels {
		d.Wheels[i].Grip, d.Wheels[i].At.Z = 0.6, d.Wheels[i].At.Z-0.4*float32(i/4)
	}
	return scene{"cars", Config{}, 300, map[int][]Command{
		0: {
			add(a), add(b), add(ramp(9, 6, 0.25)), add(crate(20, 5, 0.5, 9)), add(crate(21, 5.5, 1.5, 9)), wheels(5, c), wheels(3, d),
		},
		60:  {controls(5, 0.1, 1, 0), controls(3, -0.2, 1, 0)},
		180: {controls(5, -1, 0.2, 0.3), controls(3, 1, 0, 1)},
		240: {{Kind: CmdVehicle, ID: 3}, controls(5, 0, -1, 0)},
	}}
}

func TestVehiclesAllocateNothing(t *testing.T) {
	s := carScene()
	s.steps = 120
	w := s.play(t, nil)
	ev := make([]Event, 0, 1024)
	if n := testing.AllocsPerRun(20, func() { ev, _ = w.Step(nil, ev[:0]) }); n != 0 {
		t.Errorf("%g allocations per step", n)
	}
}

// FuzzVehicle: a vehicle of any bytes is refused or lives, and what it leaves can
// be restored.
func FuzzVehicle(f *testing.F) {
	for _, drives := range []float32{1, 1e-41} {
		_, c := car(1, 0, 0)
		var e base.Encoder
		for _, x := range []float32{c.Engine, c.Speed, c.Brake, c.Steer, c.Roll, 0.5, 1, 0} {
			e.F32(x)
		}
		for i := range c.Wheels {
			c.Wheels[i].Drives *= drives
			c.Wheels[i].appendTo(&e)
		}
		f.Add(e.B)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var x []float32
		for ; len(b) >= 4 && len(x) < 8+12*(MaxWheels+1); b = b[4:] {
			x = append(x, math.Float32frombits(binary.LittleEndian.Uint32(b)))
		}
		if len(x) < 8 {
			return
		}
		c := Vehicle{Engine: x[0], Speed: x[1], Brake: x[2], Steer: x[3], Roll: x[4]}
		for y := x[8:]; len(y) >= 12; y = y[12:] {
			c.Wheels = append(c.Wheels, Wheel{v(y[0], y[1], y[2]), y[3], y[4], y[5], y[6], y[7], y[8], y[9], y[10], y[11]})
		}
		hull, _ := car(1, 0, 0)
		w := world(t, Config{MaxBodies: 8}, []Body{hull, crate(2, 0, 0.5, 3)})
		w.Step([]Command{wheels(1, c), controls(1, x[5], x[6], x[7])}, nil)
		for range 4 {
			w.Step(nil, nil)
		}
		if b, _ := w.Body(1); b.Flags&Out != 0 {
			t.Fatalf("%+v: the state was not finite", c)
		}
		r, err := Restore(w.cfg, w.AppendSnapshot(nil))
		if err != nil {
			t.Fatalf("%+v: %v", c, err)
		}
		w.Step(nil, nil)
		r.Step(nil, nil)
		if r.Hash() != w.Hash() {
			t.Fatalf("%+v: restored, goes on otherwise", c)
		}
	})
}

// TestVehicleCodec: what is read is what was written.
func TestVehicleCodec(t *testing.T) {
	_, c := car(1, 0, 0)
	var e base.Encoder
	c.AppendTo(&e)
	d := base.NewDecoder(e.B)
	got := ReadVehicle(d)
	if err := d.Done(); err != nil || !reflect.DeepEqual(got, c) {
		t.Errorf("%+v became %+v: %v", c, got, err)
	}
	e.B[20] = MaxWheels + 1
	d = base.NewDecoder(e.B)
	if ReadVehicle(d); !errors.Is(d.Err(), base.ErrBound) {
		t.Errorf("too many wheels: %v", d.Err())
	}
}
