package main

import (
	"context"
	"os/exec"

	"github.com/metatopia/metatopia/scripting/procbench"
)

// processBench measures processes of this machine.
type processBench struct {
	Many int    `help:"Processes in the large ring." default:"100000"`
	Erl  string `help:"The erl of Erlang/OTP to compare with; none for no comparison. (default: the one in the path)" placeholder:"PATH"`
}

func (c processBench) run(ctx context.Context, e *environment, s selection) error {
	if c.Many < 1000 || c.Many > 1_000_000 {
		return usagef("", "bench process: --many is 1,000 to 1,000,000, not %d", c.Many)
	}
	if err := s.check("process", procbench.Parts()); err != nil {
		return err
	}
	erl := c.Erl
	switch erl {
	case "":
		erl, _ = exec.LookPath("erl")
	case "none":
		erl = ""
	}
	report, err := procbench.Run(ctx, procbench.Options{
		Repeat: s.Repeat, Many: c.Many, Erl: erl, Only: s.Part, Tell: slowNotes(e),
	})
	return e.report(ctx, report, err)
}
