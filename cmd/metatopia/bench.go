package main

import (
	"context"
	"strings"
	"time"

	"github.com/metatopia/metatopia/node/lumpbench"
	"github.com/metatopia/metatopia/node/regionbench"
	"github.com/metatopia/metatopia/scripting/procbench"
)

// benchCmd measures this machine; kinds come with the parts that they measure.
type benchCmd struct {
	Kind      string `arg:"" optional:"" enum:",overlay,process,physics,lumps,region,chat" default:"" help:"overlay, process, physics, lumps, region or chat; all without it."`
	Seed      uint64 `help:"Everything random follows from it." default:"1"`
	selection `embed:""`
	Overlay   overlayBench `embed:"" group:"overlay"`
	Lumps     lumpsBench   `embed:"" group:"lumps"`
	Process   processBench `embed:"" group:"process"`
	Physics   physicsBench `embed:"" group:"physics"`
	Region    regionBench  `embed:"" group:"region"`
}

func (benchCmd) Help() string {
	return `overlay simulates the whole overlay in this process: time, latency and loss are simulated,
the protocol is the node's own. lumps sends content between nodes of this process, over loopback
and to the disk. process spawns wasm processes in this one and sends messages between them; with
Erlang it makes the same measurements there. physics steps three scenes of bodies, and lets Rapier
and Bullet have them in turns where they are installed. region has servers of this process keep a
region's log together, over loopback and to the disk. The rest cannot be measured yet.

Parts of lumps: ` + strings.Join(lumpbench.Parts(), ", ") + `.
Parts of process: ` + strings.Join(procbench.Parts(), ", ") + `.
Parts of physics: ` + strings.Join(physicsParts(), ", ") + `.
Parts of region: ` + strings.Join(regionbench.Parts(), ", ") + `.

Scenarios of overlay: ` + overlayScenarios() + `

Rivals are other overlays that run through a part of the scenarios in worlds of the same seed:
` + overlayRivals() + `

Examples:
  metatopia bench overlay
  metatopia bench overlay --nodes 10000 --json
  metatopia bench overlay --nodes 100000 --scenario cold,steady --plots figures
  metatopia bench overlay --nodes 10000 --scenario none --rivals von,kad
  metatopia bench overlay --scenario churn --nodes 200 --cycles 86400
  metatopia bench lumps
  metatopia bench lumps --part transfer --transport tcp --kubo ./ipfs --json
  metatopia bench process --part hop,erlang --json
  metatopia bench physics
  metatopia bench physics --part pile --repeat 3 --rapier none --json
  metatopia bench region --part apply,failover --kills 100 --json`
}

func (c benchCmd) Run(ctx context.Context, e *environment) error {
	switch c.Kind {
	case "overlay":
		return c.Overlay.run(ctx, e, c.Seed)
	case "lumps":
		return c.Lumps.run(ctx, e, c.Seed, c.selection)
	case "process":
		return c.Process.run(ctx, e, c.selection)
	case "physics":
		return c.Physics.run(ctx, e, c.selection)
	case "region":
		return c.Region.run(ctx, e, c.Seed, c.selection)
	}
	return notYet(strings.TrimSpace("bench " + c.Kind))
}

// slowNotes gives a function that says something at most every ten seconds:
// what a long run does is not worth more lines.
func slowNotes(e *environment) func(string) {
	last := time.Now()
	return func(text string) {
		if time.Since(last) >= 10*time.Second {
			last = time.Now()
			e.note("%s", text)
		}
	}
}
