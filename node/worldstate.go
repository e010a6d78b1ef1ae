package node

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/keeper"
	"github.com/metatopia/metatopia/node/overlay"
	"github.com/metatopia/metatopia/node/p2p"
	"github.com/metatopia/metatopia/node/world"
	"github.com/metatopia/metatopia/spatial"
)

// savedWorld is world.json.
type savedWorld struct {
	World string   `json:"world"`           // CID of the charter, which is a pinned lump
	Peers []string `json:"peers,omitempty"` // where to start asking
}

// worldState is everything of the node that belongs to the world it is in.
type worldState struct {
	n       *Node
	id      lumps.Ref
	charter *world.Charter

	announce *p2p.Topic
	overlay  *overlay.Overlay
	presence *interest
	player   *player
	keeper   *keeper.Keeper

	feeding sync.Mutex // guards border; held before mu

	topicsMu sync.Mutex
	topics   map[base.ID]*p2p.Topic // of borders; joined once
	joins    joins

	mu     sync.Mutex
	dir    *world.Directory
	served map[base.ID]*servedRegion
	stuck  map[base.ID]*servedRegion // stand still: nobody's state is right
	turns  map[base.ID]*turning      // their log has ended, and the next has not begun here
	border map[base.ID]func()        // ends listening to that neighbour's border topic
}

// Defaults of a new world, in metres.
const (
	defaultSpacing = 64
	defaultWide    = 1024
	defaultHigh    = 128
	// charterWait bounds fetching a charter from the peers in a link.
	charterWait = 20 * time.Second
	// maxSavedPeers bounds the addresses kept for the next start.
	maxSavedPeers = 64
	rememberFirst = 5 * time.Second
	rememberEvery = time.Minute
)

var errOtherWorld = errors.New("this node is already in a world")

// create founds a world with this node's key.
func (n *Node) create(ctx context.Context, req *control.WorldCreateRequest) (*worldState, error) {
	n.joining.Lock()
	defer n.joining.Unlock()
	if n.current() != nil {
		return nil, control.Errorf(control.Conflict, "use another --home for another world", "%w", errOtherWorld)
	}
	if err := checkWorldName(req.Name); err != nil {
		return nil, err
	}
	c := &world.Charter{Founded: time.Now().Unix(), Name: req.Name}
	if _, err := rand.Read(c.Nonce[:]); err != nil {
		return nil, fmt.Errorf("node: found world: %w", err)
	}
	spacing, size := req.Spacing, req.Size
	if spacing == 0 {
		spacing = defaultSpacing
	}
	if size == (control.Point{}) {
		size = control.Point{X: defaultWide, Y: defaultHigh, Z: defaultWide}
	}
	c.Spacing = spatial.At(spacing, 0, 0).X
	c.Box = spatial.Box{Min: spatial.At(-size.X/2, 0, -size.Z/2), Max: spatial.At(size.X/2, size.Y, size.Z/2)}
	if err := c.Sign(n.priv); err != nil {
		return nil, control.Errorf(control.Invalid, "", "%w", err)
	}
	s, err := n.lumps.Add(ctx, &chunkReader{next: once(c.Encode())}, true)
	if err != nil {
		return nil, lumpError(err)
	}
	if s.Ref != c.ID() {
		panic("node: a charter is not one lump")
	}
	if err := n.home.saveJSON("world.json", savedWorld{World: s.Ref.String()}); err != nil {
		return nil, fmt.Errorf("node: found world: %w", err)
	}
	return n.enter(c)
}

// join follows a link: dials its addresses, fetches the charter and checks it.
func (n *Node) join(ctx context.Context, text string) (*worldState, error) {
	link, err := world.ParseLink(text)
	if err != nil {
		return nil, control.Errorf(control.Invalid, "a link looks like metatopia:bafkrei...?at=/ip4/...", "%w", err)
	}
	n.joining.Lock()
	defer n.joining.Unlock()
	if w := n.current(); w != nil {
		if w.id == link.World {
			n.dialAll(ctx, link.Addrs)
			return w, nil
		}
		return nil, control.Errorf(control.Conflict, "use another --home for another world", "%w", errOtherWorld)
	}
	reached := n.dialAll(ctx, link.Addrs)
	ctx, cancel := context.WithTimeout(ctx, charterWait)
	defer cancel()
	b, _, err := n.lumps.Bytes(ctx, link.World, world.MaxCharter)
	if err != nil {
		if reached == 0 && len(link.Addrs) > 0 {
			return nil, control.Errorf(control.Unavailable, "is a node of that world running, and reachable from here?",
				"join: none of the link's %d addresses answered", len(link.Addrs))
		}
		return nil, lumpError(fmt.Errorf("join: charter: %w", err))
	}
	c, err := world.ParseCharter(b)
	if err != nil {
		return nil, control.Errorf(control.Corrupt, "the link does not name a world; ask for a new one", "join: %w", err)
	}
	if c.ID() != link.World {
		return nil, control.Errorf(control.Corrupt, "the link does not name a world; ask for a new one", "join: the charter has another name, %s", c.ID())
	}
	if _, err := n.lumps.Pin(ctx, link.World); err != nil {
		return nil, lumpError(err)
	}
	if err := n.home.saveJSON("world.json", savedWorld{World: link.World.String(), Peers: slices.DeleteFunc(link.Addrs, p2p.BadAddr)}); err != nil {
		return nil, fmt.Errorf("node: join: %w", err)
	}
	return n.enter(c)
}

