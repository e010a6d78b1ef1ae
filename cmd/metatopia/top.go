package main

import (
	"context"
	"os"

	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/terminal/top"
)

type topCmd struct {
	All  bool   `short:"a" help:"Also processes that have ended."`
	Sort string `help:"cpu, memory, mailbox or name." enum:"cpu,memory,mailbox,name" default:"cpu"`
}

func (topCmd) Help() string {
	return `Shows the processes of my node as a tree, once a second, with their logs below.
Press ? there for the keys. With --json it prints one object a second instead,
of at most 1,000 processes, with cpuPercent: the share of one core since the
object before.

Example:
  metatopia top
  metatopia top --json --sort memory`
}

func (c topCmd) Run(ctx context.Context, e *environment) error {
	node := e.node()
	req := control.PsRequest{All: c.All, Sort: c.Sort, Limit: top.MaxRows}
	if c.Sort == "name" {
		req.Sort = "pid" // the node sorts by no names
	}
	if e.JSON {
		return top.Stream(ctx, node, req, func(r *top.Refresh) error { return e.line(r) })
	}
	if !isTTY(e.In) || !isTTY(e.Out) || os.Getenv("TERM") == "dumb" {
		return usagef("for programs: metatopia ps --json, or metatopia top --json", "top: needs a terminal that can draw")
	}
	req.Limit = 1
	if _, err := node.Ps(ctx, &req); err != nil { // before the screen is taken
		return err
	}
	return top.Run(ctx, node, c.Sort, c.All, e.In, e.Out)
}
