package node

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/metatopia/metatopia/assets"
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/disk"
	"github.com/metatopia/metatopia/lumps/exchange"
	lumpkeep "github.com/metatopia/metatopia/lumps/keep"
	"github.com/metatopia/metatopia/lumps/transfer"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/mount"
	"github.com/metatopia/metatopia/node/p2p"
	"github.com/metatopia/metatopia/node/packages"
	"github.com/metatopia/metatopia/node/world"
	"github.com/metatopia/metatopia/scripting"
	"github.com/metatopia/metatopia/scripting/ports"
)

const (
	// maxLumpBytes bounds the lump store: what somebody else's link leads to
	// must not fill the disk.
	maxLumpBytes = 32 << 30
	// tendEvery is how often the lump store is looked at for being full.
	tendEvery = time.Minute
)

// Node is a running node. Its methods may be called from any goroutine.
type Node struct {
	cfg     Config
	log     *slog.Logger
	home    *home
	priv    ed25519.PrivateKey
	key     base.Key
	count   *counters
	started time.Time

	net       *p2p.Net
	store     *lumpkeep.Store
	lumps     *exchange.Exchange
	transfers *transfer.Transfers
	engine    *scripting.Engine
	modules   *modules
	procs     *scripting.Processes
	ports     *ports.Ports
	lodgers   lodgers
	journal   *scripting.Journal
	assets    *assets.Library
	packages  *packages.Store
	mounts    *mount.Table

	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
	done   chan struct{}
	once   sync.Once

	joining    sync.Mutex // one create or join at a time
	epochs     sync.Mutex // guards epoch.json
	lawCounter lawCounter
	passwords  passwords
	blocks     *blocks
	shelving   sync.Mutex // guards the directory law

	signing sync.Mutex // one release at a time: two with one number are evidence

	mu     sync.Mutex
	world  *worldState // nil until a world was founded or joined
	webURL string
	telnet string
}

// Start opens the data directory and brings the node up. When the home knows
// a world, or cfg.Join names one, it is entered before Start returns.
func Start(ctx context.Context, cfg Config) (*Node, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	n := &Node{cfg: cfg, count: newCounters(), started: time.Now(), done: make(chan struct{})}
	n.log = slog.New(countingHandler{cfg.Log.Handler(), n.count})
	n.ctx, n.cancel = context.WithCancel(context.Background())
	if err := n.start(ctx); err != nil {
		_ = n.Close(context.Background())
		return nil, err
	}
	return n, nil
}

func (n *Node) start(ctx context.Context) error {
	var err error
	if n.home, err = openHome(n.cfg.Home); err != nil {
		return err
	}
	if n.priv, err = n.home.identity(); err != nil {
		return err
	}
	if n.blocks, err = openBlocks(n.home); err != nil {
		return err
	}
	if err := n.keepPassword(n.cfg.Password); err != nil {
		return err
	}
	copy(n.key[:], n.priv.Public().(ed25519.PublicKey))
	if err := n.rememberName(); err != nil {
		return err
	}
	if err := n.openLumps(); err != nil {
		return fmt.Errorf("node: %w", err)
	}
	var saved savedWorld
	found, err := n.home.loadJSON("world.json", &saved)
	if err != nil {
		return err
	}
	if err := n.listen(append(slices.Clone(n.cfg.Bootstrap), slices.DeleteFunc(saved.Peers, p2p.BadAddr)...)); err != nil {
		return err
	}
	// Until it is closed: regions store their last checkpoint when n.ctx has
	// ended.
	n.lumps, err = n.net.Lumps(context.WithoutCancel(n.ctx), n.store, n.fetched, n.log,
		func(c *exchange.Config) { c.IPFS = n.cfg.IPFS })
	if err != nil {
		return fmt.Errorf("node: %w", err)
	}
	if err := n.openTransfers(); err != nil {
		return err
	}
	if n.engine, err = scripting.NewEngine(scripting.EngineConfig{CacheDir: n.home.path("wasm"), Compiler: n.cfg.Compiler, Memory: n.cfg.GuestMemory}); err != nil {
		return fmt.Errorf("node: %w", err)
	}
	if err := n.openMounts(); err != nil {
		return err
	}
	n.modules = &modules{n: n, m: map[lumps.Ref]*scripting.Module{}, scripts: map[lumps.Ref]*readyScript{}}
	if n.journal, err = scripting.OpenJournal(n.home.path("logs")); err != nil {
		return fmt.Errorf("node: %w", err)
	}
	n.procs = scripting.NewProcesses(scripting.ProcessesConfig{
		Engine: n.engine, Lumps: lumpReader{n}, Store: lumpReader{n}, Sender: lumpSender{n}, Modules: n.modules, Web: webAsker{}, Log: n.log, Journal: n.journal,
		World:   func() scripting.World { return avatarHost{n} },
		OnEvent: n.processEvent,
	})
	if err := n.openPorts(); err != nil {
		return err
	}
	if err := n.openAssets(); err != nil {
		return err
	}
	if err := n.openPackages(); err != nil {
		return err
	}
	n.goRun(n.net.KeepBootstrap)
	if found {
		err = n.reenter(ctx, saved)
	}
	if err == nil && n.cfg.Join != "" {
		// For a world already joined, the link tells where its nodes are now.
		_, err = n.join(ctx, n.cfg.Join)
	}
	return err
}

