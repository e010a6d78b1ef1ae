package lab

import (
	"testing"

	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/region/shard"
	"github.com/metatopia/metatopia/spatial"
)

// TestCar: a vehicle drives over the border on its wheels and goes on being
// steered there; its ghost drives beside it.
func TestCar(t *testing.T) {
	l := newLab(t, Config{Regions: 2, Lag: 3, Steps: 3, Cold: true})
	hull := physics.Body{Shape: physics.Shape{Kind: physics.Box, Half: at(0.9, 0.35, 2)}, Pos: at(-20, 0.75, 0), Mass: 1200, Friction: 0.4,
		Rot: spatial.Yaw(90)}
	wheel := func(x, z, steers, drives float32) physics.Wheel {
		return physics.Wheel{At: at(x, 0.1, z), Radius: 0.35, Travel: 0.5, Hertz: 1.6, Damping: 0.5, Grip: 1, Side: 1, Steers: steers, Drives: drives, Brakes: 1}
	}
	v := physics.Vehicle{
		Wheels: []physics.Wheel{wheel(0.8, 1.3, 1, 0), wheel(-0.8, 1.3, 1, 0), wheel(0.8, -1.3, 0, 1), wheel(-0.8, -1.3, 0, 1)},
		Engine: 5000, Speed: 40, Brake: 14000, Steer: 0.6, Roll: 0.5,
	}
	if err := l.Add(Name(0), hull, 0); err != nil {
		t.Fatal(err)
	}
	do := func(r *Region, c physics.Command) {
		if err := r.Shard.Do(shard.Input{Kind: shard.InCommand, ID: Name(0), Command: c}); err != nil {
			t.Fatal(err)
		}
	}
	do(l.Regions[0], physics.Command{Kind: physics.CmdVehicle, Vehicle: &v})
	heading := float32(1)
	for k := range 200 {
		if k == 20 {
			d, _ := l.Regions[0].Shard.Body(Name(0))
			if d.Rot.Rotate(at(0, 0, 1)).X < 0 {
				heading = -1
			}
			do(l.Regions[0], physics.Command{Kind: physics.CmdSteer, Vec: at(0, heading, 0)})
		}
		l.Step()
		list, _ := l.States()
		b := list[0].Body
		if b.Pos.Y < 0.4 {
			t.Fatalf("tick %d: it lies at %v, owner %d", k, b.Pos, list[0].Owner)
		}
		for i, r := range l.Regions {
			p, ok := r.Shard.Body(Name(0))
			if !ok || k < 30 {
				continue
			}
			x := p.Pos.X + float32(-32+64*i)
			if d := x - b.Pos.X; d > 0.5 || d < -0.5 || p.Pos.Y < 0.4 {
				t.Fatalf("tick %d: region %d has it %g m off, %g high, owner %d", k, i, d, p.Pos.Y, list[0].Owner)
			}
		}
	}
	if _, ok := l.Regions[1].Shard.Owns(Name(0)); !ok {
		list, _ := l.States()
		t.Fatalf("it did not arrive: %v", list[0].Body.Pos)
	}
	do(l.Regions[1], physics.Command{Kind: physics.CmdSteer, Vec: at(0, 0, 1)})
	for range 120 {
		l.Step()
	}
	if p, _ := l.Regions[1].Shard.Body(Name(0)); p.Vel.Len() > 0.5 {
		t.Errorf("it does not brake for its new owner: %v", p.Vel)
	}
}
