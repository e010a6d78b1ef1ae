package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/keeper"
	"github.com/metatopia/metatopia/node/member"
	"github.com/metatopia/metatopia/node/p2p"
	"github.com/metatopia/metatopia/node/server"
	"github.com/metatopia/metatopia/node/world"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/agree"
)

// RegionServers tells or changes who serves a region.
func (b *backend) RegionServers(ctx context.Context, req *control.RegionServersRequest) (*control.RegionServers, error) {
	w, err := b.inWorld()
	if err != nil {
		return nil, err
	}
	rec, err := w.regionNamed(ctx, req.Region)
	if err != nil {
		return nil, err
	}
	owner := func() error {
		if rec.Owner != b.key {
			return control.Errorf(control.Denied, "", "region %q belongs to %s: only its owner changes its servers", rec.Name, rec.Owner.Short())
		}
		return nil
	}
	var peer base.Key
	if req.Do == control.ServersAdd || req.Do == control.ServersRemove {
		if peer, err = parsePeer(req.Peer); err == nil {
			if err = owner(); err == nil {
				err = fixedServers(rec)
			}
		}
	}
	switch {
	case err != nil:
	case req.Do == control.ServersAdd:
		err = w.addServer(ctx, rec, peer)
	case req.Do == control.ServersRemove:
		err = w.removeServer(ctx, rec, peer)
	case req.Do == control.ServersServe:
		err = w.agreeServe(rec.Region(), true)
	case req.Do == control.ServersRefuse:
		err = w.refuseServe(rec)
	case req.Do == control.ServersRecover:
		if err = owner(); err == nil {
			err = w.recoverRegion(ctx, rec)
		}
	case req.Do == control.ServersTrust:
		if err = owner(); err == nil {
			err = w.trustRegion(ctx, rec, req.Trust)
		}
	}
	if err != nil {
		return nil, serversError(err)
	}
	if now := w.record(rec.Region()); now != nil { // it may be known from another node only
		rec = now
	}
	out := w.serversOf(ctx, rec)
	if !out.Frozen && req.Do != control.ServersServe && req.Do != control.ServersRefuse {
		locked, left := w.leftWithKeys(ctx, rec.Region())
		if locked && req.Do == control.ServersRemove {
			left = max(left, 1) // the log may not have it yet
		}
		out.LeftWithKeys = left
	}
	return out, nil
}

func serversError(err error) error {
	var c *control.Error
	if errors.As(err, &c) {
		return err
	}
	return control.Errorf(control.Unavailable, "", "%w", err)
}

// regionNamed finds the record of a region.
func (w *worldState) regionNamed(ctx context.Context, name string) (*world.SiteRecord, error) {
	if name == "" {
		s, err := w.ownRegion("")
		if err != nil {
			return nil, err
		}
		return w.record(s.id), nil
	}
	id, rec, err := w.findRegion(ctx, name)
	if err != nil {
		return nil, err
	}
	if now := w.record(id); now != nil {
		rec = now
	}
	if rec == nil {
		return nil, control.Errorf(control.NotFound, "see `metatopia region status`", "no region %q is known", name)
	}
	return rec, nil
}

// serversOf asks all servers how they stand.
func (w *worldState) serversOf(ctx context.Context, rec *world.SiteRecord) *control.RegionServers {
	id := rec.Region()
	out := &control.RegionServers{Region: rec.Name, ID: id.String(), Owner: rec.Owner.String(), Epoch: rec.Epoch, Trust: rec.Trust.String(), Agreed: w.joins.willing(id)}
	keys := slices.DeleteFunc(slices.Clone(rec.Servers), func(k base.Key) bool { return k == w.n.key })
	said := w.askServers(ctx, id, keys)
	if lists(rec, w.n.key) {
		var r member.Reply
		if w.answerMember(w.n.key, id, member.Request{Kind: member.AskStatus}, &r) == nil {
			said[w.n.key] = r.Status
		}
	}
	var roles []member.Peer // as the leader knows them, else as anybody does
	led := false
	stopped, certified := 0, uint64(0)
	var held *member.Held // as the leader has it, else as anybody does
	for _, k := range rec.Servers {
		st, ok := said[k]
		if !ok {
			continue
		}
		if st.Leading || roles == nil {
			roles = st.Members
		}
		led = led || st.Leading
		if !st.Serving && st.Frozen {
			stopped, certified = stopped+1, max(certified, uint64(st.Tick))
			continue // its tick is one that it went back to
		}
		if st.Serving && (held == nil || st.Leading) {
			held = &st.Held
		}
		out.Tick = max(out.Tick, uint64(st.Tick))
		out.Durable = max(out.Durable, uint64(st.Durable))
		if st.Leading && !st.Frozen {
			out.Leader = p2p.PeerID(k)
		}
	}
	out.Frozen = out.Leader == ""
	if stopped > 0 {
		out.Why = fmt.Sprintf("%d of its servers come to different states of tick %d and after, each time they make the same ticks; nobody is right", stopped, certified+1)
	}
	tellHeld(out, rec.Trust, held)
	for _, k := range rec.Servers {
		st, ok := said[k]
		s := control.RegionServer{PeerID: p2p.PeerID(k), Here: k == w.n.key, Role: "silent"}
		if ok {
			s.Number, s.Tick, s.Players, s.Rate = st.ID, uint64(st.Tick), len(st.Present), float64(st.Rate)/100
			s.Role, s.Got, s.Want = role(k, &st, roles), st.Got, st.Want
			if st.Serving {
				s.Lag = out.Tick - s.Tick
				s.Hash = region.Hash(st.Hash).String()
			}
		}
		out.Servers = append(out.Servers, s)
	}
	return out
}

