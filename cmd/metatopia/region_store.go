package main

import (
	"context"
	"fmt"
	"io"

	"github.com/metatopia/metatopia/node/control"
)

type regionStoreCmd struct {
	Name string `arg:"" optional:"" help:"Name or id of the region, when my node serves several."`
	Set  string `help:"Keep things there from now on: bolt, bolt:FILE, postgres://... or etcd://..." placeholder:"PLACE" xor:"set"`
	File string `name:"set-file" help:"Read the place from this file, - for standard input: others on the machine cannot see it." placeholder:"FILE" xor:"set"`
	None bool   `help:"Take it away. What it holds stays where it is." xor:"set"`
}

func (regionStoreCmd) Help() string {
	return `A region's store keeps values for longer than things last: accounts, lists of
winners, guest books. Scripts of things ask it (ask in Lua); a server that has the
store answers, and all servers take the answer from the region's log. Without a
flag this says how it is.

The owner's node gives the region its store. If others serve the region too, each
may be told of the same one (a database, not a file): then the region's things get
answers as long as one of them is there. The place is kept in the data directory,
readable for this account alone, and its password is never shown.

  bolt, bolt:FILE                            a file of this node
  postgres://USER:PASS@HOST/DB?schema=NAME   tables in a schema (metatopia)
  etcd://HOST:PORT,HOST:PORT/PREFIX          keys below a prefix (metatopia)

Example:
  metatopia region store Commons --set bolt
  metatopia region store Commons --set-file place.txt
  metatopia region store Commons`
}

func (c regionStoreCmd) Run(ctx context.Context, e *environment) error {
	place := c.Set
	if c.File != "" {
		b, err := passwordFile(e, c.File)
		if err != nil {
			return err
		}
		place = string(b)
	}
	r, err := e.node().RegionStore(ctx, &control.RegionStoreRequest{Region: c.Name, Place: place, None: c.None})
	if err != nil {
		return err
	}
	return e.show(r, func(w io.Writer) {
		id := r.ID
		if id == "" {
			id = "none"
		}
		fmt.Fprintf(w, "region\t%s\nstore\t%s\nhere\t%s\n", r.Region, id, r.Here)
		if r.Place != "" {
			fmt.Fprintf(w, "place\t%s\n", r.Place)
		}
		if r.Server != "" {
			fmt.Fprintf(w, "server\t%s\n", oneLine(r.Server))
		}
		fmt.Fprintf(w, "requests\t%d wait, %d carried out here\n", r.Waiting, r.Done)
		if r.Error != "" {
			fmt.Fprintf(w, "error\t%s\n", r.Error)
		}
	})
}
