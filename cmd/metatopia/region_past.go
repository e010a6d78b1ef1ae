package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/metatopia/metatopia/node/control"
)

type regionReplayCmd struct {
	Name string `arg:"" optional:"" help:"Name or id of the region, when my node serves several."`
	From string `help:"Where to begin: the tick of a kept state, or a checkpoint's CID; the newest state before --to when not given." placeholder:"CHECKPOINT"`
	To   uint64 `help:"Where to end; the last tick kept when not given." placeholder:"TICK"`
	Keep bool   `help:"Store the state that was reached as a lump that a region can begin with."`
	List bool   `help:"Only say what is kept."`
}

func (regionReplayCmd) Help() string {
	return `Makes past ticks of a region that my node serves again, beside the running one, and
compares every state with the recorded one. Exit code 1 when one differs: the
first such tick is named.

A node keeps the log of each of its regions for a day, at most 256 MiB ("up
--history"), with a state every ten minutes.

With --keep the past becomes a checkpoint: "region seed NAME --at X,Y,Z --from CID"
makes a region of one's own of it, things, scripts, owners and authors included.

Example:
  metatopia region replay --list
  metatopia region replay Hearthside --from 12001 --to 13000
  metatopia region replay Hearthside --to 13000 --keep`
}

func (c regionReplayCmd) Run(ctx context.Context, e *environment) error {
	var kept []control.PastSpan
	var last *control.ReplayStep
	p := newProgress(e, "replay", 0)
	err := e.node().RegionReplay(ctx, &control.ReplayRequest{Region: c.Name, From: c.From, To: c.To, Keep: c.Keep, List: c.List}, func(s *control.ReplayStep) error {
		if s.Kept != nil {
			kept = s.Kept
		}
		p.ticks(s.From, s.Tick, s.To)
		last = s
		return nil
	})
	p.done()
	switch {
	case err != nil:
		return err
	case last == nil:
		return errors.New("region replay: the node gave no answer")
	case c.List:
		return e.show(struct {
			Region string             `json:"region"`
			Kept   []control.PastSpan `json:"kept"`
		}{last.Region, append([]control.PastSpan{}, kept...)}, func(w io.Writer) {
			fmt.Fprintln(w, "FROM\tTO\tSTATES\tBYTES\tBEGAN\tUNTIL")
			for _, s := range kept {
				fmt.Fprintf(w, "%d\t%d\t%d\t%d\t%s\t%s\n", s.From, s.To, len(s.States), s.Bytes, s.Began, s.Until)
			}
		})
	}
	err = e.show(last, func(w io.Writer) {
		switch {
		case last.Differs > 0:
			fmt.Fprintf(w, "%s\ttick %d differs: state %s, recorded %s\n", last.Region, last.Differs, last.Hash, last.Want)
		default:
			fmt.Fprintf(w, "%s\tticks %d to %d\tstate %s\t%s\n", last.Region, last.From, last.Tick, last.Hash, either(last.Checked, "as recorded", "of the last tick nothing is recorded"))
		}
		if last.CID != "" {
			fmt.Fprintf(w, "kept as\t%s\n", last.CID)
		}
	})
	if err == nil && last.Differs > 0 {
		return errQuiet
	}
	return err
}

// ticks draws how far a run of ticks is.
func (p *progress) ticks(from, at, to uint64) {
	if p.w == nil || at <= from || to <= from {
		return
	}
	fmt.Fprintf(p.w, "\r%s tick %d, %d %%\x1b[K", p.what, at, (at-from)*100/(to-from))
	p.drawn = p.drawn.Add(1)
}

type regionUndoCmd struct {
	Name   string `arg:"" optional:"" help:"Name or id of the region, when my node serves several."`
	Player string `help:"Whose inputs: key, its beginning, or a name." placeholder:"PLAYER"`
	Since  string `help:"Since when: a tick, a time as 2026-11-21T20:00:00Z, or how long ago as 10m." placeholder:"TICK|TIME"`
	Out    string `help:"Where to write the proposal; must not exist." placeholder:"FILE" default:"undo.json" type:"path"`
	Commit string `help:"Do what this proposal says." placeholder:"FILE" type:"path"`
}

