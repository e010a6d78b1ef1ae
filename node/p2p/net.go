package p2p

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"log/slog"
	"net"
	"regexp"
	"slices"
	"sync"
	"time"

	dht "github.com/libp2p/go-libp2p-kad-dht"
	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/discovery/mdns"
	"github.com/libp2p/go-libp2p/p2p/host/eventbus"
	ma "github.com/multiformats/go-multiaddr"

	"github.com/metatopia/metatopia/internal/base"
)

// dhtPrefix keeps our routing tables and records apart from other networks'.
const dhtPrefix = "/metatopia"

// DefaultListen is where a node listens when nothing else is said.
var DefaultListen = []string{
	"/ip4/0.0.0.0/udp/0/quic-v1", "/ip4/0.0.0.0/tcp/0",
	"/ip6/::/udp/0/quic-v1", "/ip6/::/tcp/0",
}

// Config is what a Net needs to start. Key is required.
type Config struct {
	Key       ed25519.PrivateKey
	Listen    []string // multiaddrs; nil = DefaultListen
	Bootstrap []string // multiaddrs with /p2p/
	MDNS      bool     // announce and find nodes on the local network
	UserAgent string
	Log       *slog.Logger

	// Protocols are those that Links will carry; their use of streams and
	// memory is bounded from the start.
	Protocols []Protocol
	// Reach says whether others can dial this node, where that is known.
	Reach Reachability
	// Lean leaves out the DHT and gossip: the overlay alone.
	Lean bool
	// UDP opens QUIC's sockets, and then there is no other transport and
	// Listen names its addresses; nil is the operating system. It is for
	// networks that exist in a test only.
	UDP func(*net.UDPAddr) (net.PacketConn, error)
	// Dialed wraps every connection that this node dials, and then TCP is the
	// only transport: for measuring over a link that is slower than the real one.
	Dialed func(net.Conn) net.Conn

	// PeerUp and PeerDown are called, one at a time, when the first
	// connection to a node of ours opens and the last one closes.
	PeerUp, PeerDown func(base.Key)
	// AddrsChanged, unless nil, is called after this node's addresses have
	// changed: an interface came, a relay was found.
	AddrsChanged func()
}

// Net is a running libp2p host with the world's DHT and gossip.
type Net struct {
	cfg  Config
	log  *slog.Logger
	key  base.Key
	host host.Host
	dht  *dht.IpfsDHT
	ps   *pubsub.PubSub
	mdns interface{ Close() error }

	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	bans      bans
	prober    *prober
	listening chan struct{}              // closed when host is there
	quic      interface{ Close() error } // nil unless Config.UDP is set

	mu      sync.Mutex
	boot    []peer.AddrInfo
	inbound map[inboundKey]int

	recMu    sync.Mutex
	rec      []byte // the signed addresses, and those themselves
	recAddrs []ma.Multiaddr
}

// New starts listening. It returns before any peer is found.
func New(cfg Config) (*Net, error) {
	if len(cfg.Key) != ed25519.PrivateKeySize {
		return nil, fmt.Errorf("p2p: start: no identity key")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	useLog(cfg.Log.Handler())
	if cfg.Listen == nil {
		cfg.Listen = DefaultListen
	}
	n := &Net{cfg: cfg, log: cfg.Log, inbound: map[inboundKey]int{},
		bans: bans{until: map[peer.ID]time.Time{}}, prober: newProber(), listening: make(chan struct{})}
	copy(n.key[:], cfg.Key.Public().(ed25519.PublicKey))
	for _, a := range cfg.Bootstrap {
		ai, err := peer.AddrInfoFromString(a)
		if err != nil {
			return nil, fmt.Errorf("p2p: bootstrap address %q: %w", a, err)
		}
		n.boot = append(n.boot, *ai)
	}
	n.ctx, n.cancel = context.WithCancel(context.Background())
	if err := n.start(); err != nil {
		n.Close()
		return nil, err
	}
	return n, nil
}

func (n *Net) start() error {
	if err := n.listen(); err != nil {
		return err
	}
	if err := n.watchPeers(); err != nil {
		return err
	}
	n.watchConns()
	if !n.cfg.Lean {
		if err := n.startShared(); err != nil {
			return err
		}
	}
	if n.cfg.MDNS {
		svc := mdns.NewMdnsService(n.host, "_metatopia._udp", (*mdnsFound)(n))
		if err := svc.Start(); err != nil {
			// A machine without multicast is common and not fatal.
			n.log.Warn("local discovery is off", "err", err)
		} else {
			n.mdns = svc
		}
	}
	for _, ai := range n.bootstrapPeers() {
		n.dial(ai)
	}
	return nil
}

// startShared starts what all nodes of the network share: the DHT and gossip.
func (n *Net) startShared() error {
	var err error
	n.dht, err = dht.New(n.host,
		dht.ProtocolPrefix(dhtPrefix),
		// Auto mode never fills a table on a private network.
		dht.Mode(dht.ModeServer),
		dht.BootstrapPeersFunc(n.bootstrapPeers),
	)
	if err != nil {
		return fmt.Errorf("p2p: dht: %w", err)
	}
	if err := n.dht.Bootstrap(n.ctx); err != nil {
		return fmt.Errorf("p2p: dht: %w", err)
	}
	n.ps, err = pubsub.NewGossipSub(n.ctx, n.host,
		pubsub.WithMessageSignaturePolicy(pubsub.StrictSign),
		pubsub.WithPeerOutboundQueueSize(gossipQueue),
		pubsub.WithValidateQueueSize(gossipQueue),
		pubsub.WithMaxMessageSize(maxGossip+4096),
		pubsub.WithSubscriptionFilter(pubsub.WrapLimitSubscriptionFilter(
			pubsub.NewRegexpSubscriptionFilter(ourTopics), maxPeerTopics)),
	)
	if err != nil {
		return fmt.Errorf("p2p: gossip: %w", err)
	}
	return nil
}

func (n *Net) bootstrapPeers() []peer.AddrInfo {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.boot)
}