func role(k base.Key, st *member.Status, roles []member.Peer) string {
	i := slices.IndexFunc(roles, func(p member.Peer) bool { return p.Key == k })
	switch {
	case !st.Serving && st.Frozen:
		return "stopped"
	case !st.Serving:
		return "joining"
	case st.Leading && len(roles) == 0:
		return "alone"
	case st.Leading:
		return "leader"
	case i >= 0 && !roles[i].Learner:
		return "voter"
	}
	return "learner"
}

// changeServers signs a new record of an own region.
func (w *worldState) changeServers(rec *world.SiteRecord, servers []base.Key, epoch uint64) (*world.SiteRecord, error) {
	next := &world.SiteRecord{World: w.id, Founded: rec.Founded, Seq: max(uint64(time.Now().UnixMilli()), rec.Seq+1), Site: rec.Site,
		Name: rec.Name, Servers: servers, Epoch: epoch, Trust: rec.Trust}
	if err := next.Sign(w.n.priv); err != nil {
		return nil, err
	}
	return next, nil
}

// noteServers keeps a record that changeServers made.
func (w *worldState) noteServers(ctx context.Context, rec *world.SiteRecord) error {
	var saved savedRegion
	id := rec.Region()
	if found, err := w.n.home.loadJSON("regions/"+id.String()+"/"+regionFile, &saved); err != nil {
		return err
	} else if !found {
		saved = savedRegion{Name: rec.Name, Site: rec.Site, Founded: rec.Founded, Shared: true}
	}
	saved.Servers, saved.Epoch, saved.Trust = rec.Servers, rec.Epoch, rec.Trust
	if err := w.saveRegion(id, saved); err != nil {
		return err
	}
	w.addSites(rec)
	w.announceOwn(ctx)
	return nil
}

func (w *worldState) addServer(ctx context.Context, rec *world.SiteRecord, peer base.Key) error {
	if lists(rec, peer) {
		return control.Errorf(control.Conflict, "see `metatopia region status "+rec.Name+"`", "it serves the region, or joins it, already")
	}
	if len(rec.Servers) >= world.MaxServers {
		return control.Errorf(control.TooLarge, "", "a region has at most %d servers", world.MaxServers)
	}
	id := rec.Region()
	w.mu.Lock()
	s := w.served[id]
	w.mu.Unlock()
	if s != nil && s.group == nil {
		// Asked before the log becomes a shared one: most likely it says no.
		r, err := w.askMember(ctx, peer, id, member.Request{Kind: member.AskStatus}, askWait)
		if err != nil || !r.OK {
			return control.Errorf(control.Unavailable, "there, run `metatopia region serve "+rec.Name+"`", "the peer does not answer for this region: has it agreed to serve it?")
		}
		saved, err := w.loadRegion(id)
		if err != nil {
			return err
		}
		if err := w.share(s, saved); err != nil {
			return err
		}
		rec = w.record(id) // signed anew
	}
	next, err := w.changeServers(rec, append(slices.Clone(rec.Servers), peer), rec.Epoch)
	if err != nil {
		return err
	}
	if peer == w.n.key {
		return w.noteServers(ctx, next)
	}
	r, err := w.askMember(ctx, peer, id, member.Request{Kind: member.AskServe, Site: next.Encode()}, memberWait)
	if err != nil {
		return fmt.Errorf("the peer cannot be asked: %w", err)
	}
	if !r.OK {
		return control.Errorf(control.Denied, "there, run `metatopia region serve "+rec.Name+"`", "the peer says: %s", r.Text)
	}
	return w.noteServers(ctx, next)
}

func (w *worldState) removeServer(ctx context.Context, rec *world.SiteRecord, peer base.Key) error {
	if !lists(rec, peer) {
		return control.Errorf(control.NotFound, "see `metatopia region status "+rec.Name+"`", "it does not serve the region")
	}
	if len(rec.Servers) == 1 {
		return control.Errorf(control.Conflict, "add another first", "it is the last server of the region")
	}
	next, err := w.changeServers(rec, slices.DeleteFunc(slices.Clone(rec.Servers), func(k base.Key) bool { return k == peer }), rec.Epoch)
	if err != nil {
		return err
	}
	if err := w.noteServers(ctx, next); err != nil {
		return err
	}
	for _, k := range rec.Servers { // gossip may be slow
		if k != w.n.key {
			w.n.goRun(func(ctx context.Context) {
				_, _ = w.askMember(ctx, k, rec.Region(), member.Request{Kind: member.AskLeave, Site: next.Encode()}, memberWait)
			})
		}
	}
	return nil
}

