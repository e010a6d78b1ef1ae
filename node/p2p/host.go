package p2p

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/host/autorelay"
	rcmgr "github.com/libp2p/go-libp2p/p2p/host/resource-manager"
	"github.com/libp2p/go-libp2p/p2p/net/connmgr"
	relayv2 "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	libp2pquic "github.com/libp2p/go-libp2p/p2p/transport/quic"
	"github.com/libp2p/go-libp2p/p2p/transport/quicreuse"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	ma "github.com/multiformats/go-multiaddr"
	"github.com/quic-go/quic-go"
)

// Reachability says whether others can dial a node.
type Reachability uint8

const (
	ReachUnknown Reachability = iota // others are asked to find out
	ReachPublic
	ReachPrivate // behind a NAT or firewall: relays are looked for at once
)

// listen makes the libp2p host.
func (n *Net) listen() error {
	priv, err := privKey(n.cfg.Key)
	if err != nil {
		return fmt.Errorf("p2p: identity: %w", err)
	}
	rm, err := rcmgr.NewResourceManager(rcmgr.NewFixedLimiter(limitsFor(n.cfg.Protocols)))
	if err != nil {
		return fmt.Errorf("p2p: resource limits: %w", err)
	}
	cm, err := connmgr.NewConnManager(connLow, connHigh, connmgr.WithGracePeriod(connGrace))
	if err != nil {
		return fmt.Errorf("p2p: connection manager: %w", err)
	}
	opts := []libp2p.Option{
		libp2p.Identity(priv),
		libp2p.ListenAddrStrings(n.cfg.Listen...),
		libp2p.DefaultSecurity, libp2p.DefaultMuxers,
		libp2p.ResourceManager(rm),
		libp2p.ConnectionManager(cm),
		libp2p.ConnectionGater(&n.bans),
		libp2p.UserAgent(n.cfg.UserAgent),
		libp2p.NonPublicAddrPublishing(true),
		libp2p.WithDialTimeout(dialTimeout),
	}
	opts = append(opts, n.relayOptions()...)
	switch {
	case n.cfg.Dialed != nil:
		opts = append(opts, libp2p.Transport(tcp.NewTCPTransport, tcp.WithDialerForAddr(func(ma.Multiaddr) (tcp.ContextDialer, error) { return wrapping(n.cfg.Dialed), nil })))
	case n.cfg.UDP != nil:
		opts = append(opts, libp2p.Transport(libp2pquic.NewTransport))
		opts = append(opts, n.simulated()...)
	default:
		opts = append(opts, libp2p.Transport(libp2pquic.NewTransport), libp2p.Transport(tcp.NewTCPTransport))
	}
	n.host, err = libp2p.New(opts...)
	if err != nil {
		return fmt.Errorf("p2p: listen on %v: %w", n.cfg.Listen, err)
	}
	close(n.listening)
	return nil
}

// wrapping is a dialer whose connections go through a function.
type wrapping func(net.Conn) net.Conn

// DialContext is for the TCP transport.
func (w wrapping) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return w(c), nil
}

// relayOptions are the ways round a NAT: to be called through a relay, to
// relay for others, and to turn a relayed connection into a direct one.
func (n *Net) relayOptions() []libp2p.Option {
	res := relayv2.DefaultResources()
	res.Limit = &relayv2.RelayLimit{Duration: relayFor, Data: relayBytes}
	res.MaxReservations, res.MaxCircuits, res.MaxReservationsPerIP = relaySlots, relayPerPeer, relayPerSubnet
	opts := []libp2p.Option{
		libp2p.EnableRelay(),
		libp2p.EnableRelayService(relayv2.WithResources(res)),
		libp2p.EnableHolePunching(),
	}
	switch n.cfg.Reach {
	case ReachPublic:
		opts = append(opts, libp2p.ForceReachabilityPublic())
	case ReachPrivate:
		opts = append(opts, libp2p.ForceReachabilityPrivate())
	}
	if loopbackOnly(n.cfg.Listen) {
		return opts
	}
	// Talking to the router and asking others how they see us makes sense
	// only where somebody else could reach us.
	opts = append(opts, libp2p.EnableAutoRelayWithPeerSource(n.relayCandidates,
		// A world may have one node that others reach; waiting for more of
		// them first would keep the rest apart for minutes.
		autorelay.WithMinCandidates(1), autorelay.WithBootDelay(relayPatience),
		autorelay.WithBackoff(relayBackoff), autorelay.WithMinInterval(relayLook)))
	if n.cfg.UDP == nil {
		// Both use sockets of the system.
		opts = append(opts, libp2p.EnableNATService(), libp2p.NATPortMap())
	}
	return opts
}

// simulated makes QUIC use sockets of a network that is not the system's.
func (n *Net) simulated() []libp2p.Option {
	from := &lastIP{}
	manager := func(reset quic.StatelessResetKey, token quic.TokenGeneratorKey, opts ...quicreuse.Option) (*quicreuse.ConnManager, error) {
		m, err := quicreuse.NewConnManager(reset, token, opts...)
		// libp2p closes only the one that it makes itself.
		n.quic = m
		return m, err
	}
	return []libp2p.Option{
		libp2p.QUICReuse(manager,
			quicreuse.OverrideSourceIPSelector(func() (quicreuse.SourceIPSelector, error) { return from, nil }),
			quicreuse.OverrideListenUDP(func(_ string, at *net.UDPAddr) (net.PacketConn, error) {
				from.set(at.IP)
				return n.cfg.UDP(at)
			})),
		libp2p.DisableMetrics(),
	}
}

// lastIP is the address of the one interface of a simulated host.
type lastIP struct {
	mu sync.Mutex
	ip net.IP
}

func (l *lastIP) set(ip net.IP) {
	l.mu.Lock()
	l.ip = ip
	l.mu.Unlock()
}

func (l *lastIP) PreferredSourceIPForDestination(*net.UDPAddr) (net.IP, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ip, nil
}

// loopbackOnly reports whether every listen address is on this machine.
func loopbackOnly(listen []string) bool {
	for _, a := range listen {
		if !strings.HasPrefix(a, "/ip4/127.") && !strings.HasPrefix(a, "/ip6/::1/") {
			return false
		}
	}
	return true
}

// relayCandidates offers connected peers as relays; libp2p tests each.
func (n *Net) relayCandidates(ctx context.Context, num int) <-chan peer.AddrInfo {
	out := make(chan peer.AddrInfo, num)
	defer close(out)
	select { // libp2p may ask before it has given us the host
	case <-n.listening:
	case <-ctx.Done():
		return out
	}
	for _, id := range n.host.Network().Peers() {
		if len(out) == num {
			break
		}
		out <- n.host.Peerstore().PeerInfo(id)
	}
	return out
}
