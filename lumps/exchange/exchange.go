package exchange

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ipfs/boxo/bitswap"
	"github.com/ipfs/boxo/bitswap/client"
	"github.com/ipfs/boxo/bitswap/network/bsnet"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/core/routing"

	"github.com/metatopia/metatopia/lumps"
)

// Config of an Exchange.
type Config struct {
	Host    host.Host              // required; not closed by the exchange
	Routing routing.ContentRouting // finds and announces providers; nil: connected peers only
	Store   lumps.Store            // required; not closed by the exchange
	Prefix  string                 // of the protocol names; "" = DefaultPrefix

	// NoStreams leaves bitswap alone: nothing is fetched or served on streams.
	NoStreams bool

	// IPFS also speaks bitswap under its public name, with peers that are no
	// nodes of ours: whoever runs Kubo fetches from us and is asked by us.
	// Nobody is looked for in the public DHT.
	IPFS bool

	// OnFetched is called once for every Open, Bytes or Pin whose content
	// became complete here with the help of other nodes: the root, the peer
	// that sent the first lump, and how many bytes of verified lumps came.
	// May be nil; must not block. Called from any goroutine.
	OnFetched func(ref lumps.Ref, from peer.ID, n int64)

	// OnJudged is called for every fault of a peer; shunned: it was one too
	// many, and the peer is shunned from now on. May be nil; must not block.
	// Called from any goroutine.
	OnJudged func(p peer.ID, f Fault, shunned bool)

	Stall          time.Duration // a fetch in which no lump arrives for so long fails; 0 = DefaultStall
	ReprovideEvery time.Duration // pinned roots are announced again this often; 0 = DefaultReprovideEvery
	Log            *slog.Logger  // nil: silent
}

func (c *Config) validate() error {
	if c.Host == nil || c.Store == nil {
		return errors.New("a host and a store are required")
	}
	if c.Prefix == "" {
		c.Prefix = DefaultPrefix
	}
	if c.Stall <= 0 {
		c.Stall = DefaultStall
	}
	if c.ReprovideEvery <= 0 {
		c.ReprovideEvery = DefaultReprovideEvery
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}

// Exchange is safe for use from any goroutine.
type Exchange struct {
	cfg   Config
	store lumps.Store
	bs    *bitswap.Bitswap
	judge *judge

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	work   sync.WaitGroup // announcer
	close  sync.Once

	announce chan lumps.Ref

	streams  protocol.ID              // of our streams
	find     routing.ContentDiscovery // nil: connected peers only
	server   *server
	jobs     jobs
	urgent   atomic.Int64 // readers that wait for a lump of another node now
	asking   atomic.Int64 // lumps that bitswap is asked for now
	accounts accounts
	meters   meters
}

const bitswapVersion protocol.ID = "/ipfs/bitswap/1.2.0"

// New serves the store to peers and begins to announce its pinned roots. The
// exchange ends with ctx or with Close; Close must be called either way.
func New(ctx context.Context, cfg Config) (*Exchange, error) {
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("lumps/exchange: new: %w", err)
	}
	x := &Exchange{cfg: cfg, store: cfg.Store, announce: make(chan lumps.Ref, announceQueue),
		streams:  protocol.ID(cfg.Prefix) + streamProtocol,
		jobs:     jobs{m: map[lumps.Ref]*sharing{}, patience: cfg.Stall / lanePeriods},
		accounts: accounts{m: map[peer.ID]*account{}}}
	x.server = newServer(x)
	var g *gate
	x.judge = newJudge(time.Now, func(p peer.ID, f Fault, shunned bool) {
		if shunned {
			g.shun(p)
		}
		if cfg.OnJudged != nil {
			cfg.OnJudged(p, f, shunned)
		}
	})
	x.ctx, x.cancel = context.WithCancel(ctx)

	net := bsnet.NewFromIpfsHost(newSieve(cfg.Host, x.judge, cfg.IPFS),
		bsnet.Prefix(protocol.ID(cfg.Prefix)),
		// Only the present version: nobody of ours speaks an older one.
		bsnet.SupportedProtocols([]protocol.ID{bitswapVersion}))
	// An interface that holds nil is not nil, hence the detour.
	var f *finder
	if cfg.Routing != nil {
		f = newFinder(cfg.Routing, x.judge, cfg.Host.ID())
		x.find = timed{f, &x.meters.lookup}
	}
	g = newGate(x.ctx, net, x.judge, f)
	x.bs = bitswap.New(x.ctx, g, x.find, blockAdapter{cfg.Store},
		bitswap.MaxOutstandingBytesPerPeer(servePeerBytes),
		bitswap.MaxQueuedWantlistEntriesPerPeer(serveWants),
		bitswap.MaxCidSize(maxCID),
		bitswap.EngineBlockstoreWorkerCount(serveReaders),
		bitswap.TaskWorkerCount(serveSenders),
		bitswap.ProviderSearchDelay(searchDelay),
		bitswap.RebroadcastDelay(researchDelay),
		bitswap.WithoutDuplicatedBlockStats(),
		bitswap.WithClientOption(client.WithTraceBlock(true)))

	if !cfg.NoStreams {
		cfg.Host.SetStreamHandler(x.streams, x.server.handle)
	}
	if cfg.Routing != nil {
		x.work.Go(x.announcer)
	}
	return x, nil
}

// Close stops serving, ends every open reader and waits for the exchange's
// own goroutines. Idempotent.
func (x *Exchange) Close() error {
	var err error
	x.close.Do(func() {
		x.cancel()
		x.cfg.Host.RemoveStreamHandler(x.streams)
		x.cfg.Host.RemoveStreamHandler(protocol.ID(x.cfg.Prefix) + bitswapVersion)
		if x.cfg.IPFS {
			x.cfg.Host.RemoveStreamHandler(bitswapVersion)
		}
		err = x.bs.Close()
		x.server.close()
		x.work.Wait()
	})
	return err
}

// period is how long a peer may owe lumps and send too little.
func (x *Exchange) period() time.Duration { return x.cfg.Stall / lanePeriods }

// welcome tells whether streams are opened to a peer and accepted from it.
func (x *Exchange) welcome(p peer.ID) bool { return x.accounts.may(p) && !x.judge.shunned(p) }

// begin joins a caller's context with the exchange's life, and holds what the
// caller puts and reads until it is done.
func (x *Exchange) begin(ctx context.Context) (context.Context, context.CancelFunc, error) {
	if x.ctx.Err() != nil {
		return nil, nil, lumps.ErrClosed
	}
	release := func() {}
	if h, ok := x.store.(lumps.Holder); ok {
		release = h.Hold()
	}
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(x.ctx, func() { cancel(lumps.ErrClosed) })
	return ctx, sync.OnceFunc(func() { stop(); cancel(context.Canceled); release() }), nil
}
