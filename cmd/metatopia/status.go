package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/metatopia/metatopia/node/control"
)

type statusCmd struct{}

func (statusCmd) Help() string {
	return `Prints who my node is, where my avatar stands, the regions it serves, and the
private URL of its page.

Example:
  metatopia status --json | jq -r .webUrl`
}

func (statusCmd) Run(ctx context.Context, e *environment) error {
	s, err := e.node().Status(ctx)
	if err != nil {
		return err
	}
	return e.show(s, func(w io.Writer) { printStatus(w, s) })
}

func printStatus(w io.Writer, s *control.StatusResponse) {
	row := func(k, format string, args ...any) { fmt.Fprintf(w, "%s\t"+format+"\n", append([]any{k}, args...)...) }
	row("name", "%s", s.Name)
	row("key", "%s", s.Key)
	row("peer", "%s", s.PeerID)
	row("up", "%s", (time.Duration(s.Uptime) * time.Second).String())
	row("home", "%s", s.Home)
	if s.World != nil {
		row("world", "%s (%s)", s.World.Name, s.World.ID)
	} else {
		row("world", "none: `metatopia world create NAME` or `metatopia join LINK`")
	}
	if s.Avatar != nil {
		row("avatar", "%s at %s in %s", oneLine(s.Avatar.Name), at(s.Avatar.Pos), regionName(s.Regions, s.InRegion))
	}
	for _, r := range s.Serving {
		row("serving", "%s: tick %d (on disk %d), %d people, %d things, state %s", r.Name, r.Tick, r.Durable, r.Players, r.Things, r.Hash)
		if r.From != "" {
			row("", "%s began with checkpoint %s", r.Name, r.From)
		}
	}
	for _, m := range s.Mounts {
		row("reads", "%s, as %s", oneLine(m.Dir), m.Name)
	}
	if s.WebURL != "" {
		row("page", "%s", s.WebURL)
	}
	if s.Telnet != "" {
		row("telnet", "%s", s.Telnet)
	}
	for _, a := range s.Addrs {
		row("address", "%s", a)
	}
	names := make([]string, 0, len(s.Counters))
	for k := range s.Counters {
		// Forty of the overlay's own are for --json and for metrics.
		if !strings.HasPrefix(k, "raynet_") {
			names = append(names, k)
		}
	}
	slices.Sort(names)
	for _, k := range names {
		row(k, "%d", s.Counters[k])
	}
}

// regionName is a region's name by its id, or what being nowhere is called.
func regionName(regions []control.Region, id string) string {
	for _, r := range regions {
		if r.ID == id {
			return r.Name
		}
	}
	if id != "" {
		return id
	}
	return "no region"
}
