package node

import (
	"context"
	"encoding/json"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/p2p"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/slots/open"
)

// backend is a Node behind the local API.
type backend struct{ *Node }

var _ control.Backend = (*backend)(nil)

// inWorld gives the world or says how to get into one.
func (b *backend) inWorld() (*worldState, error) {
	if w := b.current(); w != nil {
		return w, nil
	}
	return nil, control.Errorf(control.Conflict, "found one with `metatopia world create NAME`, or `metatopia join LINK`", "this node is in no world yet")
}

// Status says what this node is and what it counted.
func (b *backend) Status(context.Context) (*control.StatusResponse, error) {
	b.mu.Lock()
	web, telnet, w := b.webURL, b.telnet, b.world
	b.mu.Unlock()
	s := &control.StatusResponse{
		Name: b.cfg.Name, Key: b.key.String(), PeerID: p2p.PeerID(b.key), Addrs: b.net.Addrs(), Home: b.home.dir,
		Version: b.cfg.Version, Uptime: time.Since(b.started).Seconds(), WebURL: web, Telnet: telnet,
		Counters: b.count.snapshot(), Regions: []control.Region{}, Serving: []control.ServedRegion{},
	}
	st := b.lumps.Stats()
	st.Counters(s.Counters)
	b.transfers.Stats(s.Counters, "lump_send_")
	for _, d := range b.mounts.List() {
		s.Mounts = append(s.Mounts, mountOf(d))
	}
	if w == nil {
		return s, nil
	}
	w.overlay.Stats(s.Counters)
	w.presence.stats(s.Counters)
	for name, n := range b.lumps.Judged() {
		s.Counters["lump_peers_"+name] = n
	}
	s.Counters[countRefused] += s.Counters["raynet_refused"] + s.Counters["raynet_foreign"] + s.Counters["presence_foreign"]
	s.World = w.info()
	s.Regions = w.regionList()
	for _, r := range w.servedList() {
		st := r.srv.Status()
		s.Serving = append(s.Serving, control.ServedRegion{
			ID: st.ID.String(), Name: st.Name, Tick: uint64(st.Tick), Hash: st.Hash.String(),
			Players: st.Players, Things: st.Things, Durable: uint64(st.Durable), From: r.from,
			Copyleft: st.Rules&region.RuleCopyleft != 0, Origins: originsOf(st.Origins),
		})
	}
	if own, ok := w.player.view.get(w.player.id); ok {
		e := entityOf(&own, w.player.id)
		s.Avatar = &e
		s.InRegion = w.player.inName()
	}
	return s, nil
}

func originsOf(list []region.Origin) (out []control.RegionOrigin) {
	for _, o := range list {
		out = append(out, control.RegionOrigin{CID: o.CID, Region: o.Region.String(), Name: o.Name, Owner: o.Owner.String(), Tick: uint64(o.Tick)})
	}
	return out
}

func (w *worldState) regionList() []control.Region {
	out := []control.Region{}
	for _, r := range w.records() {
		id := r.Region()
		out = append(out, control.Region{
			ID: id.String(), Name: r.Name, Site: pointOf(r.Site), Owner: r.Owner.String(),
			Color: regionColor(id), Live: w.localServer(id) != nil || w.player.live(id),
		})
	}
	return out
}

func (p *player) live(id base.ID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.conns[id]
	return c != nil && c.ready
}

func (p *player) inName() string {
	p.mu.Lock()
	owner := p.owner
	p.mu.Unlock()
	if rec := p.record(owner); rec != nil {
		return rec.Name
	}
	return ""
}

// Peers lists the connected nodes.
func (b *backend) Peers(context.Context) (*control.PeersResponse, error) {
	out := &control.PeersResponse{Peers: []control.Peer{}}
	for _, p := range b.net.Peers() {
		out.Peers = append(out.Peers, control.Peer{
			PeerID: p.PeerID, Key: p.Key.String(), Addr: p.Addr, Transport: p.Transport, RTT: p.RTT,
		})
	}
	return out, nil
}

// Neighbours lists the Raynet near view.
func (b *backend) Neighbours(context.Context) (*control.NeighboursResponse, error) {
	w, err := b.inWorld()
	if err != nil {
		return nil, err
	}
	return &control.NeighboursResponse{Neighbours: w.neighbours()}, nil
}

// WorldCreate founds a world owned by this node's key.
func (b *backend) WorldCreate(ctx context.Context, req *control.WorldCreateRequest) (*control.WorldInfo, error) {
	w, err := b.create(ctx, req)
	if err != nil {
		return nil, err
	}
	return w.info(), nil
}

// WorldInfo tells the charter of the world this node is in.
func (b *backend) WorldInfo(context.Context) (*control.WorldInfo, error) {
	w, err := b.inWorld()
	if err != nil {
		return nil, err
	}
	return w.info(), nil
}

// Join follows a join link.
func (b *backend) Join(ctx context.Context, req *control.JoinRequest) (*control.WorldInfo, error) {
	if err := b.keepPassword(req.Password); err != nil {
		return nil, err
	}
	w, err := b.join(ctx, req.Link)
	if err != nil {
		return nil, err
	}
	if len(req.Password) > 0 {
		w.player.enter()
	}
	return w.info(), nil
}

// RegionSeed founds a region around a site, owned and served by this node.
func (b *backend) RegionSeed(ctx context.Context, req *control.SeedRequest) (*control.Region, error) {
	w, err := b.inWorld()
	if err != nil {
		return nil, err
	}
	if err := checkWorldName(req.Name); err != nil {
		return nil, err
	}
	if req.From != "" {
		if err := b.checkFork(ctx, req.From); err != nil {
			return nil, err
		}
	}
	roles, err := rolesOf(req.Roles)
	if err != nil {
		return nil, err
	}
	if req.Store != "" {
		if err := open.Check(req.Store); err != nil {
			return nil, control.Errorf(control.Invalid, "see `metatopia region store --help`", "%w", err)
		}
	}
	trust, err := trustFirst(req.Trust)
	if err != nil {
		return nil, err
	}
	s, err := w.seed(req.Name, posOf(req.At), req.Furnish, req.From, req.Copyleft, trust, roles)
	if err != nil {
		return nil, err
	}
	if req.Store != "" {
		if _, err := b.RegionStore(ctx, &control.RegionStoreRequest{Region: s.id.String(), Place: req.Store}); err != nil {
			return nil, control.Errorf(control.CodeOf(err), "the region is founded; give it one with `metatopia region store`", "its store: %w", err)
		}
	}
	return &control.Region{
		ID: s.id.String(), Name: s.rec.Name, Site: pointOf(s.rec.Site), Owner: s.rec.Owner.String(),
		Color: regionColor(s.id), Live: true,
	}, nil
}

// Shutdown asks whoever started the node to stop it.
func (b *backend) Shutdown(context.Context) error {
	b.once.Do(func() { close(b.done) })
	return nil
}

// equalJSON compares two values as a client would see them.
func equalJSON(a, b any) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}
