package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/member"
	"github.com/metatopia/metatopia/node/replay"
	"github.com/metatopia/metatopia/node/server"
	"github.com/metatopia/metatopia/node/witness"
	"github.com/metatopia/metatopia/region/agree"
	"github.com/metatopia/metatopia/region/order"
)

// stillEvery is how often a server that stands still looks whether it can go on.
const stillEvery = 2 * time.Second

// errStill: the servers come to different states each time they make the ticks.
var errStill = errors.New("the region's servers come to different states each time they make the same ticks")

var errNothing = errors.New("nothing is kept to go back to")

// lives is what a server keeps from one life of its sim to the next, of comparing
// states.
type lives struct {
	retreat agree.Retreat
	back    replay.Start                    // the last state that was certified; not kept: none yet
	signed  base.Tick                       // the last tick for which it has signed
	before  atomic.Pointer[witness.Witness] // of the life before, which others may still ask
	// Of one that stands still: the ticks after back, and the lowest number of a
	// server in a new epoch.
	rest  []order.Encoded
	first uint64
}

// goBack begins again from the last state that is certified and makes the same
// ticks, after a split. The log stays, so nothing is lost. The error is errStill
// when that was done often enough: then that state is on the disk.
func (w *worldState) goBack(s *servedRegion) error {
	g, watch := s.group, s.watching.witness()
	if watch == nil {
		return errNothing
	}
	start, certified, err := watch.Back()
	if err != nil {
		w.n.log.Error("no state to go back to", "region", s.rec.Name, "err", err)
	}
	known := base.Tick(0)
	switch {
	case err == nil && certified:
		known, g.lives.back = start.Tick, start
	case g.lives.back.Kept(): // of an earlier life
		start = g.lives.back
	case err != nil:
		return err
	}
	again := g.lives.retreat.Back(known)
	cp := server.Checkpoint{Tick: start.Tick, State: start.Hash, Sum: start.Sum}
	if err := server.Install(s.points.cfg, w.n.home.path("regions", s.id.String()), cp, start.Bytes()); err != nil {
		return err
	}
	g.dropPoints(start.Tick)
	if !again {
		g.lives.back = start
		w.stick(s)
		return errStill
	}
	w.n.log.Warn("the region goes back and makes the same ticks again", "region", s.rec.Name, "tick", uint64(start.Tick), "certified", certified, "try", g.lives.retreat.Tries())
	w.n.count.add(countWentBack, 1)
	if err := g.log.Rewind(start.Tick); err != nil {
		return err
	}
	s.endWatching()
	saved, err := w.loadRegion(s.id)
	if err != nil {
		return err
	}
	return w.serveWith(saved, g)
}

// dropPoints forgets checkpoints of states that were not certified.
func (g *several) dropPoints(after base.Tick) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.points = slices.DeleteFunc(g.points, func(p member.Point) bool { return p.Tick > after })
}

// stuckIn gives a region that stands still here because nobody's state is right.
func (w *worldState) stuckIn(id base.ID) *servedRegion {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stuck[id]
}

// unstick takes a region out of those that stand still; false when it is none.
func (w *worldState) unstick(s *servedRegion) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stuck[s.id] != s {
		return false
	}
	delete(w.stuck, s.id)
	return true
}

// standStill waits until this node's part in a region can go on after a split that
// stays: the owner begins a new epoch, or most of the others have agreed without
// this server. It takes no part in the log meanwhile, so that the region stands
// still when most do: no server makes ticks alone that nobody agrees with. It tells
// whether the server is to begin anew.
func (w *worldState) standStill(ctx context.Context, s *servedRegion) (anew bool) {
	w.n.log.Error("region stands still; it goes on when most of its servers are started with a program that comes to one state, or its owner begins anew from this state: `metatopia region recover`",
		"region", s.rec.Name, "certified", uint64(s.group.lives.back.Tick), "err", errStill)
	defer s.endWatching()
	t := time.NewTicker(stillEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			w.unstick(s)
			return false
		case <-t.C:
		}
		if w.stuckIn(s.id) != s {
			return false // recovered here
		}
		rec := w.record(s.id)
		over := rec == nil || logEpoch(rec) > s.group.epoch || !lists(rec, w.n.key)
		if over || w.othersAgree(ctx, s) {
			if !w.joins.wait(ctx, s.id) {
				continue
			}
			anew = w.unstick(s) && w.ended(s, errStill)
			w.joins.free(s.id)
			return anew
		}
		if watch := s.watching.witness(); watch != nil {
			watch.Remind()
		}
	}
}

// stick makes a region one that stands still here, with what its owner needs to
// begin anew.
func (w *worldState) stick(s *servedRegion) {
	g := s.group
	var err error
	if g.lives.rest, err = g.log.After(g.lives.back.Tick); err != nil {
		w.n.log.Error("the ticks after the last certified one are not all here", "region", s.rec.Name, "err", err)
	}
	g.lives.first = g.nextNumber()
	if err := g.log.Close(); err != nil {
		w.n.log.Error("log not closed", "region", s.rec.Name, "err", err)
	}
	w.mu.Lock()
	w.stuck[s.id] = s
	w.mu.Unlock()
}

// stillStatus is how a server stands that stands still: at the last certified tick.
func (s *servedRegion) stillStatus() member.Status {
	l := &s.group.lives
	return member.Status{Frozen: true, Epoch: s.group.epoch, ID: s.group.log.Self(), Tick: l.back.Tick, Hash: l.back.Hash}
}

// othersAgree reports whether the other servers have a state that this one can
// take.
func (w *worldState) othersAgree(ctx context.Context, s *servedRegion) bool {
	others := slices.DeleteFunc(s.voters(), func(k base.Key) bool { return k == w.n.key })
	_, _, ok := member.Choose(others, w.askServers(ctx, s.id, others), s.srv.Status().Tick, func(p *member.Point) bool { return certified(s.rec, s.voters(), p) })
	return ok && len(others) > 1
}

// takeStuck gives a region that stands still to its owner: from the last certified
// state this node makes all ticks of the log, and what it comes to is what the new
// epoch begins with. Nothing that was agreed on is left out, unless a tick cannot
// be made at all. It gives the lowest number for servers of the new epoch.
func (w *worldState) takeStuck(s *servedRegion) (first uint64, err error) {
	g := s.group
	if !w.unstick(s) {
		return 0, fmt.Errorf("node: recover region: %w", errUnserved)
	}
	defer func() {
		if err != nil { // it stands still as before
			w.mu.Lock()
			w.stuck[s.id] = s
			w.mu.Unlock()
		}
	}()
	from := g.lives.back
	if !from.Kept() {
		return 0, fmt.Errorf("node: recover region: %w", errUnserved)
	}
	var list [][]byte
	for i := range g.lives.rest {
		list = append(list, g.lives.rest[i].Bytes)
	}
	job := w.pastJob(s)
	run, err := witness.Again(job.Config, job.Load, from, list)
	if run == nil {
		return 0, err
	}
	if err != nil {
		w.n.log.Error("ticks of the old epoch that cannot be made are left out", "region", s.rec.Name, "after", uint64(run.Tick()), "err", err)
	}
	cp := server.Checkpoint{Tick: run.Tick(), State: run.Hash(), Sum: run.Sum()}
	if err = server.Install(s.points.cfg, w.n.home.path("regions", s.id.String()), cp, run.Sim().Snapshot(nil)); err != nil {
		return 0, err
	}
	return g.lives.first, nil
}
