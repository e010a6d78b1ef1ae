package shard

import (
	"bytes"
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/spatial"
)

// car is what a body drives on, and how it is steered. It goes with the body:
// a ghost without its wheels would lie on its belly.
type car struct {
	Vehicle physics.Vehicle
	Hands   spatial.Vec // as CmdSteer says
}

// car of a body, or nil.
func (s *Shard) car(b *body) *car {
	v, ok := s.world.Vehicle(b.num)
	if !ok {
		return nil
	}
	return &car{v, s.world.Controls(b.num)}
}

func (c *car) appendTo(e *base.Encoder) {
	e.Bool(c != nil)
	if c != nil {
		c.Vehicle.AppendTo(e)
		c.Hands.AppendTo(e)
	}
}

func readCar(d *base.Decoder) *car {
	if !d.Bool() {
		return nil
	}
	c := &car{physics.ReadVehicle(d), spatial.ReadVec(d)}
	if d.Err() == nil && len(c.Vehicle.Wheels) == 0 {
		d.Fail(fmt.Errorf("a vehicle without wheels"))
	}
	return c
}

// mark is what tells two cars apart.
func (c *car) mark() uint64 {
	var e base.Encoder
	c.appendTo(&e)
	return fold(e.B)
}

// fit puts a body on its wheels.
func (s *Shard) fit(b *body, c *car) {
	old := s.car(b)
	if c == nil {
		if old != nil {
			s.cmds = append(s.cmds, physics.Command{Kind: physics.CmdVehicle, ID: b.num})
		}
		return
	}
	var x, y base.Encoder
	c.Vehicle.AppendTo(&x)
	if old != nil {
		old.Vehicle.AppendTo(&y)
	}
	if !bytes.Equal(x.B, y.B) {
		s.cmds = append(s.cmds, physics.Command{Kind: physics.CmdVehicle, ID: b.num, Vehicle: &c.Vehicle})
	}
	if old == nil || old.Hands != c.Hands {
		s.cmds = append(s.cmds, physics.Command{Kind: physics.CmdSteer, ID: b.num, Vec: c.Hands})
	}
}
