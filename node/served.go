package node

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/p2p"
	"github.com/metatopia/metatopia/node/server"
	"github.com/metatopia/metatopia/node/world"
	"github.com/metatopia/metatopia/region"
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
	Copyleft bool `json:"copyleft,omitempty"`
}

// servedRegion is a region whose sim runs in this node.
type servedRegion struct {
	id     base.ID
	rec    *world.SiteRecord
	srv    *server.Server
	from   string // CID of the checkpoint it began with
	points *checkpoints
	topic  *p2p.Topic
	cancel context.CancelFunc
	done   chan struct{}
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
		if err := w.serve(saved); err != nil {
			return err
		}
	}
	return nil
}

// seed founds a region owned and served by this node.
func (w *worldState) seed(name string, site spatial.Pos, furnish, from string, copyleft bool) (*servedRegion, error) {
	saved := savedRegion{Name: name, Site: site, Founded: time.Now().UnixMilli(), Furnish: furnish, From: from, Copyleft: copyleft}
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
		return nil, err
	}
	w.announceOwn(w.n.ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.served[rec.Region()], nil
}

func (w *worldState) siteRecord(saved savedRegion) (*world.SiteRecord, error) {
	rec := &world.SiteRecord{
		World: w.id, Founded: saved.Founded, Seq: uint64(time.Now().UnixMilli()),
		Site: saved.Site, Name: saved.Name, Servers: []base.Key{w.n.key},
	}
	return rec, rec.Sign(w.n.priv)
}

// serve opens a region's log and starts its sim.
func (w *worldState) serve(saved savedRegion) error {
	rec, err := w.siteRecord(saved)
	if err != nil {
		return err
	}
	id := rec.Region()
	if err := w.addOwnSite(rec); err != nil {
		return err
	}
	s := &servedRegion{id: id, rec: rec, from: saved.From, done: make(chan struct{})}
	if s.topic, err = w.borderTopic(rec); err != nil {
		return err
	}
	cfg := w.simConfig(rec)
	s.points = newCheckpoints(w, s, cfg)
	s.srv, err = server.Open(server.Config{
		Region:     cfg,
		Dir:        w.n.home.path("regions", id.String()),
		Publish:    func(_ base.ID, msg []byte) error { return w.publishBorder(s, msg) },
		Load:       w.n.loadScript,
		Furnish:    func() ([]region.ControlEntry, error) { return w.beginning(saved) },
		Checkpoint: s.points.offer,
		Log:        w.n.log.With("region", saved.Name),
		OnEvent:    w.n.regionEvent,
	})
	if err != nil {
		s.points.close()
		return fmt.Errorf("node: open region %q: %w", saved.Name, err)
	}
	// Before the first tick: what the log gave back. A test of a crash
	// compares it with what the first life had at that tick.
	st := s.srv.Status()
	w.n.log.Info("region open", "region", saved.Name, "tick", uint64(st.Tick), "hash", st.Hash.String())
	w.n.net.Handle(protoClient+id.String(), func(remote base.Key, st p2p.Stream) {
		if err := s.srv.HandleClient(w.n.ctx, remote, st); err != nil {
			w.n.log.Debug("client ended", "player", remote.Short(), "err", err)
		}
	})
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	go func() {
		defer close(s.done)
		if err := s.srv.Run(ctx); err != nil && ctx.Err() == nil {
			w.n.log.Error("region stopped", "region", saved.Name, "err", err)
		}
	}()
	w.mu.Lock()
	w.served[id] = s
	w.mu.Unlock()
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
	return list, err
}

// addOwnSite puts a fresh record of an own region into the directory.
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

// borderTopic joins a region's border topic; only its owner may write there.
func (w *worldState) borderTopic(rec *world.SiteRecord) (*p2p.Topic, error) {
	owner := rec.Owner
	return w.n.net.Topic(w.topicName(rec.Region().String()+"/border"), func(from base.Key, data []byte) p2p.Verdict {
		if from != owner || len(data) > region.MaxBorder {
			w.n.count.add(countRefused, 1)
			return p2p.Reject
		}
		return p2p.Accept
	})
}

// updateNeighbours tells every region served here who lies around it, and
// listens to their border topics.
func (w *worldState) updateNeighbours() {
	// One at a time: of two that overlap, the older list must not win.
	w.feeding.Lock()
	defer w.feeding.Unlock()
	wanted := map[base.ID]*world.SiteRecord{}
	for _, s := range w.servedList() {
		var list []region.Neighbour
		near := w.regions(s.rec.Site)
		for _, r := range near {
			if r.Region() != s.id && len(list) < region.MaxNeighbours {
				list = append(list, region.Neighbour{ID: r.Region(), Name: r.Name, Site: r.Site})
				if r.Owner != w.n.key { // own regions are told directly
					wanted[r.Region()] = r
				}
			}
		}
		slices.SortFunc(list, func(a, b region.Neighbour) int { return bytes.Compare(a.ID[:], b.ID[:]) })
		s.srv.SetNeighbours(list)
	}
	for id, end := range w.border { //lint:sorted each on its own
		if wanted[id] == nil {
			end()
			delete(w.border, id)
		}
	}
	for id, r := range wanted { //lint:sorted each on its own
		if w.border[id] == nil {
			if end := w.feed(r); end != nil {
				w.border[id] = end
			}
		}
	}
}

// publishBorder sends a region's border message to the nodes that listen, and
// to the regions of this node, which hear nothing of their own gossip.
func (w *worldState) publishBorder(s *servedRegion, msg []byte) error {
	err := s.topic.Publish(w.n.ctx, msg)
	w.deliverBorder(s.id, msg)
	return err
}

// feed subscribes to a foreign region's border topic, and gives what ends it;
// nil when it failed.
func (w *worldState) feed(r *world.SiteRecord) (end func()) {
	id := r.Region()
	t, err := w.borderTopic(r)
	if err != nil {
		w.n.log.Error("border not joined", "region", r.Name, "err", err)
		return nil
	}
	cancel, err := t.Subscribe(func(_ base.Key, data []byte) { w.deliverBorder(id, data) })
	if err != nil {
		t.Close()
		w.n.log.Error("border not joined", "region", r.Name, "err", err)
		return nil
	}
	return func() { cancel(); t.Close() }
}

func (w *worldState) deliverBorder(from base.ID, data []byte) {
	for _, s := range w.servedList() {
		if s.id != from {
			s.srv.HandleBorder(from, data)
		}
	}
}

// closeRegions stops the sims; each writes a last checkpoint, on disk and as a
// lump.
func (w *worldState) closeRegions() error {
	var errs []error
	for _, s := range w.servedList() {
		s.cancel()
		<-s.done
		errs = append(errs, s.srv.Close())
		s.points.close()
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
