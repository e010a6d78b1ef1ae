package overlay

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/p2p"
	"github.com/metatopia/metatopia/raynet"
	"github.com/metatopia/metatopia/raynet/wire"
)

// Config says what an overlay works with. Net, Key, Core and Epoch are
// required; Net must have been started with Protocols and with Key.
type Config struct {
	Net  *p2p.Net
	Key  ed25519.PrivateKey
	Core raynet.Config

	// Epoch gives a number that rises with every call, over restarts too.
	Epoch func() (uint32, error)
	// Store keeps what is known of others between runs; nil keeps nothing.
	Store Store
	// Deliver gets what was routed to this node; nil throws it away. It runs
	// on the overlay's goroutine and must not block.
	Deliver func(raynet.Deliver)
	Log     *slog.Logger
	// Seed decides the core's random choices; 0 takes one from the system.
	Seed uint64
}

// Store is where the remembered nodes are kept, whole. Load gives nothing and
// no error when nothing was saved.
type Store interface {
	Load() ([]byte, error)
	Save([]byte) error
}

// Overlay is a running overlay point.
type Overlay struct {
	cfg   Config
	key   base.Key
	log   *slog.Logger
	links *p2p.Links
	in    inbox
	began time.Time
	setup *raynet.Config // complete

	ended   chan struct{} // closed when Run returns
	dropped atomic.Uint64
	foreign atomic.Uint64 // messages that are none, or on another's protocol

	refusals, badAddrs atomic.Uint64

	mu    sync.Mutex
	core  *raynet.Node // nil until the point has a place, and after leaving
	kind  wire.Kind
	pose  raynet.SetPose
	told  time.Time // when the core heard the pose
	up    map[base.Key]bool
	addr  []byte
	wake  int64
	left  bool
	token uint64
	asked map[uint64]chan raynet.Found
	lost  map[uint64]chan struct{}
	// held are the peers whose connections the core wants kept.
	held map[base.Key]bool

	cacheMu sync.Mutex
	cache   cache
}

var errConfig = errors.New("overlay: config needs Net, Key, Core and Epoch")

// New serves the overlay's protocols. Nothing is sent before Place.
func New(cfg Config) (*Overlay, error) {
	if cfg.Net == nil || len(cfg.Key) != ed25519.PrivateKeySize || cfg.Epoch == nil {
		return nil, errConfig
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Deliver == nil {
		cfg.Deliver = func(raynet.Deliver) {}
	}
	if cfg.Seed == 0 {
		var b [8]byte
		if _, err := rand.Read(b[:]); err != nil {
			return nil, fmt.Errorf("overlay: seed: %w", err)
		}
		cfg.Seed = binary.LittleEndian.Uint64(b[:])
	}
	o := &Overlay{
		cfg: cfg, log: cfg.Log, began: time.Now(), up: map[base.Key]bool{}, ended: make(chan struct{}),
		asked: map[uint64]chan raynet.Found{}, lost: map[uint64]chan struct{}{},
		held: map[base.Key]bool{},
		in:   inbox{wake: make(chan struct{}, 1)}, cache: newCache(),
	}
	var err error
	if o.setup, err = cfg.Core.Complete(); err != nil {
		return nil, fmt.Errorf("overlay: %w", err)
	}
	copy(o.key[:], cfg.Key.Public().(ed25519.PublicKey))
	o.recall()
	o.links, err = cfg.Net.Links(p2p.LinksConfig{
		Protocols: Protocols(), Recv: o.recv,
		Fail: func(to base.Key) { o.give(raynet.SendFailed{To: to}) },
	})
	if err != nil {
		return nil, fmt.Errorf("overlay: %w", err)
	}
	return o, nil
}

// recv is called by the goroutine of each inbound stream, so that parsing does
// not hold up the core.
func (o *Overlay) recv(from base.Key, proto int, msg []byte) {
	m, err := wire.Parse(msg)
	if err != nil || protocolOf(m.Type()) != proto {
		o.foreign.Add(1)
		o.links.Strike(from)
		return
	}
	if !o.in.put(raynet.Message{From: from, Msg: m}, true) {
		o.dropped.Add(1)
	}
}

func (o *Overlay) give(in raynet.Input) {
	if !o.in.put(in, false) {
		o.dropped.Add(1)
	}
}

// PeerUp tells that a node can be sent to; it may or may not be of this world.
func (o *Overlay) PeerUp(k base.Key) {
	o.mu.Lock()
	known := o.up[k]
	o.up[k] = true
	o.mu.Unlock()
	o.give(o.upOf(k))
	if !known {
		o.give(raynet.Bootstrap{Keys: []base.Key{k}})
	}
}

func (o *Overlay) upOf(k base.Key) raynet.PeerUp {
	return raynet.PeerUp{Key: k, Group: o.cfg.Net.Group(k)}
}

// PeerDown tells that the last connection to a node has ended.
func (o *Overlay) PeerDown(k base.Key) {
	o.mu.Lock()
	delete(o.up, k)
	o.mu.Unlock()
	o.links.Drop(k)
	o.give(raynet.PeerDown{Key: k})
}

// AddrsChanged tells that the network has other addresses than before.
func (o *Overlay) AddrsChanged() { o.tellAddr(false) }

// Run works until ctx ends. It is called once.
func (o *Overlay) Run(ctx context.Context) {
	defer close(o.ended)
	var knocking sync.WaitGroup
	knocking.Go(func() { o.knock(ctx) })
	defer knocking.Wait()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	addr := time.NewTicker(addrEvery)
	defer addr.Stop()
	keep := time.NewTimer(keepFirst)
	defer keep.Stop()
	var out raynet.Outbox
	var batch []raynet.Input
	for {
		select {
		case <-ctx.Done():
			return
		case <-o.in.wake:
			batch = o.in.take(batch[:0])
		case <-timer.C:
			batch = append(batch[:0], raynet.Tick{})
		case <-addr.C:
			o.tellAddr(false)
			continue
		case <-keep.C:
			o.keep()
			keep.Reset(keepEvery)
			continue
		}
		o.mu.Lock()
		for i, in := range batch {
			batch[i] = nil
			o.step(in, &out)
		}
		if o.core != nil && o.wake > 0 {
			timer.Reset(max(time.Duration(o.wake)-time.Since(o.began), time.Millisecond))
		}
		o.mu.Unlock()
	}
}

// step gives the core one input. o.mu is held.
func (o *Overlay) step(in raynet.Input, out *raynet.Outbox) {
	if o.core == nil {
		return
	}
	out.Reset()
	o.core.Step(int64(time.Since(o.began)), in, out)
	for _, e := range out.Effects {
		o.perform(e)
	}
}

// tellAddr gives the core this node's addresses, when they changed.
func (o *Overlay) tellAddr(always bool) {
	rec, err := o.cfg.Net.AddrRecord(wire.MaxAddr)
	if err != nil {
		o.log.Warn("addresses not signed", "err", err)
		return
	}
	o.mu.Lock()
	same := bytes.Equal(rec, o.addr)
	o.addr = rec
	known := o.core != nil
	o.mu.Unlock()
	if known && !same || always {
		o.give(raynet.SetAddr{Addr: rec})
	}
}

// Leave says farewell to the neighbours, and waits until it is sent or ctx
// ends. The overlay is of no use afterwards.
func (o *Overlay) Leave(ctx context.Context) {
	o.keep()
	var out raynet.Outbox
	o.mu.Lock()
	o.step(raynet.Leave{}, &out)
	o.core, o.wake, o.left = nil, 0, true
	o.release()
	o.mu.Unlock()
	o.links.Flush(ctx)
	o.links.Close()
}