// watchPeers turns libp2p's events into PeerUp, PeerDown and AddrsChanged.
func (n *Net) watchPeers() error {
	sub, err := n.host.EventBus().Subscribe(
		[]any{new(event.EvtPeerConnectednessChanged), new(event.EvtLocalAddressesUpdated)}, eventbus.BufSize(256))
	if err != nil {
		return fmt.Errorf("p2p: events: %w", err)
	}
	n.wg.Go(func() {
		defer sub.Close()
		for {
			select {
			case <-n.ctx.Done():
				return
			case e, ok := <-sub.Out():
				if !ok {
					return
				}
				if _, ok := e.(event.EvtLocalAddressesUpdated); ok {
					if n.cfg.AddrsChanged != nil {
						n.cfg.AddrsChanged()
					}
					continue
				}
				ev := e.(event.EvtPeerConnectednessChanged)
				k, err := keyOf(ev.Peer)
				if err != nil {
					continue
				}
				switch {
				case ev.Connectedness != network.NotConnected && n.cfg.PeerUp != nil:
					n.cfg.PeerUp(k)
				case ev.Connectedness == network.NotConnected && n.cfg.PeerDown != nil:
					n.cfg.PeerDown(k)
				}
			}
		}
	})
	return nil
}

func (n *Net) dial(ai peer.AddrInfo) {
	if ai.ID == n.host.ID() {
		return
	}
	n.wg.Go(func() {
		ctx, cancel := context.WithTimeout(n.ctx, dialTimeout)
		defer cancel()
		if err := n.host.Connect(ctx, ai); err != nil && n.ctx.Err() == nil {
			n.log.Info("peer not reached", "peer", ai.ID, "err", err)
		}
	})
}

type mdnsFound Net

func (m *mdnsFound) HandlePeerFound(ai peer.AddrInfo) { (*Net)(m).dial(ai) }

// Key is this node's identity.
func (n *Net) Key() base.Key { return n.key }

// Close stops everything and waits for the goroutines that this Net started.
func (n *Net) Close() error {
	n.cancel()
	if n.mdns != nil {
		n.mdns.Close()
	}
	if n.dht != nil {
		n.dht.Close()
	}
	var err error
	if n.host != nil {
		err = n.host.Close()
	}
	if n.quic != nil {
		n.quic.Close()
		n.quic = nil
	}
	n.wg.Wait()
	return err
}

// ourTopics are those of worlds; a peer may not make us keep others.
var ourTopics = regexp.MustCompile("^mt/")

// settle is how often a lost bootstrap peer is dialled again.
const settle = 15 * time.Second

// KeepBootstrap dials the bootstrap peers again while this node has no peer,
// until ctx ends.
func (n *Net) KeepBootstrap(ctx context.Context) {
	t := time.NewTicker(settle)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-n.ctx.Done():
			return
		case <-t.C:
			if len(n.host.Network().Peers()) == 0 {
				for _, ai := range n.bootstrapPeers() {
					n.dial(ai)
				}
			}
		}
	}
}
