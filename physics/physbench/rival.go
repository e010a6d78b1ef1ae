package physbench

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/physics/scenes"
)

// rival is another engine as a program. It is given a file and a number of
// steps, and prints the seconds of processor time that its steps took, and of
// the centres of the bodies that move their mean, highest and lowest height.
// Each line of the file is a body: its shape, box or sphere, its place, its half
// sizes and its mass, which is 0 if it stands still.
type rival struct {
	name    string
	command []string
}

func (r rival) run(ctx context.Context, file string, steps int) (out result, err error) {
	cmd := exec.CommandContext(ctx, r.command[0], append(r.command[1:len(r.command):len(r.command)], file, fmt.Sprint(steps))...)
	var said, words bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &words
	if err := cmd.Run(); err != nil {
		return out, fmt.Errorf("%w: %s", err, strings.TrimSpace(words.String()))
	}
	var seconds float64
	if _, err := fmt.Sscan(said.String(), &seconds, &out.mean, &out.top, &out.low); err != nil || !(seconds > 0 && seconds < 86400) {
		return out, fmt.Errorf("it says %q instead of four numbers", said.String())
	}
	out.cpu = time.Duration(float64(seconds * 1e9)) //lint:clamped to a day
	return out, nil
}

// write makes the file of a scene.
func (b *bench) write(s scenes.Scene) (string, error) {
	var text bytes.Buffer
	for _, body := range s.Bodies {
		kind, h, p := "box", body.Shape.Half, body.Pos
		if body.Shape.Kind == physics.Sphere {
			kind, h.Y, h.Z = "sphere", h.X, h.X
		}
		mass := body.Mass
		if body.Flags&physics.Static != 0 {
			mass = 0
		}
		fmt.Fprintln(&text, kind, p.X, p.Y, p.Z, h.X, h.Y, h.Z, mass)
	}
	file := filepath.Join(b.dir, s.Name)
	return file, os.WriteFile(file, text.Bytes(), 0o600)
}
