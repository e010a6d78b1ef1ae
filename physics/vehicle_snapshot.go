package physics

import (
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
)

const (
	vehicleBytes = 8 + 1 + 8*4 + oneWheel
	oneWheel     = 12 + 9*4 + 8 + 1 + 7*4
)

// appendVehicles writes
//
//	u32 n    vehicles in the order of their bodies:
//	         u64 body, f32 engine, f32 speed, f32 brake, f32 steer, f32 roll,
//	         f32 steering, f32 throttle, f32 braking, u8 wheels (1 to 8),
//	         wheels × (vec at, f32 radius, f32 travel, f32 hertz, f32 damping,
//	         f32 grip, f32 side, f32 steers, f32 drives, f32 brakes,
//	         u64 on, bool stands, f32 length, f32 spin, f32 slip,
//	         f32 load, f32 bump, f32 along, f32 across)
func (w *World) appendVehicles(e *base.Encoder) {
	e.U32(uint32(len(w.vehicles)))
	for i := range w.vehicles {
		c := &w.vehicles[i]
		e.U64(uint64(c.body))
		for _, x := range [8]float32{c.Engine, c.Speed, c.Brake, c.Steer, c.Roll, c.steer, c.throttle, c.brake} {
			e.F32(x)
		}
		e.U8(uint8(c.count))
		for k := range c.count {
			c.own[k].appendTo(e)
			c.state[k].appendTo(e)
		}
	}
}

// AppendTo writes v: f32 engine, speed, brake, steer, roll, u8 wheels and the
// wheels as in a snapshot, at most MaxWheels.
func (v *Vehicle) AppendTo(e *base.Encoder) {
	for _, x := range [5]float32{v.Engine, v.Speed, v.Brake, v.Steer, v.Roll} {
		e.F32(x)
	}
	list := v.Wheels[:min(len(v.Wheels), MaxWheels)]
	e.U8(uint8(len(list)))
	for i := range list {
		list[i].appendTo(e)
	}
}

// ReadVehicle reads what AppendTo wrote. Only CmdVehicle checks the values,
// besides that floats are finite.
func ReadVehicle(d *base.Decoder) (v Vehicle) {
	for _, x := range [5]*float32{&v.Engine, &v.Speed, &v.Brake, &v.Steer, &v.Roll} {
		*x = d.F32()
	}
	n := int(d.U8())
	if n > MaxWheels {
		d.Fail(fmt.Errorf("%w: %d wheels", base.ErrBound, n))
	}
	for i := 0; i < n && d.Err() == nil; i++ {
		v.Wheels = append(v.Wheels, readWheel(d))
	}
	return v
}

func (r *Wheel) appendTo(e *base.Encoder) {
	r.At.AppendTo(e)
	for _, x := range [9]float32{r.Radius, r.Travel, r.Hertz, r.Damping, r.Grip, r.Side, r.Steers, r.Drives, r.Brakes} {
		e.F32(x)
	}
}

func readWheel(d *base.Decoder) (r Wheel) {
	r.At = spatial.ReadVec(d)
	for _, x := range [9]*float32{&r.Radius, &r.Travel, &r.Hertz, &r.Damping, &r.Grip, &r.Side, &r.Steers, &r.Drives, &r.Brakes} {
		*x = d.F32()
	}
	return r
}

func (m *wheel) appendTo(e *base.Encoder) {
	e.U64(uint64(m.on))
	e.Bool(m.stands)
	for _, x := range [7]float32{m.length, m.spin, m.slip, m.load, m.bump, m.along, m.across} {
		e.F32(x)
	}
}

func readWheelState(d *base.Decoder) (m wheel) {
	m.on, m.stands = BodyID(d.U64()), d.Bool()
	for _, x := range [7]*float32{&m.length, &m.spin, &m.slip, &m.load, &m.bump, &m.along, &m.across} {
		*x = d.F32()
	}
	return m
}

// readVehicles needs the bodies.
func (w *World) readVehicles(d *base.Decoder) {
	n := d.Count(len(w.solids), vehicleBytes)
	w.vehicles = make([]vehicle, 0, n)
	for i := 0; i < n && d.Err() == nil; i++ {
		c := w.readVehicle(d)
		if d.Err() == nil && i > 0 && w.vehicles[i-1].body >= c.body {
			d.Fail(fmt.Errorf("%w: vehicles out of order", ErrCanonical))
		}
		w.vehicles = append(w.vehicles, c)
	}
}

func (w *World) readVehicle(d *base.Decoder) (c vehicle) {
	c.body = BodyID(d.U64())
	for _, x := range [8]*float32{&c.Engine, &c.Speed, &c.Brake, &c.Steer, &c.Roll, &c.steer, &c.throttle, &c.brake} {
		*x = d.F32()
	}
	c.count = int(d.U8())
	if d.Err() != nil {
		return c
	}
	if c.count < 1 || c.count > MaxWheels {
		d.Fail(fmt.Errorf("%w: %d wheels", base.ErrBound, c.count))
		return c
	}
	ok := true
	for k := range c.count {
		c.own[k] = readWheel(d)
		c.state[k] = readWheelState(d)
		ok = ok && w.possibleWheel(&c, k)
	}
	if d.Err() != nil {
		return c
	}
	v := c.Vehicle
	v.Wheels = slices.Clone(c.own[:c.count])
	if err := v.check(); err != nil {
		d.Fail(err)
	}
	i, there := w.find(c.body)
	if !there || w.solids[i].fixed() || w.solids[i].upright() {
		d.Fail(fmt.Errorf("%w: vehicle %d", ErrID, c.body))
	}
	if !ok || !span(c.steer, -1, 1) || !span(c.throttle, -1, 1) || !span(c.brake, 0, 1) {
		d.Fail(fmt.Errorf("%w: vehicle %d", ErrValue, c.body))
	}
	return c
}

// possibleWheel reports whether a step could leave the state of wheel k.
func (w *World) possibleWheel(c *vehicle, k int) bool {
	m := &c.state[k]
	if m.on != Ground {
		if _, there := w.find(m.on); !there || m.on == c.body {
			return false
		}
	}
	if !m.stands && (m.on != Ground || m.slip != 0 || m.load != 0 || m.bump != 0 || m.along != 0 || m.across != 0) {
		return false
	}
	return span(m.length, 0, c.own[k].Travel) && span(m.spin, -maxMemory, maxMemory) && span(m.slip, 0, maxMemory) &&
		span(m.load, 0, MaxImpulse) && span(m.bump, 0, MaxImpulse) &&
		span(m.along, -maxMemory, maxMemory) && span(m.across, -maxMemory, maxMemory)
}
