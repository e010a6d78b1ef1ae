package main

import (
	"cmp"
	"context"
	"fmt"
	"io"

	"github.com/metatopia/metatopia/node/control"
)

type addServerCmd struct {
	Peer   string `arg:"" help:"Peer id of the node that is to serve it too."`
	Region string `help:"Name or id of my region, when my node serves several." placeholder:"NAME"`
}

func (addServerCmd) Help() string {
	return `A region may have up to seven servers. Each runs all of it; they agree on every
tick, so that the region goes on when some of them fail: one of three, two of
five, three of seven. The other node must have agreed: there, its person runs
"metatopia region serve".

A new server first fetches the region's state and follows. It gets a vote when
it keeps up and the voters stay an odd number: with two servers one decides and
the other follows.

Example:
  metatopia region add-server 12D3KooW...`
}

func (c addServerCmd) Run(ctx context.Context, e *environment) error {
	return askServers(ctx, e, &control.RegionServersRequest{Do: control.ServersAdd, Region: c.Region, Peer: c.Peer})
}

type removeServerCmd struct {
	Peer   string `arg:"" help:"Peer id of the server."`
	Region string `help:"Name or id of my region, when my node serves several." placeholder:"NAME"`
}

func (removeServerCmd) Help() string {
	return `Of a region with a password the server keeps the keys that the password was set
with: set it again then ("metatopia region password set"), which draws new ones.
Only who knows the password can; no node has it.

Example:
  metatopia region remove-server 12D3KooW...`
}

func (c removeServerCmd) Run(ctx context.Context, e *environment) error {
	return askServers(ctx, e, &control.RegionServersRequest{Do: control.ServersRemove, Region: c.Region, Peer: c.Peer})
}

type regionServeCmd struct {
	Region string `arg:"" help:"Name or id of the region."`
	Stop   bool   `help:"Do not serve it any more."`
}

func (regionServeCmd) Help() string {
	return `The owner of the region can then add this node with "metatopia region
add-server". It will run the region's scripts and store its state.

Example:
  metatopia region serve Commons`
}

func (c regionServeCmd) Run(ctx context.Context, e *environment) error {
	do := control.ServersServe
	if c.Stop {
		do = control.ServersRefuse
	}
	return askServers(ctx, e, &control.RegionServersRequest{Do: do, Region: c.Region})
}

type recoverCmd struct {
	Region string `arg:"" help:"Name or id of my region."`
}

func (recoverCmd) Help() string {
	return `When more than half of the voting servers are lost for good the others stand
still, rather than guess what those agreed on; and so do all when they come to
different states each time they make the same ticks, until most are started with
a program that does not (divergence-TICK.json in the region's directory says what
differs). The owner can begin anew: from
what this node has of the region, with this node as its only server and a new
epoch that the owner signs. Servers of the old epoch stop when they hear of it;
the owner may add them again. Roles, bans and standing stay; commands,
logins and tickets that were signed for the old epoch are refused.

What was agreed on and never reached this node is lost. After servers came to
different states nothing is lost: this node makes the whole log again, and what
it comes to is the region's state.

Example:
  metatopia region recover Commons`
}

func (c recoverCmd) Run(ctx context.Context, e *environment) error {
	return askServers(ctx, e, &control.RegionServersRequest{Do: control.ServersRecover, Region: c.Region})
}

func askServers(ctx context.Context, e *environment, req *control.RegionServersRequest) error {
	r, err := e.node().RegionServers(ctx, req)
	if err != nil {
		return err
	}
	return e.show(r, func(w io.Writer) {
		fmt.Fprintf(w, "%s: tick %d, durable %d, epoch %d, trust %s; %s\n", r.Region, r.Tick, r.Durable, r.Epoch, trust(r.Trust),
			either(r.Frozen, "stands still: "+cmp.Or(r.Why, "too few servers answer"), "runs"))
		if r.InForce != "" {
			fmt.Fprintf(w, "The servers go by trust %s as yet.\n", trust(r.InForce))
		}
		if r.Dissents > 0 {
			fmt.Fprintf(w, "Witnesses signed another state than was agreed on %d times.\n", r.Dissents)
		}
		for _, c := range r.Convicted {
			fmt.Fprintf(w, "%s %s (%d); it counts nothing since tick %d%s.\n", c.PeerID, c.Why, c.About, c.Tick, either(c.Barred, ", and is taken out", ""))
		}
		if r.LeftWithKeys > 0 {
			fmt.Fprintf(w, "Set the password again: %d of its servers left with its keys (metatopia region password set %s).\n", r.LeftWithKeys, r.Region)
		}
		fmt.Fprintln(w, "SERVER\tROLE\tTICK\tLAG\tPEOPLE\t")
		for _, s := range r.Servers {
			note := ""
			if s.Here {
				note = "this node"
			}
			if s.Want > 0 {
				note = fmt.Sprintf("has %d of %d bytes", s.Got, s.Want)
			}
			fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%s\n", s.PeerID, s.Role, s.Tick, s.Lag, s.Players, note)
		}
	})
}