// refuseServe takes this node's consent back. The owner's record names it
// until the owner changes it; it stops at once all the same.
func (w *worldState) refuseServe(rec *world.SiteRecord) error {
	if err := w.agreeServe(rec.Region(), false); err != nil {
		return err
	}
	w.mu.Lock()
	s := w.served[rec.Region()]
	w.mu.Unlock()
	if s == nil || rec.Owner == w.n.key {
		return nil
	}
	err := w.halt(s)
	return errors.Join(err, os.RemoveAll(w.n.home.path("regions", s.id.String())))
}

// recoverRegion begins a new epoch of an own region from what this node has:
// what its server made last, or the newest checkpoint that it keeps. Nobody joins
// or mends the region here meanwhile, who would write the same files, and of two
// recoveries the second waits.
func (w *worldState) recoverRegion(ctx context.Context, rec *world.SiteRecord) (err error) {
	id := rec.Region()
	ended := w.endTurning(id) // it would go on joining or mending
	joined, ok := w.joins.seize(ctx, id)
	if !ok {
		return control.Errorf(control.Conflict, "try again in a moment", "%q is being joined or mended here", rec.Name)
	}
	defer func() { w.done(w.n.ctx, id, err != nil && joined) }()
	if now := w.record(id); now != nil {
		rec = now // it may have changed while this waited
	}
	w.mu.Lock()
	s, stuck := w.served[id], w.stuck[id]
	w.mu.Unlock()
	saved := savedRegion{Name: rec.Name, Site: rec.Site, Founded: rec.Founded}
	if _, err := w.n.home.loadJSON("regions/"+id.String()+"/"+regionFile, &saved); err != nil {
		return err
	}
	switch {
	case stuck != nil:
		var err error
		if saved.First, err = w.takeStuck(stuck); err != nil {
			return err
		}
	case s != nil && s.group == nil:
		return control.Errorf(control.Conflict, "", "it runs here, and has no other server")
	case s != nil && !s.srv.Status().Frozen:
		return control.Errorf(control.Conflict, "see `metatopia region status "+rec.Name+"`", "it runs: its servers agree")
	case s != nil:
		saved.First = s.group.nextNumber()
		if err := w.halt(s); err != nil {
			w.n.log.Warn("old epoch halted", "region", rec.Name, "err", err)
		}
	default:
		if err := w.installKept(ctx, rec); err != nil {
			return otherVersion(err, false)
		}
		if err := w.takeLog(saved, rec); err != nil {
			return otherVersion(err, true)
		}
	}
	now := *rec
	if now.Trust == agree.Byzantine {
		now.Trust = agree.Accountable // one server alone
	}
	next, err := w.changeServers(&now, []base.Key{w.n.key}, max(rec.Epoch, ended)+1)
	if err != nil {
		return err
	}
	if err := w.beginEpoch(saved, next); err != nil {
		return otherVersion(err, true)
	}
	if err := os.RemoveAll(w.orderDir(id)); err != nil {
		return err
	}
	saved.Shared, saved.Servers, saved.Epoch, saved.Record, saved.Turn = true, next.Servers, next.Epoch, nil, nil
	saved.Trust = next.Trust
	if err := w.saveRegion(id, saved); err != nil {
		return err
	}
	if err := w.noteServers(ctx, next); err != nil {
		return err
	}
	return w.serve(saved)
}

// installKept takes the newest checkpoint of an own region that is here, or
// that others keep.
func (w *worldState) installKept(ctx context.Context, rec *world.SiteRecord) error {
	id := rec.Region()
	dir := w.n.home.path("regions", id.String())
	if _, err := os.Stat(dir + "/region.db"); err == nil {
		return nil // what its server left here
	}
	var best *world.Checkpoint
	for _, o := range append(w.keeper.Offers(id), w.askCheckpoints(ctx, id, rec, true)...) {
		if o.At.Newer(best) {
			best = o.At
		}
	}
	if best == nil {
		return control.Errorf(control.NotFound, "a node that keeps the region's checkpoints must be connected", "no checkpoint of %q is here or at a connected node", rec.Name)
	}
	if _, err := w.n.lumps.Fetch(ctx, best.Root); err != nil {
		return err
	}
	parts, err := w.n.lumps.Parts(ctx, best.Root)
	if err != nil {
		return err
	}
	st, snapshot, err := keeper.ReadState(ctx, w.n.lumps, parts)
	if err != nil {
		return err
	}
	b, _, err := w.n.lumps.Bytes(ctx, snapshot, region.MaxSnapshot)
	if err != nil {
		return err
	}
	saved, err := w.loadRegion(id)
	if err != nil {
		saved = savedRegion{Founded: rec.Founded}
	}
	charter, err := w.regionCharter(saved, rec)
	if err != nil {
		return err
	}
	cfg := w.simConfig(rec)
	cfg.Law = &charter.Genesis
	return server.Install(cfg, dir, server.Checkpoint{Tick: st.Tick, State: st.Hash}, b)
}
