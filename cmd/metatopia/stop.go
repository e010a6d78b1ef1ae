package main

import (
	"context"
	"time"

	"github.com/metatopia/metatopia/node/control"
)

type stopCmd struct {
	Wait time.Duration `help:"How long to wait until the process has ended." default:"30s"`
}

func (stopCmd) Help() string {
	return `Stops the node that runs with this --home after everything acknowledged is on
disk, and waits until it no longer answers.`
}

func (c stopCmd) Run(ctx context.Context, e *environment) error {
	node := e.node()
	if err := node.Shutdown(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.Wait)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		// A fresh client each time: the old connection may still be open.
		_, err := e.node().Status(ctx)
		if control.CodeOf(err) == control.Unavailable {
			e.note("The node has stopped.")
			return nil
		}
		select {
		case <-ctx.Done():
			return control.Errorf(control.Timeout, "", "the node still answers after %s", c.Wait)
		case <-tick.C:
		}
	}
}
