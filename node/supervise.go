package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/byzantine"
	"github.com/metatopia/metatopia/node/replica"
	"github.com/metatopia/metatopia/node/server"
	"github.com/metatopia/metatopia/node/witness"
	"github.com/metatopia/metatopia/node/world"
	"github.com/metatopia/metatopia/region/order/raft"
)

// superviseShared looks after a server of several until it ends, and then sees
// to it that this node serves the region again if it is to.
func (w *worldState) superviseShared(ctx, running context.Context, s *servedRegion) {
	w.n.goRun(func(context.Context) { s.group.tend(running, s) })
	select {
	case <-ctx.Done():
		return
	case <-s.done:
	}
	if ctx.Err() != nil || running.Err() != nil {
		return // somebody halts it
	}
	// Its log goes on, and must not lead: nobody would cut a tick.
	down, served := context.WithCancel(ctx)
	defer served()
	w.n.goRun(func(context.Context) { s.group.follow(down) })
	if !w.joins.wait(ctx, s.id) {
		return
	}
	again, still := w.mend(ctx, s)
	if still {
		w.joins.free(s.id)
		if w.standStill(ctx, s) {
			w.joinSoon(s.id)
		}
		return
	}
	w.done(ctx, s.id, again)
}

// mend goes on with a server that ended by itself, or tells that it is to join
// anew, or to stand still.
func (w *worldState) mend(ctx context.Context, s *servedRegion) (anew, still bool) {
	err := errors.Join(s.err, w.end(s))
	if s.halted.Load() {
		return false, false
	}
	if errors.Is(err, server.ErrTurned) {
		return w.turned(ctx, s), false
	}
	if diverged(err) {
		w.inquire(ctx, s)
	}
	if errors.Is(err, witness.ErrSplit) && s.group.log.Err() == nil {
		if err = w.goBack(s); err == nil || errors.Is(err, errStill) {
			return false, err != nil
		}
		w.n.log.Error("not gone back", "region", s.rec.Name, "err", err)
	}
	s.endWatching()
	if errors.Is(err, witness.ErrDiverged) && s.group.log.Err() == nil {
		if err = w.afresh(ctx, s); err == nil {
			return false, false
		}
		w.n.log.Warn("no state that the others agree on; joining anew", "region", s.rec.Name, "err", err)
	}
	behind := errors.Is(err, server.ErrBehind)
	if behind && s.group.log.Err() == nil && !s.group.fixed {
		if err = w.catchUp(ctx, s); err == nil {
			return false, false
		}
		w.n.log.Warn("not caught up; joining anew", "region", s.rec.Name, "err", err)
	}
	_ = s.group.log.Close()
	return w.ended(s, err), false
}

// stop ends a region that is served here, because of what the owner's record
// says now.
func (w *worldState) stop(ctx context.Context, s *servedRegion, why error) {
	if !w.joins.wait(ctx, s.id) {
		return
	}
	anew := false
	w.mu.Lock()
	here := w.served[s.id] == s
	w.mu.Unlock()
	if here {
		w.n.log.Debug("server halted", "region", s.rec.Name, "why", why, "err", w.halt(s))
		anew = w.ended(s, why)
	}
	w.done(ctx, s.id, anew)
	if !here {
		w.serversChanged()
	}
}

// ended tells that a server that has ended is to begin anew as a learner. It
// deletes what there is when the owner's record does not name this node any
// more.
func (w *worldState) ended(s *servedRegion, why error) (anew bool) {
	rec := w.record(s.id)
	if rec == nil || !lists(rec, w.n.key) {
		w.n.log.Info("region is not served here any more", "region", s.rec.Name)
		if rec == nil || rec.Owner != w.n.key {
			if err := os.RemoveAll(w.n.home.path("regions", s.id.String())); err != nil {
				w.n.log.Warn("old state not deleted", "region", s.rec.Name, "err", err)
			}
		}
		return false
	}
	w.n.log.Warn("serving the region begins anew", "region", s.rec.Name, "err", why)
	return true
}

// catchUp takes a newer checkpoint from the others and goes on with the same
// log.
func (w *worldState) catchUp(ctx context.Context, s *servedRegion) error {
	need, _ := s.group.log.Need()
	// Those who are asked are the others: of three both must agree.
	got, err := w.fetchPoint(ctx, s.rec, s.voters(), s.others(), need.Tick)
	if err != nil {
		return err
	}
	if err := got.install(w, s.id, s.points.cfg); err != nil {
		return err
	}
	if err := s.group.log.Install(*got.begin); err != nil {
		return err
	}
	saved, err := w.loadRegion(s.id)
	if err != nil {
		return err
	}
	return w.serveWith(saved, s.group)
}

// drop takes a server out of the list.
func (w *worldState) drop(s *servedRegion) {
	w.mu.Lock()
	if w.served[s.id] == s {
		delete(w.served, s.id)
	}
	w.mu.Unlock()
}

