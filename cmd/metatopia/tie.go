package main

import (
	"context"
	"fmt"
	"io"

	"github.com/metatopia/metatopia/node/control"
)

type tieCmd struct {
	Thing string  `arg:"" help:"Name or id of a loose thing."`
	Other string  `arg:"" optional:"" help:"Name or id of another; without it, a place of the world."`
	By    string  `help:"What holds them: ball, hinge, slider, fixed or distance." enum:"ball,hinge,slider,fixed,distance" default:"fixed"`
	At    *place  `help:"Where they are held; in the middle of the two, or at the thing." placeholder:"X,Y,Z"`
	Axis  *place  `help:"Axis of a hinge or slider; upright." placeholder:"X,Y,Z"`
	Break float64 `help:"Newtons that end it; it never breaks without." placeholder:"N"`
}

func (tieCmd) Help() string {
	return `Both must be mine and within 4 m of my avatar, or of the region that my node serves.
What is tied together goes over a border together.

Example:
  metatopia tie crate1 crate2
  metatopia tie sign --by hinge --at 3,2.5,0 --axis 1,0,0
  metatopia tie ball post --by distance --break 200`
}

func (c tieCmd) Run(ctx context.Context, e *environment) error {
	req := &control.TieRequest{Thing: c.Thing, Other: c.Other, By: c.By, Break: c.Break}
	if c.At != nil {
		at := control.Point(*c.At)
		req.At = &at
	}
	if c.Axis != nil {
		req.Axis = control.Point(*c.Axis)
	}
	r, err := e.node().Tie(ctx, req)
	if err != nil {
		return err
	}
	return e.show(r, func(w io.Writer) { fmt.Fprintf(w, "tied in %s at tick %d\n", r.Region, r.Tick) })
}

type untieCmd struct {
	Thing string `arg:"" help:"Name or id of a thing."`
	Other string `arg:"" optional:"" help:"Name or id of what it is tied to; without it, everything."`
}

func (untieCmd) Help() string {
	return `Ends what holds a thing: for who may tie it.

Example:
  metatopia untie crate1 crate2
  metatopia untie crate1`
}

func (c untieCmd) Run(ctx context.Context, e *environment) error {
	r, err := e.node().Untie(ctx, &control.UntieRequest{Thing: c.Thing, Other: c.Other})
	if err != nil {
		return err
	}
	return e.show(r, func(w io.Writer) { fmt.Fprintf(w, "untied in %s at tick %d\n", r.Region, r.Tick) })
}
