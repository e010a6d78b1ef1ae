package node

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/history"
	"github.com/metatopia/metatopia/node/law"
	"github.com/metatopia/metatopia/node/p2p"
	"github.com/metatopia/metatopia/node/server"
	"github.com/metatopia/metatopia/node/world"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/agree"
	"github.com/metatopia/metatopia/region/order"
	"github.com/metatopia/metatopia/scripting/guest"
	"github.com/metatopia/metatopia/spatial"
)

// protoClient is the protocol of a region's clients; the region's id follows,
// because one node may serve several.
const protoClient = "/metatopia/region/client/1/"

const regionFile = "region.json"

// savedRegion is regions/ID/region.json: what the sim is founded with. It
// never changes.
type savedRegion struct {
	Name    string      `json:"name"`
	Site    spatial.Pos `json:"site"`
	Founded int64       `json:"founded"` // unix milliseconds
	Furnish string      `json:"furnish,omitempty"`
	From    string      `json:"from,omitempty"` // CID of the checkpoint it began with
	// Copyleft: the rule is the first entry of its log.
	Copyleft bool        `json:"copyleft,omitempty"`
	Roles    *savedRoles `json:"roles,omitempty"`

	// Shared: its log is one that servers agree on. Servers are those that the
	// owner's record names, none for the owner alone; Epoch see SiteRecord;
	// First is the lowest number that a server gets in the log. Record is the
	// owner's record of a region of somebody else.
	Shared  bool       `json:"shared,omitempty"`
	Servers []base.Key `json:"servers,omitempty"`
	Epoch   uint64     `json:"epoch,omitempty"`
	First   uint64     `json:"first,omitempty"`
	Record  []byte     `json:"record,omitempty"`
	// Trust is what the owner takes the servers for.
	Trust agree.Trust `json:"trust,omitempty"`
	// Turn is the owner's word that ended the log before at TurnTick, until the
	// log that all servers begin after it is open.
	Turn     []byte    `json:"turn,omitempty"`
	TurnTick base.Tick `json:"turnTick,omitempty"`
}

// servedRegion is a region whose sim runs in this node.
type servedRegion struct {
	id     base.ID
	rec    *world.SiteRecord
	srv    *server.Server
	from   string // CID of the checkpoint it began with
	points *checkpoints
	past   *history.Store // nil: none is kept
	store  regionStore
	// watching compares states with the region's other servers; nil without any.
	watching *watching
	spoil    func(region.Config, base.Tick, *region.Sim) // tests: changes the state after a tick
	door     *gateway
	court    *law.Court
	topic    *p2p.Topic
	group    *several  // nil while this node alone serves it
	turn     *turnWord // ended its log; once Run has ended
	cancel   context.CancelFunc
	done     chan struct{}

	judging sync.WaitGroup
	ending  sync.Once
	ended   error       // what ending it gave
	halted  atomic.Bool // somebody wants it to end
	err     error       // of Run, once done is closed
}

func (w *worldState) servedList() []*servedRegion {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make([]*servedRegion, 0, len(w.served))
	for _, s := range w.served { //lint:sorted below
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b *servedRegion) int { return a.id.Compare(b.id) })
	return out
}

func (w *worldState) localServer(id base.ID) *server.Server {
	w.mu.Lock()
	defer w.mu.Unlock()
	if s := w.served[id]; s != nil {
		return s.srv
	}
	return nil
}

// openRegions starts the regions that the data directory holds.
func (w *worldState) openRegions() error {
	entries, err := os.ReadDir(w.n.home.path("regions"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("node: regions: %w", err)
	}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		var saved savedRegion
		found, err := w.n.home.loadJSON("regions/"+e.Name()+"/"+regionFile, &saved)
		if err != nil {
			return err
		}
		if !found {
			continue // founding was cut off before it was promised
		}
		if err := w.reopen(saved); err != nil {
			return otherVersion(err, true)
		}
	}
	return nil
}