// halt stops serving a region; what it did is on disk.
func (w *worldState) halt(s *servedRegion) error {
	s.halted.Store(true)
	w.drop(s)
	w.n.net.Unhandle(protoClient + s.id.String())
	if s.group != nil {
		_ = s.group.handOver()
	}
	err := w.end(s)
	s.endWatching()
	if s.group != nil {
		err = errors.Join(err, s.group.log.Close())
	}
	return err
}

// end closes what runs of a served region; its shared log stays. Whoever calls
// it second waits for the first.
func (w *worldState) end(s *servedRegion) error {
	s.ending.Do(func() {
		w.drop(s)
		s.cancel()
		<-s.done
		s.store.close()
		err := s.srv.Close()
		if s.past != nil {
			err = errors.Join(err, s.past.Close())
		}
		s.judging.Wait()
		s.ended = errors.Join(err, s.court.Close())
		s.points.close()
	})
	return s.ended
}

// late says that a server is so far behind that clients are better off
// elsewhere.
func (s *servedRegion) late() bool {
	return s.group != nil && s.group.lag(s.srv.Status().Tick) > lagMost
}

// alone says that a region is served by this node and nobody else.
func (w *worldState) alone(id base.ID) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.served[id]
	return s != nil && s.group == nil
}

// reopen starts a region that the data directory holds.
func (w *worldState) reopen(saved savedRegion) error {
	rec, err := w.siteRecord(saved)
	if err != nil {
		return err
	}
	if !lists(rec, w.n.key) {
		w.n.log.Info("region of one's own is served by others", "region", rec.Name)
		return w.addOwnSite(rec)
	}
	if len(saved.Turn) > 0 {
		err = w.serveTurned(saved)
	} else {
		err = w.serve(saved)
	}
	if err == nil || !saved.Shared {
		return err
	}
	alone := len(rec.Servers) == 1 && rec.Servers[0] == w.n.key
	switch {
	case errors.Is(err, replica.ErrUnsure), errors.Is(err, byzantine.ErrUnsure), errors.Is(err, replica.ErrRemoved), errors.Is(err, server.ErrBehind):
	case errors.Is(err, server.ErrLacking) && !alone: // a join that waits for a module was cut off, or the disk has lost one
	default:
		return err
	}
	if err := w.addOwnSite(rec); err != nil {
		return err
	}
	if alone {
		// A node that did not start could not recover it.
		w.n.log.Error("region is not served; its only server cannot join another: `metatopia region recover` begins anew from what is on disk", "region", rec.Name, "err", err)
		return nil
	}
	w.n.log.Warn("region is joined anew", "region", rec.Name, "err", err)
	w.joinSoon(rec.Region())
	return nil
}

// serversChanged goes by new records: of regions that this node is to serve,
// or not any more, and of new epochs.
func (w *worldState) serversChanged() {
	for _, rec := range w.records() {
		id := rec.Region()
		w.mu.Lock()
		s := w.served[id]
		w.mu.Unlock()
		switch {
		case s == nil:
			w.joinSoon(id)
		case s.group == nil:
		case turns(s.rec, rec):
			w.n.goRun(func(ctx context.Context) { w.stopLate(ctx, s) })
		case logEpoch(rec) > s.group.epoch:
			w.n.log.Warn("the owner has begun a new epoch of the region", "region", rec.Name, "epoch", rec.Epoch)
			w.n.goRun(func(ctx context.Context) { w.stop(ctx, s, errNewEpoch) })
		case !lists(rec, w.n.key) && slices.IndexFunc(s.group.log.Members(), memberKey(w.n.key)) < 0:
			w.n.goRun(func(ctx context.Context) { w.stop(ctx, s, replica.ErrRemoved) })
		}
	}
}

var errNewEpoch = errors.New("the region's owner has begun a new epoch")

// saveRegion writes region.json.
func (w *worldState) saveRegion(id base.ID, saved savedRegion) error {
	if err := w.n.home.saveJSON("regions/"+id.String()+"/"+regionFile, saved); err != nil {
		return fmt.Errorf("node: region: %w", err)
	}
	return nil
}

// loadRegion reads region.json.
func (w *worldState) loadRegion(id base.ID) (saved savedRegion, err error) {
	found, err := w.n.home.loadJSON("regions/"+id.String()+"/"+regionFile, &saved)
	if err == nil && !found {
		err = errUnserved
	}
	return saved, err
}

// savedFor is what is kept of a region that this node has joined.
func (w *worldState) savedFor(rec *world.SiteRecord) savedRegion {
	saved := savedRegion{Name: rec.Name, Site: rec.Site, Founded: rec.Founded, Shared: true, Epoch: rec.Epoch}
	if rec.Owner == w.n.key {
		saved.Servers, saved.Trust = rec.Servers, rec.Trust
	} else {
		saved.Record = rec.Encode()
	}
	return saved
}

func memberKey(k base.Key) func(raft.Member) bool {
	return func(m raft.Member) bool { return m.Key == k }
}
