package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/metatopia/metatopia/raynet/raysim"
	"github.com/metatopia/metatopia/raynet/raysim/rival"
)

// rivalsUpTo is the size of the largest world that is also run with other
// overlays when nothing is said about them.
const rivalsUpTo = 10_000

// none names no scenario and no rival.
var none = []string{"none"}

// overlayRivals says what they are.
func overlayRivals() string {
	var lines []string
	for _, name := range rival.Names() {
		lines = append(lines, fmt.Sprintf("  %-8s %s", name, rival.About(name)))
	}
	return strings.Join(lines, "\n")
}

// rivals is the other overlays to run.
func (c overlayBench) rivals() ([]string, error) {
	switch {
	case slices.Equal(c.Rivals, none):
		return nil, nil
	case len(c.Rivals) == 0 && len(c.Scenario) == 0 && c.Nodes <= rivalsUpTo:
		return rival.Names(), nil
	}
	for _, name := range c.Rivals {
		if _, err := rival.New(name, c.Nodes, c.Shards); err != nil {
			return nil, usagef("metatopia bench --help", "bench overlay: %w", err)
		}
	}
	return c.Rivals, nil
}

// compare runs the rivals and files their figures.
func compare(rivals []string, report *raysim.Report, o raysim.Options) error {
	say := o.Progress
	for _, name := range rivals {
		p, err := rival.New(name, o.Nodes, o.Shards)
		if err != nil {
			return err
		}
		o.Progress = func(text string) { say(name + ": " + text) }
		of, err := raysim.Compare(p, o)
		if err != nil {
			return err
		}
		report.Refer(name, of)
	}
	return nil
}

// printRivals is a table of the figures that overlays are compared by.
func printRivals(w io.Writer, r *raysim.Report, rivals []string) {
	if len(rivals) == 0 {
		return
	}
	fmt.Fprintf(w, "\t\t\t\ncompared by\tours")
	for _, name := range rivals {
		fmt.Fprintf(w, "\t%s", name)
	}
	fmt.Fprintln(w)
	for _, f := range raysim.References {
		fmt.Fprintf(w, "%s\t%s", f.Name, figureOf(r.Figures, f.Figure))
		for _, name := range rivals {
			fmt.Fprintf(w, "\t%s", figureOf(r.Reference, name+"."+f.Name))
		}
		fmt.Fprintln(w)
	}
}

func figureOf(of map[string]float64, name string) string {
	if v, ok := of[name]; ok {
		return figure(v)
	}
	return "-"
}
