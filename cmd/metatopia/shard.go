package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/physics/record"
)

type shardCmd struct {
	Record  shardRecordCmd  `cmd:"" help:"Record the physics of my region."`
	Replay  shardReplayCmd  `cmd:"" help:"Run a recording again and name the first step that differs."`
	Compare shardCompareCmd `cmd:"" help:"Name the first step in which two recordings differ."`
}

// shardRate is how many physics steps a region makes in a second.
const shardRate = 60

type shardRecordCmd struct {
	File   string        `arg:"" type:"path" help:"Where to write it; must not exist."`
	Region string        `help:"Name or id of the region, when my node serves several." placeholder:"NAME"`
	For    time.Duration `help:"How much of the region's time." default:"10s"`
	Every  int           `help:"Steps between two whole states; 1 lets a comparison name what differs in the very step." default:"60"`
}

func (shardRecordCmd) Help() string {
	return `A recording holds the physics of a region that my node serves: its state at the
start, what it was told in every step (60 a second) and the hash of the state
after it. What it needs to run again is in the file.

Example:
  metatopia shard record hearth.rec --for 30s
  metatopia shard record hearth.rec --region Hearthside --every 1`
}

func (c shardRecordCmd) Run(ctx context.Context, e *environment) error {
	steps := c.For.Seconds() * shardRate
	if steps < 1 || steps > control.MaxShardSteps || c.Every < 0 {
		return usagef("metatopia shard record --help", "shard record: for %s with a state every %d steps; at most two hours", c.For, c.Every)
	}
	f, err := os.OpenFile(c.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return control.Errorf(control.Conflict, "choose another name, or remove it first", "%s exists", c.File)
	}
	if err != nil {
		return fmt.Errorf("shard record: %w", err)
	}
	size := 0
	err = e.node().ShardRecord(ctx, &control.ShardRecordRequest{Region: c.Region, Steps: int(steps), Every: c.Every}, func(p *control.ShardPiece) error {
		n, err := f.Write(p.Data)
		size += n
		return err
	})
	if ctx.Err() != nil && size > 0 {
		e.note("Interrupted: the recording ends here, and can be run.")
		err = nil // what came is whole up to the last step
	}
	if err = errors.Join(err, f.Close()); err != nil {
		if size == 0 {
			_ = os.Remove(c.File) // nothing is lost with it
		}
		return err
	}
	return e.show(struct {
		File  string `json:"file"`
		Bytes int    `json:"bytes"`
	}{c.File, size}, func(w io.Writer) { fmt.Fprintf(w, "%s\t%d bytes\n", c.File, size) })
}

type shardReplayCmd struct {
	File string `arg:"" type:"existingfile" help:"A recording."`
}

func (shardReplayCmd) Help() string {
	return `Runs the recording on this machine, without a node. When a step does not lead to
the recorded state it is named, with the first body, contact and field that
differ if the recording has a state from there on; the exit code is then 1.

Example:
  metatopia shard replay hearth.rec`
}

func (c shardReplayCmd) Run(e *environment) error {
	r, err := readRecording(c.File)
	if err != nil {
		return err
	}
	d, steps, err := record.Replay(r)
	if err != nil {
		return unread(c.File, err)
	}
	return e.verdict(d, steps, r.Cut, "this machine", "the recording")
}

type shardCompareCmd struct {
	This string `arg:"" type:"existingfile" help:"A recording."`
	That string `arg:"" type:"existingfile" help:"Another one of the same region, from another machine."`
}

func (shardCompareCmd) Help() string {
	return `Compares the steps that both recordings have. When they differ it says whether
the two were told different things, or made different states of the same, and
with which of them this machine agrees; the exit code is then 1.

Example:
  metatopia shard compare mine.rec theirs.rec`
}

func (c shardCompareCmd) Run(e *environment) error {
	a, err := readRecording(c.This)
	if err != nil {
		return err
	}
	b, err := readRecording(c.That)
	if err != nil {
		return err
	}
	d, steps, err := record.Compare(a, b)
	if errors.Is(err, record.ErrApart) {
		return control.Errorf(control.Invalid, "record both at the same time, for longer", "%w", err)
	}
	if err != nil {
		return unread(c.This+", "+c.That, err)
	}
	return e.verdict(d, steps, a.Cut || b.Cut, c.This, c.That)
}

func readRecording(path string) (*record.Recording, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read
	b, err := io.ReadAll(io.LimitReader(f, record.MaxBytes+1))
	if err != nil {
		return nil, err
	}
	r, err := record.Parse(b)
	if err != nil {
		return nil, unread(path, err)
	}
	return r, nil
}

// unread says that a recording cannot be used.
func unread(path string, err error) error {
	return control.Errorf(control.Corrupt, "it is damaged, or another version of metatopia made it: record anew", "%s: %w", path, err)
}

// verdict is what a comparison found.
type verdict struct {
	Same    bool   `json:"same"`
	Steps   int    `json:"steps"` // that are the same
	Cut     bool   `json:"cut,omitempty"`
	Step    uint64 `json:"step,omitempty"` // the first that is not
	What    string `json:"what,omitempty"` // config | start | commands | state
	Command *int   `json:"command,omitempty"`
	Here    string `json:"here,omitempty"`  // with which one this machine agrees
	Where   string `json:"where,omitempty"` // first body or contact, and field
	At      uint64 `json:"at,omitempty"`    // step of Where
	Bodies  int    `json:"bodies,omitempty"`
}

// verdict prints what was found; a difference is exit code 1.
func (e *environment) verdict(d *record.Divergence, steps int, cut bool, this, that string) error {
	v := verdict{Same: d == nil, Steps: steps, Cut: cut}
	if d != nil {
		v.Step, v.What, v.At = d.Step, d.What, d.At
		v.Here = map[string]string{"this": this, "that": that}[d.Here]
		if v.Here == "" {
			v.Here = d.Here
		}
		if d.Command >= 0 {
			v.Command = &d.Command
		}
		if d.Where != nil {
			v.Where, v.Bodies = d.Where.String(), d.Where.Bodies
		}
	}
	err := e.show(v, func(w io.Writer) {
		if v.Cut {
			fmt.Fprintln(w, "a recording ends within a step, which is left out")
		}
		if v.Same {
			fmt.Fprintf(w, "%d steps, all the same\n", v.Steps)
			return
		}
		switch v.What {
		case "config":
			fmt.Fprintln(w, "worlds of different configurations")
		case "start":
			fmt.Fprintf(w, "the states before the first common step, after step %d, differ\n", v.Step)
		case "commands":
			fmt.Fprintf(w, "step %d: told different things, first command %d\n", v.Step, *v.Command)
		default:
			fmt.Fprintf(w, "step %d: the same commands, another state\n", v.Step)
		}
		if v.Here != "" {
			fmt.Fprintf(w, "this machine agrees with %s\n", v.Here)
		}
		if v.Where != "" {
			fmt.Fprintf(w, "after step %d: %s (%s, %s); %d bodies differ\n", v.At, v.Where, this, that, v.Bodies)
		} else if v.What == "state" {
			fmt.Fprintln(w, "no state is recorded from there on: record with --every 1 to see what differs")
		}
	})
	if err != nil || v.Same {
		return err
	}
	return errQuiet
}
