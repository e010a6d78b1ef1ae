package main

import (
	"context"
	"fmt"
	"io"

	"github.com/metatopia/metatopia/node/control"
)

type scriptShowCmd struct {
	Thing string `arg:"" help:"Id of a thing, or the name of one in sight."`
}

func (scriptShowCmd) Help() string {
	return `What a thing in sight runs, what its slots hold, why it failed last, and the source
of its script.

Example:
  metatopia script show lamp`
}

func (c scriptShowCmd) Run(ctx context.Context, e *environment) error {
	res, err := e.node().Inspect(ctx, &control.InspectRequest{Thing: c.Thing})
	if err != nil {
		return err
	}
	return e.show(res, func(w io.Writer) {
		fmt.Fprintf(w, "thing\t%s (%s)\n", oneLine(res.Entity.Name), res.Entity.ID)
		fmt.Fprintf(w, "runs\t%d\n", res.Runs)
		if res.LastError != "" {
			fmt.Fprintf(w, "last error\t%s\n", oneLine(res.LastError))
		}
		for _, s := range res.Slots {
			value := oneLine(s.Value)
			if s.Type == "bytes" {
				value = fmt.Sprintf("%d bytes", len(s.Value)/2)
			}
			fmt.Fprintf(w, "%s\t%s\n", s.Name, value)
		}
		if res.Source != "" {
			fmt.Fprintf(w, "\n%s", res.Source)
		}
	})
}