func (n *Node) openLumps() error {
	under, err := disk.Open(n.home.path("lumps"), disk.Config{MaxBytes: maxLumpBytes, Log: n.log})
	if err != nil {
		return err
	}
	n.store, err = lumpkeep.New(lumpkeep.Config{Under: under, MaxBytes: maxLumpBytes, Log: n.log})
	if err != nil {
		return errors.Join(err, under.Close())
	}
	n.goRun(func(ctx context.Context) { n.store.Tend(ctx, tendEvery) })
	return nil
}

func (n *Node) processEvent(name string) {
	switch name {
	case "spawned":
		n.count.add(countScripts, 1)
	case "faulted":
		n.count.add(countFaults, 1)
	}
}

func (n *Node) fetched(ref lumps.Ref, from string, size int64) {
	n.count.add(countFetched, 1)
	n.log.Info("lump fetched", "cid", ref, "from", from, "bytes", size)
}

// goRun runs fn until the node closes.
func (n *Node) goRun(fn func(context.Context)) {
	n.wg.Go(func() { fn(n.ctx) })
}

func (n *Node) current() *worldState {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.world
}

func (n *Node) peerUp(k base.Key) {
	if w := n.current(); w != nil {
		w.peerUp(k)
	}
}

func (n *Node) peerDown(k base.Key) {
	if w := n.current(); w != nil {
		w.peerDown(k)
	}
}

func (n *Node) addrsChanged() {
	if w := n.current(); w != nil {
		w.overlay.AddrsChanged()
	}
}

// Backend is the node as its local clients see it.
func (n *Node) Backend() control.Backend { return &backend{n} }

// Done is closed when a client asked the node to shut down.
func (n *Node) Done() <-chan struct{} { return n.done }

// SetEndpoints tells the node where its browser page and telnet listen, for
// Status.
func (n *Node) SetEndpoints(webURL, telnet string) {
	n.mu.Lock()
	n.webURL, n.telnet = webURL, telnet
	n.mu.Unlock()
}

// Close stops everything, regions first so that their last tick is on disk,
// and gives up when ctx ends.
func (n *Node) Close(ctx context.Context) error {
	finished := make(chan error, 1)
	go func() { finished <- n.close() }()
	select {
	case err := <-finished:
		return err
	case <-ctx.Done():
		return fmt.Errorf("node: close: %w", ctx.Err())
	}
}

func (n *Node) close() error {
	var errs []error
	keep := func(err error) {
		if err != nil {
			errs = append(errs, err)
		}
	}
	w := n.current()
	if w != nil {
		w.leave()
		w.rememberPeers()
	}
	if n.procs != nil {
		keep(n.procs.Close())
	}
	if n.ports != nil {
		n.ports.Close()
	}
	if n.journal != nil {
		keep(n.journal.Close())
	}
	if n.assets != nil {
		keep(n.assets.Close())
	}
	n.cancel()
	if w != nil {
		keep(w.closeRegions())
	}
	if n.lumps != nil {
		keep(n.lumps.Close())
	}
	if n.net != nil {
		keep(n.net.Close())
	}
	n.wg.Wait()
	if n.engine != nil {
		keep(n.engine.Close())
	}
	if n.store != nil {
		keep(n.store.Close())
	}
	if n.home != nil {
		n.home.close()
	}
	return errors.Join(errs...)
}

// checkWorldName is what CheckName says, as a client should hear it.
func checkWorldName(s string) error {
	if err := world.CheckName(s); err != nil {
		return control.Errorf(control.Invalid, "", "%w", err)
	}
	return nil
}
