package physics

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

// ErrVehicle: a body that is no vehicle.
var ErrVehicle = fmt.Errorf("%w: not a vehicle", ErrKind)

func (w *World) findVehicle(body BodyID) (int, bool) {
	return slices.BinarySearchFunc(w.vehicles, body, func(c vehicle, id BodyID) int { return cmp.Compare(c.body, id) })
}

// setVehicle carries out CmdVehicle.
func (w *World) setVehicle(s *solid, v *Vehicle) error {
	i, ok := w.findVehicle(s.ID)
	if v == nil {
		if !ok {
			return ErrVehicle
		}
		w.vehicles = slices.Delete(w.vehicles, i, i+1)
		w.wake(s)
		return nil
	}
	if s.fixed() || s.upright() {
		return ErrStatic
	}
	if err := v.check(); err != nil {
		return err
	}
	if !ok {
		w.vehicles = slices.Insert(w.vehicles, i, vehicle{body: s.ID})
	}
	w.vehicles[i].adopt(v)
	w.wake(s)
	return nil
}

// steer carries out CmdSteer.
func (w *World) steer(s *solid, v spatial.Vec) error {
	i, ok := w.findVehicle(s.ID)
	if !ok {
		return ErrVehicle
	}
	if !span(v.X, -1, 1) || !span(v.Y, -1, 1) || !span(v.Z, 0, 1) {
		return fmt.Errorf("%w: controls %g,%g,%g", ErrValue, v.X, v.Y, v.Z)
	}
	c := &w.vehicles[i]
	if c.steer != v.X || c.throttle != v.Y || c.brake != v.Z {
		c.steer, c.throttle, c.brake = v.X, v.Y, v.Z
		w.wake(s)
	}
	return nil
}

// Vehicle is what CmdVehicle made of a body.
func (w *World) Vehicle(body BodyID) (Vehicle, bool) {
	i, ok := w.findVehicle(body)
	if !ok {
		return Vehicle{}, false
	}
	c := &w.vehicles[i]
	v := c.Vehicle
	v.Wheels = slices.Clone(c.own[:c.count])
	return v, true
}

// Controls is what CmdSteer last said to a vehicle: steering, throttle, brake.
func (w *World) Controls(body BodyID) spatial.Vec {
	i, ok := w.findVehicle(body)
	if !ok {
		return spatial.Vec{}
	}
	c := &w.vehicles[i]
	return spatial.Vec{X: c.steer, Y: c.throttle, Z: c.brake}
}

// Wheels appends where the wheels of a vehicle are.
func (w *World) Wheels(body BodyID, out []WheelState) []WheelState {
	i, ok := w.findVehicle(body)
	j, there := w.find(body)
	if !ok || !there {
		return out
	}
	c, s := &w.vehicles[i], &w.solids[j]
	turn := det.Quat(s.Rot)
	for k := range c.count {
		m, at := &c.state[k], det.Vec(c.own[k].At)
		at.Y -= m.length
		out = append(out, WheelState{
			On: m.on, Stands: m.stands, Length: m.length, Steer: c.angle(k), Spin: m.spin, Slip: m.slip,
			Load:   m.load * float32(w.cfg.Substeps) / w.cfg.Dt,
			Centre: spatial.Vec(s.pos().Add(turn.Rotate(at))),
		})
	}
	return out
}

// angle of wheel k about the body's Y. Where there are wheels that are not
// steered, the wheel stands across the line to the point that the vehicle turns
// about, on the line of those (Ackermann): the inner one turns more.
func (c *vehicle) angle(k int) float32 {
	r := &c.own[k]
	a := float32(float32(c.steer*c.Steer) * r.Steers)
	fixed, behind := float32(0), float32(0)
	for i := range c.count {
		if c.own[i].Steers == 0 {
			fixed, behind = fixed+1, behind+c.own[i].At.Z
		}
	}
	if fixed == 0 || det.Abs(a) < 1e-4 {
		return a
	}
	base := r.At.Z - behind/fixed
	if float32(base*r.Steers) <= 0 {
		return a
	}
	// The turning point is at x = way to the side, seen from between the wheels.
	way := float32(base*det.Cos(a)) / det.Sin(a)
	if way > 0 {
		return det.Atan2(base, way-r.At.X)
	}
	return -det.Atan2(base, r.At.X-way)
}

// leave takes a body that goes from under wheels and off its own.
func (w *World) leave(id BodyID) {
	if i, ok := w.findVehicle(id); ok {
		w.vehicles = slices.Delete(w.vehicles, i, i+1)
	}
	w.wakeWheels(id)
	for i := range w.vehicles {
		c := &w.vehicles[i]
		for k := range c.count {
			if m := &c.state[k]; m.on == id {
				*m = wheel{length: m.length, spin: m.spin}
			}
		}
	}
}

// wakeWheels wakes the vehicles that stand on a body.
func (w *World) wakeWheels(id BodyID) {
	for i := range w.vehicles {
		c := &w.vehicles[i]
		for k := range c.count {
			if c.state[k].stands && c.state[k].on == id {
				if j, ok := w.find(c.body); ok {
					w.wake(&w.solids[j])
				}
			}
		}
	}
}

// uniteWheels makes one island of a vehicle and what it stands on.
func (w *World) uniteWheels() {
	for i := range w.vehicles {
		c := &w.vehicles[i]
		b, ok := w.find(c.body)
		if !ok {
			continue
		}
		for k := range c.count {
			if c.state[k].on == Ground {
				continue
			}
			if j, ok := w.find(c.state[k].on); ok {
				w.unite(int32(b), int32(j))
			}
		}
	}
}