// seed founds a region owned and served by this node.
func (w *worldState) seed(name string, site spatial.Pos, furnish, from string, copyleft bool, trust agree.Trust, roles *savedRoles) (*servedRegion, error) {
	saved := savedRegion{Name: name, Site: site, Founded: time.Now().UnixMilli(), Furnish: furnish, From: from, Copyleft: copyleft, Trust: trust, Roles: roles}
	rec, err := w.siteRecord(saved)
	if err != nil {
		return nil, control.Errorf(control.Invalid, "", "%w", err)
	}
	w.mu.Lock()
	if old := w.dir.Get(rec.Region()); old != nil {
		// Founded before and lost, or half done: the time must not move.
		saved.Founded = old.Founded
		rec, err = w.siteRecord(saved)
	}
	if w.served[rec.Region()] != nil {
		err = control.Errorf(control.Conflict, "", "region %q at %s is served here already", name, site)
	} else if _, _, aerr := w.dir.Add(rec); aerr != nil {
		err = control.Errorf(control.Conflict, fmt.Sprintf("sites keep %d m apart within the world's box; see `metatopia world info`", w.charter.Spacing/spatial.Unit), "%w", aerr)
	}
	w.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if err := w.n.home.saveJSON("regions/"+rec.Region().String()+"/"+regionFile, saved); err != nil {
		return nil, fmt.Errorf("node: found region: %w", err)
	}
	if err := w.serve(saved); err != nil {
		return nil, otherVersion(err, true)
	}
	w.announceOwn(w.n.ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.served[rec.Region()], nil
}

// siteRecord gives the record of a region: signed anew for one of one's own.
func (w *worldState) siteRecord(saved savedRegion) (*world.SiteRecord, error) {
	if saved.Record != nil {
		rec, err := world.ParseSite(saved.Record)
		if err != nil {
			return nil, err
		}
		if now := w.record(rec.Region()); now != nil && now.Seq > rec.Seq {
			rec = now
		}
		return rec, nil
	}
	rec := &world.SiteRecord{
		World: w.id, Founded: saved.Founded, Seq: uint64(time.Now().UnixMilli()),
		Site: saved.Site, Name: saved.Name, Servers: []base.Key{w.n.key}, Epoch: saved.Epoch, Trust: saved.Trust,
	}
	if len(saved.Servers) > 0 {
		rec.Servers = saved.Servers
	}
	return rec, rec.Sign(w.n.priv)
}

// serve opens a region's log and starts its sim.
func (w *worldState) serve(saved savedRegion) error { return w.serveWith(saved, nil) }

// serveWith is serve with a shared log that is open.
func (w *worldState) serveWith(saved savedRegion, g *several) error {
	rec, err := w.siteRecord(saved)
	if err != nil {
		return err
	}
	id := rec.Region()
	if err := w.addOwnSite(rec); err != nil {
		return err
	}
	s := &servedRegion{id: id, rec: rec, from: saved.From, group: g, done: make(chan struct{}), spoil: w.n.cfg.spoil}
	if s.topic, err = w.borderTopic(rec); err != nil {
		return err
	}
	cfg := w.simConfig(rec)
	charter, err := w.regionCharter(saved, rec)
	if err != nil {
		return err
	}
	cfg.Law = &charter.Genesis
	s.court = w.newCourt(s, charter, saved.Shared)
	s.points = newCheckpoints(w, s, cfg)
	var replicated func(base.Tick, order.Sum) (server.Replica, error)
	if saved.Shared {
		replicated = func(tick base.Tick, sum order.Sum) (server.Replica, error) {
			if s.group == nil {
				var err error
				if s.group, err = w.founding(rec, saved, tick, sum); err != nil {
					return nil, err
				}
			}
			return s.group.join(tick, sum)
		}
	}
	s.srv, err = server.Open(server.Config{
		Region:     cfg,
		Replica:    replicated,
		Self:       w.n.key,
		Turn:       w.turner(s),
		Sign:       w.n.sign,
		Dir:        w.n.home.path("regions", id.String()),
		Publish:    func(_ base.ID, msg []byte) error { return w.publishBorder(s, msg) },
		Load:       w.n.loadScript,
		Furnish:    func() ([]region.ControlEntry, error) { return w.beginning(saved) },
		Checkpoint: s.points.offer,
		Applied:    s.applied,
		Asked:      s.asked,
		Took:       w.took(id),
		Law:        s.court.Applied,
		Log:        w.n.log.With("region", saved.Name),
		OnEvent:    w.n.regionEvent,
	})
	if err != nil {
		s.points.close()
		if s.group != nil {
			err = errors.Join(err, s.group.log.Close())
		}
		return fmt.Errorf("node: open region %q: %w", saved.Name, err)
	}
	if err := s.court.Begin(s.srv); err != nil {
		s.points.close()
		return errors.Join(fmt.Errorf("node: open region %q: %w", saved.Name, err), s.srv.Close())
	}
	w.openPast(s)
	w.openStore(s)
	if s.group != nil {
		s.watching = w.newWatching(s)
	}
	// Before the first tick: what the log gave back. A test of a crash
	// compares it with what the first life had at that tick.
	st := s.srv.Status()
	w.n.log.Info("region open", "region", saved.Name, "tick", uint64(st.Tick), "hash", st.Hash.String())
	w.listenMembers(id)
	w.n.net.Handle(protoClient+id.String(), func(remote base.Key, st p2p.Stream) {
		if s.late() {
			return // the others are further
		}
		if err := s.srv.HandleClient(w.n.ctx, remote, st); err != nil {
			w.n.log.Debug("client ended", "player", remote.Short(), "err", err)
		}
	})
	if err := w.openDoor(s); err != nil {
		return err
	}
	w.n.net.Handle(law.Proto+id.String(), w.serveLaw(s.court))
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	s.judging.Go(func() { s.court.Run(ctx) })
	go func() {
		defer close(s.done)
		if s.err = s.srv.Run(ctx); s.err != nil && ctx.Err() == nil {
			w.n.log.Error("region stopped", "region", saved.Name, "err", s.err)
		}
	}()
	w.mu.Lock()
	w.served[id] = s
	w.mu.Unlock()
	if s.group != nil {
		w.n.goRun(func(nctx context.Context) { w.superviseShared(nctx, ctx, s) })
	}
	if w.player != nil {
		w.sitesChanged()
	}
	if w.overlay != nil {
		w.poseChanged()
	}
	return nil
}

// simConfig is what a region of this world is simulated with.
func (w *worldState) simConfig(rec *world.SiteRecord) region.Config {
	id := rec.Region()
	return region.Config{
		ID: id, Name: rec.Name, World: w.id.String(), Owner: rec.Owner, Site: rec.Site,
		Min: w.charter.Box.Min, Max: w.charter.Box.Max, Seed: seedOf(id),
		Verify: func(k base.Key, msg, sig []byte) bool {
			return len(sig) == ed25519.SignatureSize && ed25519.Verify(k[:], msg, sig)
		},
		Terms:    termsOf(id, rec.Owner),
		Scripts:  simScripts{w.n},
		Parallel: parallel,
	}
}

// beginning is what a new region begins with.
func (w *worldState) beginning(saved savedRegion) (list []region.ControlEntry, err error) {
	if saved.From != "" {
		list, err = w.fork(saved.From)
	} else {
		list, err = w.furnish(saved.Furnish)
	}
	if saved.Copyleft {
		list = append([]region.ControlEntry{{Kind: region.ControlRules, Rules: region.RuleCopyleft}}, list...)
	}
	return owned(list, w.n.key), err
}

// owned gives what a region begins with to its owner: what is nobody's is taken
// by who comes first, and is theirs to delete.
func owned(list []region.ControlEntry, owner base.Key) []region.ControlEntry {
	for i := range list {
		if t := &list[i].Thing; list[i].Kind == region.ControlCreate && t.Owner.IsZero() {
			t.Owner = owner
		}
	}
	return list
}

// addOwnSite puts the record of a region served here into the directory.
func (w *worldState) addOwnSite(rec *world.SiteRecord) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, _, err := w.dir.Add(rec)
	if errors.Is(err, world.ErrStale) {
		err = nil // the clock has not moved since seed added it
	}
	return err
}

