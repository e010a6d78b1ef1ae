package main

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"

	"github.com/metatopia/metatopia/scripting/procbench"
)

// processBench measures processes of this machine.
type processBench struct {
	Many  int      `name:"many" help:"Processes in the large ring." default:"100000"`
	Runs  int      `name:"runs" help:"How often each measurement is made; the median counts." default:"5"`
	Parts []string `name:"parts" help:"Parts to run, separated by commas; all without it." placeholder:"NAME"`
	Erl   string   `help:"The erl of Erlang/OTP to compare with; none for no comparison. (default: the one in the path)" placeholder:"PATH"`
}

func (c processBench) run(ctx context.Context, e *environment) error {
	if c.Runs < 1 || c.Runs > 1000 {
		return usagef("", "bench process: --runs is 1 to 1000, not %d", c.Runs)
	}
	if c.Many < 1000 || c.Many > 1_000_000 {
		return usagef("", "bench process: --many is 1,000 to 1,000,000, not %d", c.Many)
	}
	for _, p := range c.Parts {
		if !slices.Contains(procbench.Parts(), p) {
			return usagef("parts are "+strings.Join(procbench.Parts(), ", "), "bench process: there is no part %q", p)
		}
	}
	erl := c.Erl
	switch erl {
	case "":
		erl, _ = exec.LookPath("erl")
	case "none":
		erl = ""
	}
	report, err := procbench.Run(ctx, procbench.Options{
		Repeat: c.Runs, Many: c.Many, Erl: erl, Only: c.Parts, Tell: slowNotes(e),
	})
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("bench process: %w", err)
	}
	if ctx.Err() != nil {
		e.note("Interrupted: these figures are not complete.")
	}
	if err := e.show(report, func(w io.Writer) { printProcessFigures(w, report) }); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return errQuiet
	}
	return nil
}

func printProcessFigures(w io.Writer, r *procbench.Report) {
	fmt.Fprintf(w, "figure\tvalue\taim\t\n")
	for _, name := range r.Order {
		v, ours := r.Figures[name]
		aim, ok := procbench.Aims[name]
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
