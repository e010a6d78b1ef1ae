package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/metatopia/metatopia/internal/figures"
)

// selection is what the benchmarks have in common that consist of parts.
type selection struct {
	Part   []string `help:"Parts of lumps, physics, process or region to run, separated by commas; all without it." placeholder:"NAME"`
	Repeat int      `help:"How often each measurement of theirs is made; the median counts." default:"5"`
}

// check refuses what is no part of a benchmark.
func (s *selection) check(kind string, parts []string) error {
	if s.Repeat < 1 || s.Repeat > 1000 {
		return usagef("", "bench %s: --repeat is 1 to 1000, not %d", kind, s.Repeat)
	}
	for _, p := range s.Part {
		if !slices.Contains(parts, p) {
			return usagef("parts are "+strings.Join(parts, ", "), "bench %s: there is no part %q", kind, p)
		}
	}
	return nil
}

// report shows what was measured, also when the benchmark was interrupted.
func (e *environment) report(ctx context.Context, r *figures.Report, err error) error {
	interrupted := ctx.Err() != nil
	if err != nil && !interrupted {
		return fmt.Errorf("bench %s: %w", r.Kind, err)
	}
	if interrupted {
		e.note("Interrupted: these figures are not complete.")
	}
	if err := e.show(r, func(w io.Writer) { printReport(w, r) }); err != nil {
		return err
	}
	if interrupted {
		return errQuiet
	}
	return nil
}

func printReport(w io.Writer, r *figures.Report) {
	fmt.Fprintf(w, "figure\tvalue\taim\t\n")
	for _, name := range r.Order {
		v, ours := r.Figures[name]
		aim, ok := r.Aims[name]
		switch {
		case !ours:
			fmt.Fprintf(w, "%s\t%s\treference\t\n", name, figure(r.Reference[name]))
		case !ok:
			fmt.Fprintf(w, "%s\t%s\t\t\n", name, figure(v))
		default:
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
}
