package exchange

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ipfs/boxo/bitswap/client/traceability"
	"github.com/ipfs/boxo/exchange"
	blocks "github.com/ipfs/go-block-format"
	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/unixfs"
)

// fetcher gets the lumps of one content: from the store, else from other
// nodes, on streams or within one bitswap session.
type fetcher struct {
	x      *Exchange
	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup

	session func() exchange.Fetcher // made at the first lump that bitswap is asked for
	swarm   *swarm                  // nil: bitswap only
	root    lumps.Ref
	began   time.Time
	first   sync.Once // lump of another node

	ahead    map[lumps.Ref]*flight // only touched by the reader's goroutine
	started  int64                 // flights so far; the reader's too
	progress atomic.Int64          // lumps arrived, by whatever way
}

// flight is one lump on its way.
type flight struct {
	done chan struct{}
	b    []byte
	sole bool    // nobody else was given b
	from peer.ID // "" when it was here
	err  error

	corrupt atomic.Bool // it was here, and damaged: known before anybody sends it
}

// newFetcher begins to fetch a content; bulk when nobody waits for the single
// lump.
func newFetcher(ctx context.Context, x *Exchange, root lumps.Ref, bulk bool) (*fetcher, error) {
	ctx, cancel, err := x.begin(ctx)
	if err != nil {
		return nil, err
	}
	f := &fetcher{x: x, ctx: ctx, cancel: cancel, root: root, began: time.Now(), ahead: map[lumps.Ref]*flight{}}
	f.session = sync.OnceValue(func() exchange.Fetcher { return x.bs.NewSession(ctx) })
	if root.IsNode() && !x.cfg.NoStreams {
		f.swarm = newSwarm(f, root, bulk)
	}
	return f, nil
}

// sized tells how large the content is, once its root says so.
func (f *fetcher) sized(n int64) {
	if f.swarm != nil {
		f.swarm.size.Store(n)
	}
}

// close ends every flight and waits for them.
func (f *fetcher) close() {
	f.cancel()
	f.work.Wait()
}

// start sends for lumps that are not on their way yet, the most urgent first.
func (f *fetcher) start(links []unixfs.Link) {
	for _, l := range links {
		if f.ahead[l.Ref] != nil {
			continue
		}
		fl := &flight{done: make(chan struct{})}
		f.ahead[l.Ref] = fl
		f.started++
		seq := f.started
		f.work.Go(func() {
			defer close(fl.done)
			fl.b, fl.from, fl.err = f.load(l, seq, fl)
			f.progress.Add(1)
			f.count(fl)
		})
	}
}

// count files a lump under where it came from.
func (f *fetcher) count(fl *flight) {
	switch {
	case fl.err != nil:
	case fl.from == "":
		f.x.meters.disk.add(len(fl.b))
	default:
		f.first.Do(func() { f.x.meters.firstByte.add(time.Since(f.began)) })
	}
}

// wait gives the lump r, which start was called for. It fails with
// ErrNotFound when nothing at all arrives for Config.Stall: a slow link that
// still delivers other lumps of the window is not a stall.
func (f *fetcher) wait(r lumps.Ref) (*flight, error) {
	fl := f.ahead[r]
	delete(f.ahead, r)
	select {
	case <-fl.done:
		return fl, fl.err
	default:
	}
	if f.swarm != nil && !f.swarm.bulk {
		f.x.urgent.Add(1)
		defer f.x.urgent.Add(-1)
	}
	timer := time.NewTimer(f.x.cfg.Stall)
	defer timer.Stop()
	for seen := f.progress.Load(); ; {
		select {
		case <-fl.done:
			return fl, fl.err
		case <-f.ctx.Done():
			return nil, fmt.Errorf("get %s: %w", r, context.Cause(f.ctx))
		case <-timer.C:
			now := f.progress.Load()
			if now == seen {
				err := fmt.Errorf("get %s: no node sent it for %v: %w", r, f.x.cfg.Stall, lumps.ErrNotFound)
				if fl.corrupt.Load() {
					err = errors.Join(err, lumps.ErrCorrupt)
				}
				return nil, err
			}
			seen = now
			timer.Reset(f.x.cfg.Stall)
		}
	}
}