// seedOf makes the region's random seed part of its identity.
func seedOf(id base.ID) uint64 {
	d := base.NewDecoder(id[:])
	return d.U64()
}

// parallel runs the actors of a tick on all cores.
func parallel(n int, f func(int)) {
	workers := min(n, runtime.GOMAXPROCS(0))
	if workers < 2 {
		for i := range n {
			f(i)
		}
		return
	}
	var wg sync.WaitGroup
	for k := range workers {
		wg.Go(func() {
			for i := k; i < n; i += workers {
				f(i)
			}
		})
	}
	wg.Wait()
}

func (n *Node) regionEvent(name string, v uint64) {
	switch name {
	case server.EventHandoffs:
		n.count.add(countArrivals, v)
	case server.EventCrossings:
		n.count.add(countCrossings, v)
	case server.EventScripts:
		n.count.add(countScripts, v)
	case server.EventScriptFaults:
		n.count.add(countFaults, v)
	case server.EventMessages:
		// Counted where they arrive: only lines of other nodes are messages.
	default:
		n.count.add(name, v)
	}
}

// closeRegions stops the sims; each writes a last checkpoint, on disk and as a
// lump.
func (w *worldState) closeRegions() error {
	var errs []error
	for _, s := range w.servedList() {
		if s.group != nil { // while it still takes part
			errs = append(errs, s.group.handOver())
		}
		s.halted.Store(true)
		errs = append(errs, w.end(s))
		s.endWatching()
		if s.group != nil {
			errs = append(errs, s.group.log.Close())
		}
	}
	return errors.Join(errs...)
}

// furnish gives a starting set of things, with the shipped scripts stored as
// lumps so that their CIDs can be named.
func (w *worldState) furnish(set string) ([]region.ControlEntry, error) {
	entries := server.Furnish(set)
	for i := range entries {
		t := &entries[i].Thing
		v, ok := t.Slots.Get(region.SlotScript)
		if !ok || v.Type != region.SlotLump {
			continue
		}
		// The set names a shipped guest; the region needs its CID.
		if _, err := lumps.Parse(v.Lump); err == nil {
			continue
		}
		slots, err := w.n.scriptSlots(v.Lump, t.Slots)
		if errors.Is(err, guest.ErrNotBuilt) {
			w.n.log.Warn("a thing stays without its script", "thing", t.Name, "err", err)
			slots, err = t.Slots.With(region.SlotWrite{Name: region.SlotScript})
		}
		if err != nil {
			return nil, fmt.Errorf("node: furnish %s: %w", t.Name, err)
		}
		t.Slots = slots
	}
	return entries, nil
}
