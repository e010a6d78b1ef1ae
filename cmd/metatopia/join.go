package main

import (
	"context"

	"github.com/metatopia/metatopia/node/control"
)

type joinCmd struct {
	Link string `arg:"" help:"Join link, as printed by world link."`
	upFlags
}

func (joinCmd) Help() string {
	return `When a node runs with this --home it enters the world and the command returns;
otherwise the node is started here as by ` + "`metatopia up --join LINK`" + `.`
}

func (c joinCmd) Run(ctx context.Context, e *environment) error {
	w, err := e.node().Join(ctx, &control.JoinRequest{Link: c.Link})
	switch {
	case err == nil:
		return showWorld(e, w)
	case control.CodeOf(err) == control.Unavailable:
		if _, serr := e.node().Status(ctx); control.CodeOf(serr) == control.Unavailable {
			return serveNode(ctx, e, c.upFlags, c.Link)
		}
	}
	return err
}