// load gets one lump from wherever it is. What other nodes send is in the
// store before it is returned.
func (f *fetcher) load(l unixfs.Link, seq int64, fl *flight) ([]byte, peer.ID, error) {
	r := l.Ref
	b, here := f.x.store.Get(f.ctx, r)
	if here == nil || !missing(here) {
		return b, "", here
	}
	fl.corrupt.Store(errors.Is(here, lumps.ErrCorrupt))
	if r == empty {
		// Bitswap takes a lump of no bytes for one that is absent, and nobody
		// needs to send it.
		return []byte{}, "", f.x.keep(f.ctx, r, []byte{}, nil)
	}
	b, from, err := f.fetch(l, seq, fl)
	if err != nil && errors.Is(here, lumps.ErrCorrupt) {
		// Whoever reads the error should know that it was here once.
		err = errors.Join(err, here)
	}
	return b, from, err
}

// fetch gets one lump from another node. The root comes by bitswap, which asks
// all neighbours at once and searches by itself; the rest on streams, unless
// there are none.
func (f *fetcher) fetch(l unixfs.Link, seq int64, fl *flight) ([]byte, peer.ID, error) {
	// Routing, too, asks connected peers.
	if len(f.x.cfg.Host.Network().Peers()) == 0 {
		return nil, "", fmt.Errorf("get %s: no peer is connected: %w", l.Ref, lumps.ErrNotFound)
	}
	if f.swarm == nil {
		return f.ask(f.ctx, l.Ref)
	}
	if l.Ref == f.root {
		b, from, err := f.ask(f.ctx, l.Ref)
		if err == nil {
			f.swarm.offer(from)
		}
		return b, from, err
	}
	size := l.Size
	if l.Ref.IsNode() {
		size = 0 // that of the content below it
	}
	j := f.swarm.want(l.Ref, size, seq)
	defer f.swarm.drop(j)
	// The last one that read it may have got it since we looked.
	if b, err := f.x.store.Get(f.ctx, l.Ref); err == nil {
		return b, "", nil
	}
	select {
	case <-j.done:
		fl.sole = j.sole
		return j.b, j.from, j.err
	case <-f.ctx.Done():
		return nil, "", fmt.Errorf("get %s: %w", l.Ref, context.Cause(f.ctx))
	case <-j.help:
	}
	ctx, cancel := context.WithCancel(f.ctx)
	defer cancel()
	f.work.Go(func() {
		select {
		case <-j.done: // a stream was quicker
			cancel()
		case <-ctx.Done():
		}
	})
	b, from, err := f.ask(ctx, l.Ref)
	if err != nil && j.over() {
		return j.b, j.from, j.err
	}
	if err == nil {
		f.swarm.offer(from)
	}
	return b, from, err
}

var empty = lumps.Of(nil)

func missing(err error) bool {
	return errors.Is(err, lumps.ErrNotFound) || errors.Is(err, lumps.ErrCorrupt)
}

// ask gets a lump by bitswap.
func (f *fetcher) ask(ctx context.Context, r lumps.Ref) ([]byte, peer.ID, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	f.x.asking.Add(1) // before we look into the store, see share
	defer f.x.asking.Add(-1)
	in, err := f.session().GetBlocks(ctx, []cid.Cid{r.CID()})
	if err != nil {
		return nil, "", fmt.Errorf("get %s: %w", r, err)
	}
	// From here on an Add or another reader that stores r wakes us. One that
	// did so just before would not: look again.
	if b, err := f.x.store.Get(ctx, r); err == nil {
		return b, "", nil
	}
	blk, ok := <-in
	if !ok {
		err := context.Cause(f.ctx)
		if err == nil {
			err = lumps.ErrNotFound
		}
		return nil, "", fmt.Errorf("get %s: %w", r, err)
	}
	return f.accept(ctx, r, blk)
}

// accept stores what a peer sent by bitswap; the store checks it.
func (f *fetcher) accept(ctx context.Context, r lumps.Ref, blk blocks.Block) ([]byte, peer.ID, error) {
	b := blk.RawData()
	var from peer.ID
	if traced, ok := blk.(traceability.Block); ok {
		from = traced.From
	}
	if err := f.x.keep(ctx, r, b, nil); err != nil {
		return nil, "", err
	}
	if from != "" {
		f.x.meters.bitswap.add(len(b))
		f.x.accounts.with(from, func(acc *account) { acc.Received += int64(len(b)) })
	}
	return b, from, nil
}
