package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/metatopia/metatopia/node/control"
)

type listenCmd struct {
	Lines int           `help:"End after this many lines; 0 is never." placeholder:"N"`
	For   time.Duration `help:"End after this time; 0 is never." placeholder:"TIME"`
}

func (listenCmd) Help() string {
	return `What people and things say within 30 m of my avatar from now on, a line each.

Example:
  metatopia listen
  metatopia listen --lines 1 --for 10s`
}

// errEnough ends a stream.
var errEnough = errors.New("enough")

func (c listenCmd) Run(ctx context.Context, e *environment) error {
	if c.For > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, c.For, errEnough)
		defer cancel()
	}
	heard := 0
	err := e.node().Watch(ctx, &control.WatchRequest{}, func(f *control.Frame) error {
		if f.Full { // with what was said before
			e.note("listening; Ctrl-C ends it")
			return nil
		}
		for _, l := range f.Chat {
			if err := c.print(e, l); err != nil {
				return err
			}
			if heard++; heard == c.Lines {
				return errEnough
			}
		}
		return nil
	})
	if errors.Is(err, errEnough) || context.Cause(ctx) == errEnough {
		return nil
	}
	return err
}

func (listenCmd) print(e *environment, l control.ChatLine) error {
	if e.JSON {
		return e.line(l)
	}
	_, err := fmt.Fprintf(e.Out, "%s: %s\n", oneLine(l.From), oneLine(l.Text))
	return err
}

type touchCmd struct {
	Thing string `arg:"" help:"Id of a thing, or the name of one in sight."`
}

func (touchCmd) Help() string {
	return `Its script gets the event "touch". A thing is within reach at 3 m.

Example:
  metatopia touch lamp`
}

func (c touchCmd) Run(ctx context.Context, e *environment) error {
	res, err := e.node().Touch(ctx, &control.TouchRequest{Thing: c.Thing})
	if err != nil {
		return err
	}
	return e.show(res, func(w io.Writer) { fmt.Fprintf(w, "touched in %s at tick %d\n", oneLine(res.Region), res.Tick) })
}
