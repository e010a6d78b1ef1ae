package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/metatopia/metatopia/node/control"
)

type peersCmd struct{}

func (peersCmd) Run(ctx context.Context, e *environment) error {
	res, err := e.node().Peers(ctx)
	if err != nil {
		return err
	}
	return e.show(res, func(w io.Writer) {
		fmt.Fprintln(w, "PEER\tTRANSPORT\tRTT MS\tADDRESS")
		for _, p := range res.Peers {
			fmt.Fprintf(w, "%s\t%s\t%.1f\t%s\n", p.PeerID, p.Transport, p.RTT, p.Addr)
		}
	})
}

type neighboursCmd struct{}

func (neighboursCmd) Help() string {
	return `The near view: the sites and avatars whose space touches mine. RAYS is how many of
the view's directions end at that neighbour.`
}

func (neighboursCmd) Run(ctx context.Context, e *environment) error {
	res, err := e.node().Neighbours(ctx)
	if err != nil {
		return err
	}
	return e.show(res, func(w io.Writer) {
		fmt.Fprintln(w, "KIND\tNAME\tPLACE\tDISTANCE M\tRAYS\tHEARD S AGO\tPEER")
		for _, n := range res.Neighbours {
			neighbourRow(w, n)
		}
	})
}

// neighbourRow is one row, whatever a region says that the neighbour is called.
func neighbourRow(w io.Writer, n control.Neighbour) {
	fmt.Fprintf(w, "%s\t%s\t%s\t%.1f\t%d\t%.1f\t%s\n", oneLine(n.Kind), oneLine(n.Name), at(n.Pos), n.Distance, n.Rays, n.Age, n.PeerID)
}

type walkCmd struct {
	To place `required:"" help:"Where to." placeholder:"X,Y,Z"`
}

func (walkCmd) Help() string {
	return `Starts walking and returns at once; the avatar walks until it is there or
something is in the way.

Example:
  metatopia walk --to 64,0,0`
}

func (c walkCmd) Run(ctx context.Context, e *environment) error {
	to := control.Point(c.To)
	res, err := e.node().Walk(ctx, &control.WalkRequest{To: &to})
	if err != nil {
		return err
	}
	return e.show(res, func(w io.Writer) { fmt.Fprintf(w, "walking to %s, %.1f m\n", at(res.To), res.Distance) })
}

type sayCmd struct {
	Text []string `arg:"" help:"What to say."`
}

func (sayCmd) Help() string {
	return `Heard by the people near my avatar. Returns when the line is in the region's log on
disk.

Example:
  metatopia say hello there`
}

func (c sayCmd) Run(ctx context.Context, e *environment) error {
	res, err := e.node().Say(ctx, &control.SayRequest{Text: strings.Join(c.Text, " ")})
	if err != nil {
		return err
	}
	return e.show(res, func(w io.Writer) { fmt.Fprintf(w, "said in %s at tick %d\n", res.Region, res.Tick) })
}
