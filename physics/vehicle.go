package physics

import (
	"fmt"

	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

// Wheel is one wheel of a vehicle: a ray down from the body, a spring along it
// and the grip of a tyre where it meets something. It has no mass of its own.
type Wheel struct {
	At      spatial.Vec // top of the suspension, from the body's centre in its axes, m
	Radius  float32     // m
	Travel  float32     // how far the wheel's centre hangs below At when free, m
	Hertz   float32     // of the spring under the wheel's share of the body
	Damping float32     // share of critical damping
	Grip    float32     // coefficient of friction along the wheel
	Side    float32     // and across
	Steers  float32     // share of the steering: 1 at the front, 0 or less at the back
	Drives  float32     // share of the engine
	Brakes  float32     // share of the brakes
}

// Vehicle stands on wheels. It is a part of a body, whose Y is up and whose Z
// is ahead; the body is its hull.
type Vehicle struct {
	Wheels []Wheel // at most MaxWheels; the 1st and 2nd, 3rd and 4th and so on are a pair
	Engine float32 // N at full throttle, standing still, over all shares
	Speed  float32 // m/s at which the engine gives nothing more
	Brake  float32 // N at full brake, over all shares
	Steer  float32 // rad at full lock
	Roll   float32 // anti-roll bar, as a share of the springs: what one wheel of a pair gives more than the other
}

// WheelState is where a wheel is after the last step.
type WheelState struct {
	On     BodyID      // what it stands on; Ground also for nothing
	Stands bool        // on anything
	Length float32     // of the suspension, 0 to Travel, m
	Steer  float32     // rad about the body's Y; positive to its X
	Spin   float32     // rad/s; positive ahead
	Slip   float32     // how fast the tyre slides over what it stands on, m/s
	Load   float32     // N along the normal, of the last substep
	Centre spatial.Vec // of the wheel, m
}

func (v *Vehicle) check() error {
	if len(v.Wheels) < 1 || len(v.Wheels) > MaxWheels {
		return fmt.Errorf("%w: %d wheels", ErrValue, len(v.Wheels))
	}
	if !span(v.Engine, 0, MaxForce) || !span(v.Speed, 0.1, MaxSpeed) || !span(v.Brake, 0, MaxForce) ||
		!span(v.Steer, 0, 1.5) || !span(v.Roll, 0, 10) {
		return fmt.Errorf("%w: vehicle", ErrValue)
	}
	for i := range v.Wheels {
		w := &v.Wheels[i]
		if !w.At.Finite() || !within(det.Vec(w.At), MaxExtent) || !span(w.Radius, MinExtent, MaxExtent) ||
			!span(w.Travel, MinExtent, MaxExtent) || !span(w.Hertz, 0.1, MaxHertz) || !span(w.Damping, 0, MaxDamping) ||
			!span(w.Grip, 0, MaxFriction) || !span(w.Side, 0, MaxFriction) ||
			!span(w.Steers, -1, 1) || !span(w.Drives, 0, 1) || !span(w.Brakes, 0, 1) {
			return fmt.Errorf("%w: wheel %d", ErrValue, i)
		}
	}
	return nil
}

// span is false for a NaN.
func span(x, lo, hi float32) bool { return x >= lo && x <= hi }

// vehicle is a Vehicle with the rest of its state.
type vehicle struct {
	body BodyID
	Vehicle
	own [MaxWheels]Wheel // Vehicle.Wheels, which is nil, but counted

	count int

	steer, throttle, brake float32 // -1 to 1, -1 to 1, 0 to 1

	state [MaxWheels]wheel
}

// wheel is what a step keeps of a wheel for the next.
type wheel struct {
	on     BodyID
	stands bool
	length float32
	spin   float32
	slip   float32
	load   float32 // N·s per substep along the normal
	bump   float32 // of that, by the stop at the end of the spring
	along  float32 // N·s
	across float32
}

// adopt takes over v; what its wheels remember stays where there was one.
func (c *vehicle) adopt(v *Vehicle) {
	c.Vehicle = *v
	c.Wheels = nil
	c.count = copy(c.own[:], v.Wheels)
	for i := range c.count {
		c.state[i].length = min(c.state[i].length, c.own[i].Travel)
	}
	for i := c.count; i < MaxWheels; i++ {
		c.own[i], c.state[i] = Wheel{}, wheel{}
	}
}
