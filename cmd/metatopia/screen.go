package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"time"

	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/terminal/screen"
)

type screenCmd struct {
	PID  uint64   `arg:"" name:"pid" help:"Process id."`
	Do   []string `help:"What I do there first, such as 'key Enter' or 'text hello' (docs/interfaces/input.md); may be given several times." placeholder:"EVENT" sep:"none"`
	Once bool     `help:"Print the characters that it shows now, and leave."`
	PNG  string   `name:"png" help:"Write the picture that it shows now to a file, and leave." placeholder:"FILE"`
}

func (screenCmd) Help() string {
	return `Shows what a process shows, and gives it my keys and my pointer; Ctrl-] leaves, and the process
goes on. A picture is drawn with two pixels a character. Sounds are heard in the browser only.
With --do alone nothing is shown. With --json each change is one object.

Example:
  metatopia screen 7
  metatopia screen 7 --once
  metatopia screen 7 --do 'key ArrowUp' --do 'up ArrowUp'
  metatopia screen 7 --png now.png`
}

// errSeen ends a stream of which enough has come.
var errSeen = errors.New("seen")

func (c screenCmd) Run(ctx context.Context, e *environment) error {
	node := e.node()
	if len(c.Do) > 0 {
		if err := node.ScreenAct(ctx, &control.ScreenActRequest{PID: c.PID, Events: c.Do}); err != nil {
			return err
		}
		if !c.Once && c.PNG == "" && !e.JSON {
			return nil
		}
	}
	switch {
	case c.Once || c.PNG != "":
		return c.now(ctx, e, node)
	case e.JSON:
		err := node.Screen(ctx, &control.ScreenRequest{PID: c.PID}, func(f *control.ScreenFrame) error { return e.line(f) })
		if ctx.Err() != nil {
			return nil
		}
		return err
	case !isTTY(e.In) || !isTTY(e.Out) || os.Getenv("TERM") == "dumb":
		return usagef("metatopia screen --once prints the characters, --png writes the picture, --json follows", "screen: needs a terminal that can draw")
	}
	return screen.Run(ctx, node, c.PID, e.In, e.Out)
}

// screenWait is how long a process may take to show anything.
const screenWait = 5 * time.Second

// now prints or writes what is shown.
func (c screenCmd) now(ctx context.Context, e *environment, node *control.Client) error {
	ctx, cancel := context.WithTimeout(ctx, screenWait)
	defer cancel()
	var now screen.Copy
	err := node.Screen(ctx, &control.ScreenRequest{PID: c.PID}, func(f *control.ScreenFrame) error {
		if err := now.Apply(f); err != nil {
			return err
		}
		if !f.Whole {
			return nil // a sound
		}
		return errSeen
	})
	switch {
	case errors.Is(err, errSeen):
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return control.Errorf(control.Timeout, "", "screen: process %d has not shown anything for %s", c.PID, screenWait)
	case err != nil:
		return err
	}
	if c.PNG != "" {
		if err := writePNG(c.PNG, &now); err != nil {
			return fmt.Errorf("screen: %w", err)
		}
	}
	if c.Once {
		return e.show(map[string]any{"title": now.Title, "text": now.Text()}, func(w io.Writer) { fmt.Fprint(w, now.Text()) })
	}
	return nil
}

func writePNG(path string, c *screen.Copy) (err error) {
	if c.Width == 0 {
		return errors.New("the process shows no picture")
	}
	img := image.NewNRGBA(image.Rect(0, 0, c.Width, c.Height))
	for i := range c.Width * c.Height {
		copy(img.Pix[4*i:], c.RGB[3*i:3*i+3])
		img.Pix[4*i+3] = 255
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return png.Encode(f, img)
}
