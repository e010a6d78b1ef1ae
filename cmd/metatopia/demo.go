package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/metatopia/metatopia/internal/demo"
	"github.com/metatopia/metatopia/scripting/guest"
)

type demoCmd struct {
	Headless  bool          `help:"Nobody looks: say less."`
	For       time.Duration `help:"Stop after this time and check that everything promised happened." placeholder:"60s"`
	Residents int           `help:"How many residents walk about, 5 to 32." default:"5"`
	Seed      uint64        `help:"Seed of the residents' walks." default:"1"`
}

func (demoCmd) Help() string {
	return `Starts a founder, a second owner, you and the residents, each a node of its own in
a process of its own, on this machine alone. Their data stays in demo below the
data directory (or in --home) and is there again the next time.

With --json the last line of output is one object that counts what happened, from
the nodes' own counters. With --for the exit code is 1 when a promised part did
not happen or a node reported an error.

Example:
  metatopia demo
  metatopia demo --headless --for 60s --json`
}

func (c demoCmd) Run(ctx context.Context, e *environment) error {
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("demo: find this program: %w", err)
	}
	wasm, _, _, err := guest.Open("resident")
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	home := e.Home
	if home == defaultHome() {
		home = filepath.Join(home, "demo")
	}
	if home, err = filepath.Abs(home); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	rep, err := demo.Run(ctx, demo.Config{
		Exe: exe, Home: home, Residents: c.Residents, For: c.For, Seed: c.Seed, Guest: wasm,
		Headless: c.Headless, Words: e.Err, Live: isTTY(e.Err) && !e.JSON,
	})
	if rep.World != "" {
		if err := e.show(rep, func(w io.Writer) { demoWords(w, rep) }); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	if why := rep.Failed(); why != "" && (c.For > 0 || len(rep.Ended) > 0) {
		e.note("metatopia: demo: %s", why)
		return errQuiet
	}
	return nil
}

// demoWords is the report for a person.
func demoWords(w io.Writer, r demo.Report) {
	for _, row := range []struct {
		n    any
		what string
	}{
		{r.Nodes, "nodes answered"},
		{r.Neighbours, "pairs of nodes found each other by position"},
		{r.Crossings, "times an avatar went over the border"},
		{r.Messages, "lines reached another node"},
		{r.LumpsFetched, "lumps came from another node and were verified"},
		{r.ScriptsRun, "scripts ran"},
		{r.Handoffs, "bodies were handed to the other region"},
		{r.Errors, "errors"},
	} {
		fmt.Fprintf(w, "%d\t%s\n", row.n, row.what)
	}
	for _, reg := range r.Regions {
		fmt.Fprintf(w, "%d\tticks of %s, state %.16s\n", reg.Tick, reg.Name, reg.Hash)
	}
}
