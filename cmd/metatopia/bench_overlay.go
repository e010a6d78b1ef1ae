package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/metatopia/metatopia/raynet"
	"github.com/metatopia/metatopia/raynet/raysim"
)

// overlayBench simulates worlds of overlay nodes.
type overlayBench struct {
	Nodes       int      `help:"Nodes of the world, 50 to 2000000." default:"1000"`
	Scenario    []string `help:"Scenarios to run, separated by commas, or none; all without it." placeholder:"NAME"`
	Cycles      int      `help:"Length of the scenarios that only take time, in seconds of the world."`
	Sample      int      `help:"Nodes whose cells are computed exactly." default:"300"`
	Shards      int      `help:"Parts of the world that run at the same time; the figures do not depend on it. (default: one a processor)"`
	Rivals      []string `help:"Other overlays to run in the same worlds: classic, von, kad, knn20, or none. (default: all of them when no scenario is named and the world has at most 10000 nodes)" placeholder:"NAME"`
	Plots       string   `help:"Directory for an SVG of each scenario." placeholder:"DIR"`
	MemoryLimit string   `help:"Memory to stay below where possible, as in 12G." placeholder:"SIZE"`
}

func overlayScenarios() string {
	var names []string
	for _, s := range raysim.Scenarios {
		names = append(names, s.Name)
	}
	return strings.Join(names, ", ") + "."
}

// checkedWhole is the size up to which every message is encoded and parsed on
// its way, and checkedPart the part of them above it.
const (
	checkedWhole = 10_000
	checkedPart  = 0.01
	// roomyWorld is the size above which nodes keep hardly anybody outside
	// their views: 60 peers in all instead of 320, and 4 departed ones instead
	// of 32.
	roomyWorld = 200_000
)

func (c overlayBench) run(ctx context.Context, e *environment, seed uint64) error {
	if c.Nodes < 50 || c.Nodes > 2_000_000 {
		return usagef("", "bench overlay: --nodes is 50 to 2000000, not %d", c.Nodes)
	}
	if c.Cycles < 0 || c.Sample < 1 || c.Shards < 0 || c.Shards > 1024 {
		return usagef("", "bench overlay: --cycles, --sample or --shards is out of range")
	}
	if c.MemoryLimit != "" {
		limit, err := parseSize(c.MemoryLimit)
		if err != nil {
			return usagef("write it like 12G or 800M", "bench overlay: --memory-limit: %w", err)
		}
		defer stayBelow(limit)()
	}
	if c.Plots != "" {
		if err := os.MkdirAll(c.Plots, 0o755); err != nil {
			return fmt.Errorf("bench overlay: plots: %w", err)
		}
	}
	if c.Shards == 0 {
		c.Shards = runtime.GOMAXPROCS(0)
	}
	rivals, err := c.rivals()
	if err != nil {
		return err
	}
	check := checkedPart
	if c.Nodes <= checkedWhole {
		check = 1
	}
	o := raysim.Options{
		Nodes: c.Nodes, Seed: seed, Shards: c.Shards, Sample: c.Sample, Cycles: c.Cycles, Scenarios: c.Scenario,
		Progress: slowNotes(e), Stop: func() bool { return ctx.Err() != nil },
	}
	if c.Nodes > roomyWorld {
		o.Figure = func(name string, v float64) { e.note("%s %s", name, figure(v)) }
	}
	report := raysim.NewReport(seed)
	if !slices.Equal(c.Scenario, none) {
		var core raynet.Config
		if c.Nodes > roomyWorld {
			core.MaxPeers, core.Passive, core.Marks = 60, 4, 8
		}
		report, err = raysim.Bench(raysim.NewRaynet(core, c.Shards, check), o)
	}
	var unknown raysim.ErrScenario
	if errors.As(err, &unknown) {
		return usagef("metatopia bench --help", "bench overlay: %w", err)
	}
	if err != nil {
		return fmt.Errorf("bench overlay: %w", err)
	}
	if err := compare(rivals, report, o); err != nil {
		return fmt.Errorf("bench overlay: %w", err)
	}
	if err := c.plot(report); err != nil {
		return fmt.Errorf("bench overlay: plots: %w", err)
	}
	if ctx.Err() != nil {
		e.note("Interrupted: these figures are not complete.")
	}
	err = e.show(report, func(w io.Writer) {
		if len(report.Order) > 0 {
			printFigures(w, report, c.Nodes)
		}
		printRivals(w, report, rivals)
	})
	if err == nil && ctx.Err() != nil {
		return errQuiet
	}
	return err
}

// plot writes one file for each scenario.
func (c overlayBench) plot(report *raysim.Report) error {
	if c.Plots == "" {
		return nil
	}
	for _, p := range report.Plots {
		f, err := createFile(filepath.Join(c.Plots, fmt.Sprintf("%s-%d-%s.svg", p.Protocol, c.Nodes, p.Scenario)))
		if err != nil {
			return err
		}
		err = p.WriteSVG(f, fmt.Sprintf("%s, %d nodes: %s", p.Protocol, c.Nodes, p.Scenario))
		if err == nil {
			err = f.keep()
		}
		f.abandon()
		if err != nil {
			return err
		}
	}
	return nil
}

// printFigures is a table: figure, value, aim, verdict.
func printFigures(w io.Writer, r *raysim.Report, nodes int) {
	fmt.Fprintf(w, "figure\tvalue\taim\t\n")
	for _, name := range r.Order {
		v := r.Figures[name]
		aim, ok := raysim.AimOf(name, nodes)
		if !ok {
			fmt.Fprintf(w, "%s\t%s\t\t\n", name, figure(v))
			continue
		}
		sign, verdict := "<=", "missed"
		if aim.Least {
			sign = ">="
		}
		if aim.Reached(v) {
			verdict = "reached"
		}
		fmt.Fprintf(w, "%s\t%s\t%s %s\t%s\n", name, figure(v), sign, figure(aim.Value), verdict)
	}
}

// figure writes parts of one with four digits and large numbers with none.
func figure(v float64) string {
	switch {
	case v == math.Trunc(v) && math.Abs(v) < 1e9:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case math.Abs(v) >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'f', 4, 64)
}

// parseSize reads bytes with an optional K, M, G (powers of 1024).
func parseSize(s string) (int64, error) {
	shift := 0
	switch s[len(s)-1] {
	case 'K', 'k':
		shift = 10
	case 'M', 'm':
		shift = 20
	case 'G', 'g':
		shift = 30
	}
	if shift > 0 {
		s = s[:len(s)-1]
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 || n > math.MaxInt64>>shift {
		return 0, errors.New("not a size")
	}
	return n << shift, nil
}
