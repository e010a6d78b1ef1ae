package main

import (
	"context"
	"fmt"
	"io"

	"github.com/metatopia/metatopia/node/control"
)

type lumpGcCmd struct {
	Leave string `help:"Stop when so much is left, as 500M or 20G." placeholder:"SIZE"`
}

func (lumpGcCmd) Help() string {
	return `Deletes what no pin holds and nothing has read or written for a quarter of an
hour, what was unused longest first. The node does so by itself when its store
is nine tenths full.

Example:
  metatopia lump gc
  metatopia lump gc --leave 10G`
}

func (c lumpGcCmd) Run(ctx context.Context, e *environment) error {
	req := &control.LumpSweepRequest{}
	if c.Leave != "" {
		var err error
		if req.Leave, err = parseSize(c.Leave); err != nil {
			return usagef("write it like 500M or 20G", "lump gc: --leave %q: %w", c.Leave, err)
		}
	}
	p := newProgress(e, "freed", 0)
	var last control.LumpSweep
	err := e.node().LumpSweep(ctx, req, func(s *control.LumpSweep) error {
		p.add(s.Freed - last.Freed)
		last = *s
		return nil
	})
	p.done()
	if err != nil {
		return err
	}
	if !last.Done {
		return fmt.Errorf("lump gc: the node stopped before the end; %d bytes are free", last.Freed)
	}
	return e.show(last, func(w io.Writer) {
		fmt.Fprintf(w, "freed\t%d bytes in %d lumps\npinned\t%d bytes\nused lately\t%d bytes\nleft\t%d bytes\n",
			last.Freed, last.Deleted, last.Kept, last.Young, last.Bytes)
	})
}
