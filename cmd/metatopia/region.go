package main

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/metatopia/metatopia/node/control"
)

type regionCmd struct {
	Seed         regionSeedCmd     `cmd:"" help:"Claim the space around a point and serve it."`
	Status       regionStatusCmd   `cmd:"" help:"Regions my node knows and serves, or the servers of one."`
	AddServer    addServerCmd      `cmd:"" name:"add-server" help:"Let a peer serve my region too."`
	RemoveServer removeServerCmd   `cmd:"" name:"remove-server" help:"Take a peer's service back."`
	Serve        regionServeCmd    `cmd:"" help:"Agree to serve somebody's region with them."`
	Rules        regionRulesCmd    `cmd:"" help:"What a region holds scripts to."`
	Trust        regionTrustCmd    `cmd:"" help:"What my region takes its servers for."`
	Store        regionStoreCmd    `cmd:"" help:"Where my region keeps what outlasts it."`
	Password     regionPasswordCmd `cmd:"" help:"Ask for a password at the border."`
	Checkpoint   regionPointCmd    `cmd:"" help:"Store my region's state as a lump now."`
	Replay       regionReplayCmd   `cmd:"" help:"Make past ticks of my region again, and compare."`
	Undo         regionUndoCmd     `cmd:"" help:"Propose a region without what somebody did, or commit that."`
	Recover      recoverCmd        `cmd:"" help:"Revive my region when too few of its servers come back."`
}

type regionSeedCmd struct {
	Name    string `arg:"" help:"Name of the region."`
	At      place  `required:"" help:"Where its site is." placeholder:"X,Y,Z"`
	Furnish string `help:"Starting set of things." enum:",hearth,commons" default:""`
	From    string `help:"Begin with the things of this checkpoint, whosever region it is of." placeholder:"CID"`
	// A rule from the first tick on.
	Copyleft bool   `help:"Run no script without its source and a free licence; see region rules."`
	Trust    string `help:"What its servers are taken for: crash, accountable, byzantine; see region trust." enum:"crash,accountable,byzantine" default:"crash"`
	// A place with a password is better given later, from a file.
	Store string `help:"Where it keeps what outlasts it; see region store." placeholder:"PLACE"`
	roleFlags
}

func (regionSeedCmd) Help() string {
	return `The region is all space nearer to its site than to any other. Sites keep the
world's spacing apart.

--from makes a region of your own with the things of another one's checkpoint:
their places, slots, scripts and owners. The other region is not touched, and
yours says what it began with.

Example:
  metatopia region seed Commons --at 64,0,0 --furnish commons
  metatopia region seed Commons2 --at 128,0,0 --from bafybei...`
}

func (c regionSeedCmd) Run(ctx context.Context, e *environment) error {
	r, err := e.node().RegionSeed(ctx, &control.SeedRequest{Name: c.Name, At: control.Point(c.At), Furnish: c.Furnish, From: c.From, Copyleft: c.Copyleft, Trust: c.Trust, Store: c.Store, Roles: c.settings()})
	if err != nil {
		return err
	}
	return e.show(r, func(w io.Writer) { fmt.Fprintf(w, "%s\t%s\tsite %s\n", r.Name, r.ID, at(r.Site)) })
}

type regionRulesCmd struct {
	Name     string `arg:"" optional:"" help:"Name or id of the region; without it the one I am in."`
	Copyleft *bool  `help:"Run no script without its source and a free licence; --no-copyleft runs any." negatable:""`
}

func (regionRulesCmd) Help() string {
	return `Without a flag it says which rules hold. With --copyleft a thing's script runs only
when its slots give its source (source) and a free licence (license, an SPDX
expression), and this node has that source. Things that come over a border stay,
but their scripts do not run. An admin changes the rules, from whatever node; "this
node" is each that serves the region.

Example:
  metatopia region rules Commons --copyleft`
}

func (c regionRulesCmd) Run(ctx context.Context, e *environment) error {
	r, err := e.node().RegionRules(ctx, &control.RegionRulesRequest{Region: c.Name, Copyleft: c.Copyleft})
	if err != nil {
		return err
	}
	return e.show(r, func(w io.Writer) {
		fmt.Fprintf(w, "%s\t%s\n", r.Region, either(r.Copyleft, "copyleft: scripts need source and a free licence", "no rules"))
	})
}

type regionStatusCmd struct {
	Name string `arg:"" optional:"" help:"Name or id of a region: who serves it and how they stand."`
}

func (c regionStatusCmd) Run(ctx context.Context, e *environment) error {
	if c.Name != "" {
		return askServers(ctx, e, &control.RegionServersRequest{Do: control.ServersStatus, Region: c.Name})
	}
	s, err := e.node().Status(ctx)
	if err != nil {
		return err
	}
	v := struct {
		In      string                 `json:"in"`
		Regions []control.Region       `json:"regions"`
		Serving []control.ServedRegion `json:"serving"`
	}{s.InRegion, s.Regions, s.Serving}
	return e.show(v, func(w io.Writer) {
		served := map[string]control.ServedRegion{}
		for _, r := range s.Serving {
			served[r.ID] = r
		}
		fmt.Fprintln(w, "REGION\tSITE\tOWNER\tSTATE\tTICK\tPEOPLE\tTHINGS\tHASH")
		for _, r := range s.Regions {
			state := "silent"
			if r.Live {
				state = "live"
			}
			if r.ID == s.InRegion {
				state += ", here"
			}
			owner := r.Owner
			if len(owner) > 8 {
				owner = owner[:8]
			}
			if sv, ok := served[r.ID]; ok {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s, served\t%d\t%d\t%d\t%s\n", r.Name, at(r.Site), owner, state, sv.Tick, sv.Players, sv.Things, sv.Hash)
				for _, o := range slices.Backward(sv.Origins) {
					fmt.Fprintf(w, "  from %s\t\t%s\t\t%d\t\t\t%s\n", o.Name, o.Owner[:min(8, len(o.Owner))], o.Tick, o.CID)
				}
				continue
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t\t\t\t\n", r.Name, at(r.Site), owner, state)
		}
	})
}
