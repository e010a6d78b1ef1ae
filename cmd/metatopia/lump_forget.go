package main

import (
	"context"
	"fmt"
	"io"

	"github.com/metatopia/metatopia/node/control"
)

type lumpForgetCmd struct {
	CID string `arg:"" name:"cid" help:"CID of the content."`
}

func (lumpForgetCmd) Help() string {
	return `Deletes the content from this node, pinned or not, unless another pin holds a part
of it. The node no longer gives it to others and no longer announces it.

Nothing is deleted elsewhere: who fetched it has it, and may give it to others.
Others may look for it here for up to 48 hours.

Example:
  metatopia lump forget bafybei...`
}

func (c lumpForgetCmd) Run(ctx context.Context, e *environment) error {
	res, err := e.node().LumpForget(ctx, &control.LumpRequest{CID: c.CID})
	if err != nil {
		return err
	}
	e.note("deleted here; others who fetched it still have it")
	if res.Young > 0 {
		e.note("%s of it are in use and stay until they are not", size(res.Young))
	}
	return e.show(res, func(w io.Writer) {
		fmt.Fprintf(w, "freed\t%s in %d lumps\n", size(res.Freed), res.Deleted)
		if res.Kept > 0 {
			fmt.Fprintf(w, "kept by other pins\tat least %s\n", size(res.Kept))
		}
	})
}

// showHolders says who has a lump.
func showHolders(w io.Writer, list []control.LumpHolder) {
	others := 0
	for _, h := range list {
		words := h.Answer
		switch {
		case h.Self && h.Answer == "has it":
			words = "this node"
		case h.Self:
			words = "this node, which has it no more"
		case h.Answer == "has it" && h.Announced:
			words = "has it, and announces it"
		case h.Answer == "has it not":
			words = "announced it, but has it not"
		case h.Answer == "silent":
			words = "announced it, but does not answer"
		}
		if !h.Self && h.Answer == "has it" {
			others++
		}
		fmt.Fprintf(w, "holder\t%s: %s\n", h.PeerID, words)
	}
	switch {
	case others > 0:
		fmt.Fprintf(w, "who\t%d besides this node, as they say\n", others)
	case len(list) > 0 && list[0].Self && list[0].Answer == "has it":
		fmt.Fprintf(w, "who\tnobody but this node\n")
	default:
		fmt.Fprintf(w, "who\tnobody who answers\n")
	}
}
