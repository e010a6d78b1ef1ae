package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/metatopia/metatopia/node/control"
)

// kept is what pin and unpin name.
type kept struct {
	CID    string `arg:"" optional:"" name:"cid" help:"CID of the lump."`
	Region string `help:"A region, by name or id." placeholder:"REGION"`
	World  bool   `help:"Every region of the world."`
}

func (k *kept) check(command string) error {
	n := 0
	for _, set := range []bool{k.CID != "", k.Region != "", k.World} {
		if set {
			n++
		}
	}
	if n != 1 {
		return usagef("see `metatopia "+command+" --help`", "%s: name one of CID, --region and --world", command)
	}
	return nil
}

type lumpPinCmd struct {
	kept  `embed:""`
	Quota string `help:"What all kept regions of others may take, as 500M or 20G (4G at first)." placeholder:"SIZE"`
}

func (lumpPinCmd) Help() string {
	return `A lump is fetched and stays until it is unpinned.

A region is followed: the node fetches its newest checkpoint with everything that
the things in it name, and the next, and so on, and keeps the newest two. While
the region's own node is away, others get it from here. A world is all regions
of it that the node hears of.

Example:
  metatopia lump pin bafybei...
  metatopia lump pin --region Hearthside
  metatopia lump pin --world --quota 20G`
}

func (c lumpPinCmd) Run(ctx context.Context, e *environment) error {
	if c.Quota != "" && c.CID == "" && c.Region == "" && !c.World {
		return c.keep(ctx, e)
	}
	if err := c.check("lump pin"); err != nil {
		return err
	}
	if c.CID != "" {
		if c.Quota != "" {
			return usagef("it bounds kept regions", "lump pin: --quota does not go with a CID")
		}
		l, err := e.node().LumpPin(ctx, &control.LumpRequest{CID: c.CID})
		if err != nil {
			return err
		}
		return showLump(e, l)
	}
	return c.keep(ctx, e)
}

func (c lumpPinCmd) keep(ctx context.Context, e *environment) error {
	req := &control.KeepRequest{Region: c.Region, World: c.World}
	if c.Quota != "" {
		var err error
		if req.Quota, err = parseSize(c.Quota); err != nil || req.Quota == 0 {
			return usagef("write it like 500M or 20G", "lump pin: --quota %q is not a size", c.Quota)
		}
	}
	res, err := e.node().Keep(ctx, req)
	if err != nil {
		return err
	}
	return showKept(e, res)
}

type lumpUnpinCmd struct {
	kept `embed:""`
}

func (lumpUnpinCmd) Help() string {
	return `Example:
  metatopia lump unpin bafybei...
  metatopia lump unpin --region Hearthside`
}

func (c lumpUnpinCmd) Run(ctx context.Context, e *environment) error {
	if err := c.check("lump unpin"); err != nil {
		return err
	}
	if c.CID == "" {
		res, err := e.node().Unkeep(ctx, &control.UnkeepRequest{Region: c.Region, World: c.World})
		if err != nil {
			return err
		}
		return showKept(e, res)
	}
	l, err := e.node().LumpUnpin(ctx, &control.LumpRequest{CID: c.CID})
	if err != nil {
		return err
	}
	return showLump(e, l)
}

type lumpKeptCmd struct{}

func (lumpKeptCmd) Help() string {
	return `The newest checkpoint of each region that is here: those of my own regions, and
those followed with lump pin --region or --world. A checkpoint that is whole can
be carried away with lump export, and begin a region with region seed --from.

Example:
  metatopia lump kept
  metatopia lump export "$(metatopia lump kept --json | jq -r .regions[0].root)" -o region.car`
}

func (lumpKeptCmd) Run(ctx context.Context, e *environment) error {
	res, err := e.node().Kept(ctx)
	if err != nil {
		return err
	}
	return showKept(e, res)
}

func showKept(e *environment, v *control.KeptResponse) error {
	return e.show(v, func(w io.Writer) {
		fmt.Fprintln(w, "REGION\tTICK\tAGE\tBYTES\tWHOLE\tFROM\tCHECKPOINT")
		for i := range v.Regions {
			keptRow(w, &v.Regions[i])
		}
		world := ""
		if v.World {
			world = ", every region of the world"
		}
		fmt.Fprintf(w, "used %s of %s%s\n", size(v.Used), size(v.Quota), world)
	})
}

func keptRow(w io.Writer, r *control.KeptRegion) {
	name := r.Name
	if name == "" {
		name = r.ID
	}
	if r.Root == "" {
		fmt.Fprintf(w, "%s\t\t\t\tno\t\tnothing yet%s\n", name, why(r))
		return
	}
	whole := yes(r.Whole)
	if r.Whole && r.Lacks > 0 {
		whole = fmt.Sprintf("yes, lacks %d", r.Lacks)
	}
	from := r.From
	if r.Own {
		from = "here"
	}
	fmt.Fprintf(w, "%s\t%d\t%s\t%d\t%s\t%s\t%s%s\n", name, r.Tick, (time.Duration(r.Age) * time.Second).String(), r.Bytes, whole, from, r.Root, why(r))
}

func why(r *control.KeptRegion) string {
	if r.Error == "" {
		return ""
	}
	return " (" + oneLine(r.Error) + ")"
}

// size is a number of bytes for people.
func size(n int64) string {
	if n < 1e6 {
		return fmt.Sprintf("%d bytes", n)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

type regionPointCmd struct {
	Name string `arg:"" optional:"" help:"Name or id of the region, when my node serves several."`
}

func (regionPointCmd) Help() string {
	return `The node does so by itself every half minute. Prints the CID of the checkpoint.

Example:
  metatopia lump export "$(metatopia region checkpoint Commons)" -o commons.car`
}

func (c regionPointCmd) Run(ctx context.Context, e *environment) error {
	r, err := e.node().RegionCheckpoint(ctx, &control.CheckpointRequest{Region: c.Name})
	if err != nil {
		return err
	}
	return e.show(r, func(w io.Writer) { fmt.Fprintln(w, r.Root) })
}
