package main

import (
	"context"
	"fmt"
	"io"

	"github.com/metatopia/metatopia/node/control"
)

type worldCmd struct {
	Create worldCreateCmd `cmd:"" help:"Found a world: this node's key signs its charter."`
	Info   worldInfoCmd   `cmd:"" help:"The charter of the world my node is in."`
	Link   worldLinkCmd   `cmd:"" help:"A link that others join by."`
}

type worldCreateCmd struct {
	Name    string  `arg:"" help:"Name of the world."`
	Spacing float64 `help:"Least distance between two regions' sites, in metres." default:"64"`
	Size    place   `help:"Extent of the world in metres." default:"1024,128,1024" placeholder:"X,Y,Z"`
}

func (worldCreateCmd) Help() string {
	return `The node must be running and in no world yet. The world's id is the hash of the
signed charter, so nobody can change it later.

Example:
  metatopia up &
  metatopia world create "Quiet Valley"
  metatopia region seed Hearthside --at 0,0,0
  metatopia world link`
}

func (c worldCreateCmd) Run(ctx context.Context, e *environment) error {
	w, err := e.node().WorldCreate(ctx, &control.WorldCreateRequest{Name: c.Name, Spacing: c.Spacing, Size: control.Point(c.Size)})
	if err != nil {
		return err
	}
	return showWorld(e, w)
}

type worldInfoCmd struct{}

func (worldInfoCmd) Run(ctx context.Context, e *environment) error {
	w, err := e.node().WorldInfo(ctx)
	if err != nil {
		return err
	}
	return showWorld(e, w)
}

type worldLinkCmd struct{}

func (worldLinkCmd) Help() string {
	return `Prints the link alone, for a message to a friend:
  metatopia join "$(metatopia world link)"`
}

func (worldLinkCmd) Run(ctx context.Context, e *environment) error {
	w, err := e.node().WorldInfo(ctx)
	if err != nil {
		return err
	}
	v := struct {
		Link string `json:"link"`
	}{w.Link}
	return e.show(v, func(out io.Writer) { fmt.Fprintln(out, w.Link) })
}

func showWorld(e *environment, v *control.WorldInfo) error {
	return e.show(v, func(w io.Writer) {
		fmt.Fprintf(w, "name\t%s\nid\t%s\nfounder\t%s\nfounded\t%s\nspacing\t%g m\nbox\t%s to %s\n",
			v.Name, v.ID, v.Founder, v.Founded, v.Spacing, at(v.Min), at(v.Max))
		if v.Link != "" {
			fmt.Fprintf(w, "link\t%s\n", v.Link)
		}
	})
}
