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
)

// fetcher gets the lumps of one content: from the store, else from other
// nodes within one bitswap session, which remembers who had the last one.
type fetcher struct {
	x      *Exchange
	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup

	session func() exchange.Fetcher // made at the first lump that is not here

	ahead    map[lumps.Ref]*flight // only touched by the reader's goroutine
	progress atomic.Int64          // lumps arrived, by whatever way
}

// flight is one lump on its way.
type flight struct {
	done chan struct{}
	b    []byte
	from peer.ID // "" when it was here
	err  error

	corrupt atomic.Bool // it was here, and damaged: known before anybody sends it
}

func newFetcher(ctx context.Context, x *Exchange) (*fetcher, error) {
	ctx, cancel, err := x.begin(ctx)
	if err != nil {
		return nil, err
	}
	f := &fetcher{x: x, ctx: ctx, cancel: cancel, ahead: map[lumps.Ref]*flight{}}
	f.session = sync.OnceValue(func() exchange.Fetcher { return x.bs.NewSession(ctx) })
	return f, nil
}

// close ends every flight and waits for them.
func (f *fetcher) close() {
	f.cancel()
	f.work.Wait()
}

// start sends for refs that are not on their way yet.
func (f *fetcher) start(refs []lumps.Ref) {
	for _, r := range refs {
		if f.ahead[r] != nil {
			continue
		}
		fl := &flight{done: make(chan struct{})}
		f.ahead[r] = fl
		f.work.Go(func() {
			defer close(fl.done)
			fl.b, fl.from, fl.err = f.load(r, fl)
			f.progress.Add(1)
		})
	}
}

// wait gives the lump r, which start was called for. It fails with
// ErrNotFound when nothing at all arrives for Config.Stall: a slow link that
// still delivers other lumps of the window is not a stall.
func (f *fetcher) wait(r lumps.Ref) (*flight, error) {
	fl := f.ahead[r]
	delete(f.ahead, r)
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
// store, flushed, before it is returned.
func (f *fetcher) load(r lumps.Ref, fl *flight) ([]byte, peer.ID, error) {
	b, here := f.x.store.Get(f.ctx, r)
	if here == nil || !missing(here) {
		return b, "", here
	}
	fl.corrupt.Store(errors.Is(here, lumps.ErrCorrupt))
	if r == empty {
		// Bitswap takes a lump of no bytes for one that is absent, and nobody
		// needs to send it.
		return []byte{}, "", f.x.keep(f.ctx, r, nil)
	}
	b, from, err := f.ask(r)
	if err != nil && errors.Is(here, lumps.ErrCorrupt) {
		// Whoever reads the error should know that it was here once.
		err = errors.Join(err, here)
	}
	return b, from, err
}

var empty = lumps.Of(nil)

func missing(err error) bool {
	return errors.Is(err, lumps.ErrNotFound) || errors.Is(err, lumps.ErrCorrupt)
}

func (f *fetcher) ask(r lumps.Ref) ([]byte, peer.ID, error) {
	// The DHT, too, asks connected peers.
	if len(f.x.cfg.Host.Network().Peers()) == 0 {
		return nil, "", fmt.Errorf("get %s: no peer is connected: %w", r, lumps.ErrNotFound)
	}
	ctx, cancel := context.WithCancel(f.ctx)
	defer cancel()
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

// accept checks and stores what a peer sent.
func (f *fetcher) accept(ctx context.Context, r lumps.Ref, blk blocks.Block) ([]byte, peer.ID, error) {
	b := blk.RawData()
	if err := lumps.Check(r, b); err != nil {
		return nil, "", err
	}
	var from peer.ID
	if traced, ok := blk.(traceability.Block); ok {
		from = traced.From
	}
	if err := f.x.keep(ctx, r, b); err != nil {
		return nil, "", err
	}
	return b, from, nil
}
