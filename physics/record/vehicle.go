package record

import (
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
)

// wheelBytes is the size of a wheel.
const wheelBytes = 12 + 9*4

// appendVehicle writes f32 engine, speed, brake, steer, roll, u8 wheels and for
// each vec at, f32 radius, travel, hertz, damping, grip, side, steers, drives,
// brakes. Of too many wheels one too many is kept: enough to be refused again.
func appendVehicle(e *base.Encoder, v *physics.Vehicle) {
	for _, x := range [...]float32{v.Engine, v.Speed, v.Brake, v.Steer, v.Roll} {
		appendFloat(e, x)
	}
	list := v.Wheels[:min(len(v.Wheels), physics.MaxWheels+1)]
	e.U8(uint8(len(list)))
	for i := range list {
		r := &list[i]
		appendVec(e, r.At)
		for _, x := range [...]float32{r.Radius, r.Travel, r.Hertz, r.Damping, r.Grip, r.Side, r.Steers, r.Drives, r.Brakes} {
			appendFloat(e, x)
		}
	}
}

func readVehicle(d *base.Decoder) *physics.Vehicle {
	v := physics.Vehicle{Engine: readFloat(d), Speed: readFloat(d), Brake: readFloat(d), Steer: readFloat(d), Roll: readFloat(d)}
	n := int(d.U8())
	if d.Err() == nil && (n > physics.MaxWheels+1 || n*wheelBytes > d.Len()) {
		d.Fail(base.ErrBound)
	}
	for i := 0; i < n && d.Err() == nil; i++ {
		v.Wheels = append(v.Wheels, physics.Wheel{
			At: readVec(d), Radius: readFloat(d), Travel: readFloat(d), Hertz: readFloat(d), Damping: readFloat(d),
			Grip: readFloat(d), Side: readFloat(d), Steers: readFloat(d), Drives: readFloat(d), Brakes: readFloat(d),
		})
	}
	return &v
}
