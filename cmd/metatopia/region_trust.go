package main

import (
	"context"

	"github.com/metatopia/metatopia/node/control"
)

type regionTrustCmd struct {
	Trust  string `arg:"" optional:"" help:"crash, accountable or byzantine." enum:",crash,accountable,byzantine" default:""`
	Region string `help:"Name or id of my region, when my node serves several." placeholder:"NAME"`
}

func (regionTrustCmd) Help() string {
	return `crash, with which a region begins: servers may fail, and none lies. What they
sign tells of one that came to another state; it is not held against it.

accountable: whatever a server brings into the region's log is signed by it, and
so is every tick by the server that made it. A server that signs two things where
there can be one is convicted by them: it loses its vote and is taken out, by
itself. Servers without a vote are drawn by lot to compare what the others sign.
It begins to hold with the second server.

byzantine (experimental): of 4 servers one may lie, of 7 two, and the others still
go by the same ticks, in which nothing is but what players and servers signed. The
region needs 4 or 7 servers, all of them running. It goes over to another log in a
new epoch; servers cannot be added or removed until it goes back. It is slower, and
when the server that leads is gone it takes seconds to go on.

Without a word it says what holds. Only the owner of a region changes it; the
servers go by it from the same tick on.

Example:
  metatopia region trust accountable`
}

func (c regionTrustCmd) Run(ctx context.Context, e *environment) error {
	req := &control.RegionServersRequest{Do: control.ServersTrust, Region: c.Region, Trust: c.Trust}
	if c.Trust == "" {
		req.Do = control.ServersStatus
	}
	return askServers(ctx, e, req)
}

// trust is a level for people.
func trust(name string) string {
	for i, t := range []string{control.TrustCrash, control.TrustAccountable, control.TrustByzantine} {
		if t == name {
			return name + " (T" + string(rune('1'+i)) + ")"
		}
	}
	return name
}
