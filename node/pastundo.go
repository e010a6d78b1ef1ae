package node

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/history"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/order"
	"github.com/metatopia/metatopia/region/succession"
)

// maxFound bounds the people that a look for a name goes over.
const maxFound = 8192

// RegionUndo tells what a region would be without a player's inputs.
func (b *backend) RegionUndo(ctx context.Context, req *control.UndoRequest, send func(*control.UndoAnswer) error) error {
	w, err := b.inWorld()
	if err != nil {
		return err
	}
	s, dir, spans, err := w.ownPast(req.Region)
	if err != nil {
		return err
	}
	if len(spans) == 0 {
		return pastError(history.ErrNone)
	}
	last := &spans[len(spans)-1]
	since, err := sinceTick(dir, req.Since, time.Now())
	if err != nil {
		return pastError(err)
	}
	if since <= last.From || since > last.To {
		return pastError(fmt.Errorf("node: undo since tick %d of %d to %d: %w", since, last.From+1, last.To, history.ErrNone))
	}
	start, err := history.State(dir, since-1)
	if err != nil {
		return pastError(err)
	}
	who, err := w.playerOf(dir, s, last.From, req.Player)
	if err != nil {
		return err
	}
	p := &control.UndoProposal{Region: s.id.String(), Name: s.rec.Name, Player: who.String(), Since: uint64(since), Base: uint64(last.To), Steps: []control.UndoStep{}, Parts: [][]byte{}}
	away := map[base.ID]bool{}
	job := w.pastJob(s)
	job.Output = func(o *region.Output) {
		for _, x := range o.Passed {
			away[x.Thing] = true
		}
	}
	run := &pastRun{dir: dir, job: job, to: last.To, news: func(t base.Tick) error {
		return send(&control.UndoAnswer{Tick: uint64(t), To: uint64(last.To)})
	}, each: func(record []byte) { p.Inputs += inputsOf(record, who, since) }}
	real, err := run.run(ctx, start)
	if err != nil {
		return pastError(err)
	}
	run.job.Without, run.job.Since, run.each = func(k base.Key) bool { return k == who }, since, nil
	without, err := run.run(ctx, start)
	if err != nil {
		return pastError(err)
	}
	p.Hash = real.Hash().String()
	steps := real.Sim().Differences(without.Sim(), func(id base.ID) bool { return away[id] })
	words := wordsOf(real.Sim())
	for i := range steps {
		p.Steps = append(p.Steps, words.of(&steps[i]))
	}
	u := region.Undo{Player: who, Since: since, Base: last.To}
	for _, part := range u.Parts(steps, succession.MaxBody) {
		var e base.Encoder
		region.ControlEntry{Kind: region.ControlUndo, Undo: &part}.AppendTo(&e)
		p.Parts = append(p.Parts, e.B)
	}
	return send(&control.UndoAnswer{Proposal: p})
}

// RegionUndoCommit asks the region for a part of a proposal, in this node's name.
func (b *backend) RegionUndoCommit(ctx context.Context, req *control.UndoCommitRequest) (*control.UndoCommitted, error) {
	w, err := b.inWorld()
	if err != nil {
		return nil, err
	}
	id, err := base.ParseID(req.Region)
	if err != nil {
		return nil, control.Errorf(control.Invalid, "", "the proposal names no region: %w", err)
	}
	c, err := region.ParseControl(req.Part)
	if err != nil || c.Kind != region.ControlUndo {
		return nil, control.Errorf(control.Invalid, "make it again with `metatopia region undo`", "not a part of a proposal")
	}
	a, err := w.act(ctx, id, c)
	if err != nil {
		return nil, err
	}
	name := req.Region
	w.mu.Lock()
	if r := w.dir.Get(id); r != nil {
		name = r.Name
	}
	w.mu.Unlock()
	return &control.UndoCommitted{Region: name, Index: a.Index}, nil
}

// sinceTick reads a tick, a time, or how long ago.
func sinceTick(dir, text string, now time.Time) (base.Tick, error) {
	if t, err := strconv.ParseUint(text, 10, 64); err == nil {
		return base.Tick(t), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		ago, derr := time.ParseDuration(text)
		if derr != nil || ago < 0 {
			return 0, control.Errorf(control.Invalid, "as 12000, 2026-11-21T20:00:00Z or 10m", "since %q is no tick, no time and not how long ago", text)
		}
		at = now.Add(-ago)
	}
	t, err := history.TickAt(dir, at)
	return t + 1, err
}

// inputsOf counts a player's inputs in a record.
func inputsOf(record []byte, who base.Key, since base.Tick) (n int) {
	r, err := order.Parse(record)
	if err != nil || r.Tick < since {
		return 0
	}
	for _, raw := range r.Entries {
		if e, err := region.ParseEntry(raw); err == nil && e.Kind == region.EntryInput {
			if in, _, err := region.ParseSignedInput(e.Body); err == nil && in.Key == who {
				n++
			}
		}
	}
	return n
}

// playerOf finds who is meant: a key, the beginning of one, or a name that
// somebody had when they came or have now.
func (w *worldState) playerOf(dir string, s *servedRegion, from base.Tick, text string) (base.Key, error) {
	if k, err := base.ParseKey(text); err == nil {
		return k, nil
	}
	found := map[base.Key]bool{}
	note := func(k base.Key, name string) {
		if len(found) < maxFound && (name == text || len(text) >= 4 && strings.HasPrefix(k.String(), text)) {
			found[k] = true
		}
	}
	for _, x := range s.srv.Things() {
		if !x.Thing.Player.IsZero() {
			note(x.Thing.Player, x.Thing.Name)
		}
	}
	err := history.Walk(dir, from, func(_ base.Tick, b []byte) error {
		r, err := order.Parse(b)
		if err != nil {
			return err
		}
		for _, raw := range r.Entries {
			e, err := region.ParseEntry(raw)
			if err != nil || e.Kind != region.EntryInput {
				continue
			}
			if in, what, err := region.ParseSignedInput(e.Body); err == nil {
				note(in.Key, what.Name)
			}
		}
		return nil
	})
	if err != nil {
		return base.Key{}, pastError(err)
	}
	switch len(found) {
	case 1:
		for k := range found { //lint:sorted there is one
			return k, nil
		}
	case 0:
		return base.Key{}, control.Errorf(control.NotFound, "name them by their key", "nobody called %q did anything in the time that is kept", text)
	}
	return base.Key{}, control.Errorf(control.NotFound, "name them by their key", "%d people are called %q", len(found), text)
}
