package node

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/byzantine"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/p2p"
	"github.com/metatopia/metatopia/node/server"
	"github.com/metatopia/metatopia/node/world"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/agree"
	"github.com/metatopia/metatopia/region/succession"
)

const (
	// turnWait bounds going over to another log, in which most servers have to come
	// to its end; every turnTries times turnAsk the end is asked for again.
	turnWait  = 30 * time.Second
	turnTries = 50
)

// trustOf reads what an owner takes servers for.
func trustOf(name string) (agree.Trust, error) {
	t, err := agree.ParseTrust(name)
	if err != nil {
		return 0, control.Errorf(control.Invalid, "crash, accountable, byzantine", "%w", err)
	}
	return t, nil
}

// trustFirst reads what an owner takes the servers of a new region for: it has one.
func trustFirst(name string) (agree.Trust, error) {
	t, err := trustOf(name)
	if err == nil && t == agree.Byzantine {
		err = control.Errorf(control.Conflict, "add servers to it; then `metatopia region trust byzantine`", "trust byzantine needs 4 or 7 servers, and a new region has one")
	}
	return t, err
}

// trustRegion changes what an own region takes its servers for.
func (w *worldState) trustRegion(ctx context.Context, rec *world.SiteRecord, name string) error {
	t, err := trustOf(name)
	if err != nil || t == rec.Trust {
		return err
	}
	if t == agree.Byzantine || rec.Trust == agree.Byzantine {
		return w.turnRegion(ctx, rec, t)
	}
	now := *rec
	now.Trust = t
	next, err := w.changeServers(&now, rec.Servers, rec.Epoch)
	if err != nil {
		return err
	}
	return w.noteServers(ctx, next)
}

// fixedServers refuses to change servers that stay the same.
func fixedServers(rec *world.SiteRecord) error {
	if rec.Trust != agree.Byzantine {
		return nil
	}
	return control.Errorf(control.Conflict, "first `metatopia region trust accountable "+"--region "+rec.Name+"`; then change them, and go back to byzantine", "%w", errFixed)
}

// turnRegion ends the log of an own region that this node serves, and has all its
// servers go on with one of the other kind.
func (w *worldState) turnRegion(ctx context.Context, rec *world.SiteRecord, t agree.Trust) error {
	id := rec.Region()
	w.mu.Lock()
	s := w.served[id]
	w.mu.Unlock()
	if n := len(rec.Servers); t == agree.Byzantine && n != 4 && n != byzantine.MaxServers {
		return control.Errorf(control.Conflict, "4 servers bear one that lies, 7 bear two: `metatopia region add-server`; or `metatopia region trust accountable`",
			"trust byzantine needs 4 or 7 servers, and the region has %d", n)
	}
	if s == nil || s.group == nil || s.group.epoch != logEpoch(rec) {
		return control.Errorf(control.Unavailable, "see `metatopia region status "+rec.Name+"`", "this node does not serve the region")
	}
	if t == agree.Byzantine {
		if err := w.readyToTurn(ctx, s, rec); err != nil {
			return err
		}
	}
	now := *rec
	now.Trust = t
	ctx, cancel := context.WithTimeout(ctx, turnWait)
	defer cancel()
	tick := time.NewTicker(turnAsk)
	defer tick.Stop()
	for try := 0; ; try++ {
		if try%turnTries == 0 { // another entry of the roles may have come before
			if err := w.sayTurn(ctx, s, &now); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return control.Errorf(control.Unavailable, "see `metatopia region status "+rec.Name+"`; `metatopia region recover` begins anew with this node alone",
				"the servers have not begun the next log yet: %w", ctx.Err())
		case <-s.done:
			w.mu.Lock()
			next := w.served[id]
			w.mu.Unlock()
			if next != nil && next.group != nil && next.group.epoch > s.group.epoch {
				return nil
			}
			try = 0
			select {
			case <-ctx.Done():
			case <-tick.C:
			}
		case <-tick.C:
		}
	}
}

// readyToTurn says which of a region's servers is not as far as the others.
func (w *worldState) readyToTurn(ctx context.Context, s *servedRegion, rec *world.SiteRecord) error {
	at := s.srv.Status()
	said := w.askServers(ctx, s.id, without(rec.Servers, []base.Key{w.n.key}))
	for _, k := range rec.Servers {
		st, ok := said[k]
		switch {
		case slices.Contains(at.Barred, k):
			return control.Errorf(control.Conflict, "`metatopia region remove-server` and add another", "server %s has signed two things where there can be one", p2p.PeerID(k))
		case k != w.n.key && (!ok || !st.Serving || st.Epoch != s.group.epoch || st.Tick+lagMost < at.Tick):
			return control.Errorf(control.Unavailable, "see `metatopia region status "+rec.Name+"`", "server %s does not answer, or is behind the others", p2p.PeerID(k))
		}
	}
	return nil
}

// sayTurn signs the end of a region's log for the roles as they are now, and brings
// it in.
func (w *worldState) sayTurn(ctx context.Context, s *servedRegion, now *world.SiteRecord) error {
	next, err := w.changeServers(now, now.Servers, now.Epoch+1)
	if err != nil {
		return err
	}
	word := turnWord{rec: next, site: next.Encode()}
	err = s.srv.Between(ctx, func(sim *region.Sim) {
		st := sim.Law()
		x := succession.Entry{Kind: succession.Renew, By: w.n.key, Counter: w.n.lawCounter.next(st.Counter(w.n.key)), Head: st.Head(),
			Epoch: logEpoch(next), Servers: slices.SortedFunc(slices.Values(next.Servers), base.Key.Compare)}
		g := st.Genesis().In(x.Epoch)
		g.Sign(&x, w.n.sign)
		word.renew = x.Bytes()
	})
	if err == nil {
		err = s.srv.Turn(word.bytes())
	}
	if err != nil && errors.Is(err, server.ErrClosed) {
		return nil // an earlier word counted
	}
	return err
}
