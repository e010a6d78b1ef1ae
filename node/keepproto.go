package node

import (
	"bufio"
	"context"
	"io"
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/node/keeper"
	"github.com/metatopia/metatopia/node/p2p"
	"github.com/metatopia/metatopia/node/world"
)

// Checkpoint records are asked for: a stream with one question (world, then a
// region or nothing for all), answered by a site record and a checkpoint record
// for each region kept, each in a frame of its own.
const (
	protoCheckpoints = "/metatopia/checkpoints/1"
	// checkpointTimeout bounds one question: a server that has no checkpoint
	// yet makes one first.
	checkpointTimeout = 8 * time.Second
	firstCheckpoint   = 3 * time.Second
	// askPeers bounds the connected nodes that are asked about a region whose
	// server does not answer, askAtOnce how many at a time.
	askPeers  = 16
	askAtOnce = 8
	// askMore is how long others may take once one has answered.
	askMore = time.Second
	// maxOffers bounds one answer.
	maxOffers = keeper.MaxRegions
)

func (w *worldState) serveCheckpoints(_ base.Key, s p2p.Stream) {
	answer(s, checkpointTimeout, func(r *bufio.Reader, to io.Writer) bool {
		id, err := p2p.ReadFrame(r, lumps.MaxRefText)
		if err != nil || string(id) != w.id.String() {
			return false
		}
		b, err := p2p.ReadFrame(r, len(base.ID{}))
		var region base.ID
		if err != nil || copy(region[:], b) != len(b) || len(b) != 0 && len(b) != len(region) {
			return false
		}
		if len(b) != 0 {
			ctx, cancel := context.WithTimeout(w.n.ctx, firstCheckpoint)
			w.makeFirst(ctx, region)
			cancel()
		}
		for _, o := range w.keeper.Offers(region) {
			if _, err := to.Write(p2p.AppendFrame(p2p.AppendFrame(nil, o.Site.Encode()), o.At.Encode())); err != nil {
				return false
			}
		}
		return true
	})
}

// pullCheckpoints asks one node; region zero asks for all that it keeps.
func (w *worldState) pullCheckpoints(ctx context.Context, k base.Key, region base.ID) (out []keeper.Offer, err error) {
	ctx, cancel := context.WithTimeout(ctx, checkpointTimeout)
	defer cancel()
	var which []byte
	if !region.IsZero() {
		which = region[:]
	}
	q := p2p.AppendFrame(p2p.AppendFrame(nil, []byte(w.id.String())), which)
	err = w.n.ask(ctx, k, protoCheckpoints, q, func(r *bufio.Reader) error {
		for len(out) < maxOffers {
			a, err := p2p.ReadFrame(r, world.MaxRecord)
			if err != nil {
				return nil // the end, or what came before it
			}
			b, err := p2p.ReadFrame(r, world.MaxRecord)
			if err != nil {
				return nil
			}
			site, err := world.ParseSite(a)
			var at *world.Checkpoint
			if err == nil {
				at, err = world.ParseCheckpoint(b)
			}
			if err != nil || !at.By(site) || site.World != w.id || !region.IsZero() && at.Region != region {
				w.n.count.add(countRefused, 1)
				return nil
			}
			out = append(out, keeper.Offer{Site: site, At: at})
		}
		return nil
	})
	return out, err
}

// askCheckpoints asks the region's servers; when none answers, or nothing is
// kept yet, the connected nodes; and when those know nothing, the nodes that
// announce that they keep it.
func (w *worldState) askCheckpoints(ctx context.Context, region base.ID, site *world.SiteRecord, need bool) []keeper.Offer {
	asked := map[base.Key]bool{w.n.key: true}
	var out []keeper.Offer
	if site == nil {
		w.mu.Lock()
		site = w.dir.Get(region)
		w.mu.Unlock()
	}
	var peers []base.Key
	if site != nil {
		for _, k := range site.Servers {
			if !asked[k] {
				asked[k] = true
				peers = append(peers, k)
			}
		}
	}
	if !need {
		if out = w.askAll(ctx, peers, region); len(out) > 0 {
			return out
		}
		peers = nil
	}
	for _, p := range w.n.net.Peers() {
		if !asked[p.Key] && !p.Key.IsZero() && len(peers) < askPeers {
			asked[p.Key] = true
			peers = append(peers, p.Key)
		}
	}
	out = append(out, w.askAll(ctx, peers, region)...)
	if len(out) > 0 || !need {
		return out
	}
	peers = peers[:0]
	for _, id := range w.keepersOf(ctx, region) {
		if k, err := p2p.KeyOfPeer(id); err == nil && !asked[k] {
			asked[k] = true
			peers = append(peers, k)
		}
	}
	return append(out, w.askAll(ctx, peers, region)...)
}

// keepersOf are the nodes that announce the region's rendezvous.
func (w *worldState) keepersOf(ctx context.Context, region base.ID) []string {
	ctx, cancel := context.WithTimeout(ctx, providerAsk)
	defer cancel()
	ids, err := p2p.Providers(ctx, w.n.lumps, lumps.Of(world.Rendezvous(region)), providerMax)
	if err != nil {
		w.n.log.Debug("keepers not found", "region", region, "err", err)
	}
	return ids
}

// askAll asks several nodes. Once one has answered the others have askMore.
func (w *worldState) askAll(ctx context.Context, peers []base.Key, region base.ID) []keeper.Offer {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		mu   sync.Mutex
		out  []keeper.Offer
		wg   sync.WaitGroup
		room = make(chan struct{}, askAtOnce)
	)
	for _, k := range peers {
		wg.Go(func() {
			room <- struct{}{}
			defer func() { <-room }()
			if ctx.Err() != nil {
				return
			}
			got, _ := w.pullCheckpoints(ctx, k, region) // who does not answer has none
			if len(got) == 0 {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if out = append(out, got...); len(out) == len(got) {
				time.AfterFunc(askMore, cancel)
			}
		})
	}
	wg.Wait()
	return out
}