func (regionUndoCmd) Help() string {
	return `What a region would be without what a player did since a tick: the ticks are made
again beside the running region, without that player's inputs, and what differs is
written down as a proposal. The region is not touched. Avatars and what went over a
border stay as they are.

An admin of the region commits the proposal within an hour. It goes into the log in
parts, each done as a whole, or refused when something in it has changed since.

Example:
  metatopia region undo --player Mallory --since 10m --out mallory.json
  metatopia region undo --commit mallory.json`
}

func (c regionUndoCmd) Run(ctx context.Context, e *environment) error {
	if c.Commit != "" {
		return c.commit(ctx, e)
	}
	if c.Player == "" || c.Since == "" {
		return usagef("metatopia region undo --help", "region undo: --player and --since, or --commit")
	}
	if _, err := os.Stat(c.Out); !errors.Is(err, fs.ErrNotExist) {
		return control.Errorf(control.Conflict, "choose another name with --out, or remove it first", "%s exists", c.Out)
	}
	var prop *control.UndoProposal
	p := newProgress(e, "undo", 0)
	from := uint64(0)
	err := e.node().RegionUndo(ctx, &control.UndoRequest{Region: c.Name, Player: c.Player, Since: c.Since}, func(a *control.UndoAnswer) error {
		if a.Proposal != nil {
			prop = a.Proposal
			return nil
		}
		if from == 0 {
			from = a.Tick
		}
		p.ticks(from, a.Tick, a.To)
		return nil
	})
	p.done()
	if err != nil {
		return err
	}
	if prop == nil {
		return errors.New("region undo: the node gave no answer")
	}
	b, err := json.MarshalIndent(prop, "", "  ")
	if err != nil {
		return fmt.Errorf("region undo: %w", err)
	}
	if err := os.WriteFile(c.Out, append(b, '\n'), 0o600); err != nil {
		return fmt.Errorf("region undo: %w", err)
	}
	err = e.show(prop, func(w io.Writer) {
		for _, s := range prop.Steps {
			fmt.Fprintf(w, "%s\t%s\t%s\n", s.Kind, either(s.Name != "", s.Name, s.Thing), s.What)
		}
	})
	e.note("%d inputs since tick %d; steps that put it back: %d. Written to %s.", prop.Inputs, prop.Since, len(prop.Steps), c.Out)
	return err
}

// maxProposal bounds the file that is read, in bytes.
const maxProposal = 16 << 20

func (c regionUndoCmd) commit(ctx context.Context, e *environment) error {
	f, err := os.Open(c.Commit)
	if err != nil {
		return fmt.Errorf("region undo: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxProposal))
	if err != nil {
		return fmt.Errorf("region undo: %w", err)
	}
	var prop control.UndoProposal
	if err := json.Unmarshal(b, &prop); err != nil {
		return control.Errorf(control.Invalid, "", "%s is no proposal: %w", c.Commit, err)
	}
	done := struct {
		Region string `json:"region"`
		Parts  int    `json:"parts"`
		Of     int    `json:"of"`
	}{prop.Name, 0, len(prop.Parts)}
	for i, part := range prop.Parts {
		if _, err := e.node().RegionUndoCommit(ctx, &control.UndoCommitRequest{Region: prop.Region, Part: part}); err != nil {
			if i > 0 {
				e.note("%d of %d parts are done.", i, len(prop.Parts))
			}
			if control.CodeOf(err) == control.Conflict {
				return control.Errorf(control.Conflict, "what it would put back has changed, or the proposal is older than an hour: make it again", "part %d: %w", i+1, err)
			}
			return err
		}
		done.Parts++
	}
	return e.show(done, func(w io.Writer) { fmt.Fprintf(w, "%s\t%d of %d parts done\n", done.Region, done.Parts, done.Of) })
}