// dialAll tries the addresses side by side and counts those that answered.
func (n *Node) dialAll(ctx context.Context, addrs []string) int {
	results := make(chan bool, len(addrs))
	for _, a := range addrs {
		go func() {
			_, err := n.net.Dial(ctx, a)
			results <- err == nil
		}()
	}
	reached := 0
	for range addrs {
		if <-results {
			reached++
		}
	}
	return reached
}

// reenter opens the world that the home knows; the charter is a pinned lump.
func (n *Node) reenter(ctx context.Context, saved savedWorld) error {
	ref, err := lumps.Parse(saved.World)
	if err != nil {
		return fmt.Errorf("node: world.json: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, charterWait)
	defer cancel()
	b, _, err := n.lumps.Bytes(ctx, ref, world.MaxCharter)
	if err != nil {
		return fmt.Errorf("node: charter of %s: %w", ref.Short(), err)
	}
	c, err := world.ParseCharter(b)
	if err != nil {
		return fmt.Errorf("node: charter of %s: %w", ref.Short(), err)
	}
	_, err = n.enter(c)
	return err
}

// enter starts everything that belongs to a world.
func (n *Node) enter(c *world.Charter) (*worldState, error) {
	w := &worldState{
		n: n, id: c.ID(), charter: c, dir: world.NewDirectory(c),
		served: map[base.ID]*servedRegion{}, stuck: map[base.ID]*servedRegion{}, turns: map[base.ID]*turning{}, border: map[base.ID]func(){}, topics: map[base.ID]*p2p.Topic{},
	}
	w.joins.busy = map[base.ID]*joining{}
	var serve savedServe
	if _, err := n.home.loadJSON("serve.json", &serve); err != nil {
		return nil, err
	}
	w.joins.agreed = serve.Regions
	if _, err := n.home.loadJSON(fetchingFile, &w.joins.held); err != nil {
		return nil, err
	}
	w.player = newPlayer(w)
	if err := w.openKeeper(); err != nil {
		return nil, err
	}
	if err := w.openRegions(); err != nil {
		_ = w.closeRegions()
		return nil, err
	}
	for _, id := range w.joins.agreed {
		w.listenMembers(id)
	}
	if err := w.startOverlay(); err != nil {
		_ = w.closeRegions()
		return nil, err
	}
	if err := w.startPresence(); err != nil {
		_ = w.closeRegions()
		return nil, err
	}
	// Last: what is heard from now on finds everything in place.
	if err := w.startAnnounce(); err != nil {
		_ = w.closeRegions()
		return nil, err
	}
	n.mu.Lock()
	n.world = w
	n.mu.Unlock()
	for _, p := range n.net.Peers() {
		w.peerUp(p.Key)
	}
	n.net.Handle(protoCheckpoints, w.serveCheckpoints)
	n.goRun(w.keeper.Run)
	n.goRun(w.player.run)
	n.goRun(w.rememberLoop)
	n.goRun(w.visits)
	if !n.cfg.Absent {
		w.player.enter()
	}
	n.log.Info("world entered", "name", c.Name, "world", w.id)
	return w, nil
}

func (w *worldState) peerUp(k base.Key) {
	w.overlay.PeerUp(k)
	w.n.goRun(func(ctx context.Context) { w.pullSites(ctx, k) })
}

func (w *worldState) peerDown(k base.Key) {
	w.overlay.PeerDown(k)
	w.presence.peerDown(k)
}

// sitesChanged tells everyone who works with the list of regions.
func (w *worldState) sitesChanged() {
	w.updateNeighbours()
	w.player.sitesChanged()
	w.serversChanged()
}

func (w *worldState) leave() {
	w.player.leave()
	w.leaveOverlay()
}

// rememberPeers notes where the nodes of this world were last reached, for the
// next start.
func (w *worldState) rememberPeers() {
	saved := savedWorld{World: w.id.String(), Peers: w.n.net.PeerAddrs(maxSavedPeers)}
	if len(saved.Peers) == 0 {
		return // keep those of the last time
	}
	if err := w.n.home.saveJSON("world.json", saved); err != nil {
		w.n.log.Warn("peers not remembered", "err", err)
	}
}

// rememberLoop keeps the list fresh for a node that will not stop cleanly.
func (w *worldState) rememberLoop(ctx context.Context) {
	// The first look comes soon: a node that is killed early should find its
	// world again too.
	t := time.NewTicker(rememberFirst)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			w.rememberPeers()
			t.Reset(rememberEvery)
		}
	}
}

// link is the invitation with this node's addresses.
func (w *worldState) link() string {
	addrs := w.n.net.Addrs()
	return world.Link{World: w.id, Addrs: addrs[:min(len(addrs), world.MaxLinkAddrs)]}.String()
}

func (w *worldState) info() *control.WorldInfo {
	c := w.charter
	return &control.WorldInfo{
		ID: w.id.String(), Name: c.Name, Founder: c.Founder.String(), Founded: c.Time().Format(time.RFC3339),
		Spacing: float64(c.Spacing) / spatial.Unit, Min: pointOf(c.Box.Min), Max: pointOf(c.Box.Max), Link: w.link(),
	}
}

// regions lists what this node knows, nearest to p first.
func (w *worldState) regions(p spatial.Pos) []*world.SiteRecord {
	all := w.records()
	slices.SortStableFunc(all, func(a, b *world.SiteRecord) int {
		da, db := a.Site.Dist2(p), b.Site.Dist2(p)
		switch {
		case da < db:
			return -1
		case da > db:
			return 1
		}
		return 0
	})
	return all
}
