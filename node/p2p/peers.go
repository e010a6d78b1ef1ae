package p2p

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"github.com/metatopia/metatopia/internal/base"
)

// Peer is a connected node.
type Peer struct {
	Key       base.Key
	PeerID    string
	Addr      string
	Transport string  // quic-v1, tcp, circuit
	RTT       float64 // milliseconds, 0 when not measured
}

// Addrs lists where this node can be dialled, each with /p2p/.
func (n *Net) Addrs() []string {
	ai := peer.AddrInfo{ID: n.host.ID(), Addrs: n.host.Addrs()}
	full, err := peer.AddrInfoToP2pAddrs(&ai)
	if err != nil {
		return nil
	}
	out := make([]string, 0, len(full))
	for _, a := range full {
		out = append(out, a.String())
	}
	return out
}

// Peers lists the connected nodes, sorted by peer id.
func (n *Net) Peers() []Peer {
	var out []Peer
	for _, id := range n.host.Network().Peers() {
		conns := n.host.Network().ConnsToPeer(id)
		if len(conns) == 0 {
			continue
		}
		best := conns[0].RemoteMultiaddr()
		for _, c := range conns {
			if relayed(best) && !relayed(c.RemoteMultiaddr()) {
				best = c.RemoteMultiaddr()
			}
		}
		p := Peer{PeerID: id.String(), Addr: best.String()}
		p.Key, _ = keyOf(id)
		p.Transport = transportOf(best)
		p.RTT = float64(n.host.Peerstore().LatencyEWMA(id).Microseconds()) / 1000
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b Peer) int { return strings.Compare(a.PeerID, b.PeerID) })
	return out
}

func transportOf(a ma.Multiaddr) string {
	s := a.String()
	for _, t := range []string{"p2p-circuit", "webtransport", "quic-v1", "tcp"} {
		if strings.Contains(s, "/"+t) {
			return strings.TrimPrefix(t, "p2p-")
		}
	}
	return "unknown"
}

// PeerAddrs lists addresses, with /p2p/, at which connected nodes of ours can
// be dialled again, at most max.
func (n *Net) PeerAddrs(max int) []string {
	var out []string
	for _, id := range n.host.Network().Peers() {
		if _, err := keyOf(id); err != nil {
			continue
		}
		ai := n.host.Peerstore().PeerInfo(id)
		full, err := peer.AddrInfoToP2pAddrs(&ai)
		if err != nil {
			continue
		}
		for _, a := range full[:min(len(full), 4)] {
			if len(out) == max {
				return out
			}
			out = append(out, a.String())
		}
	}
	return out
}

// BadAddr reports that an address cannot be dialled: not a multiaddr with
// /p2p/. What a link or a file names is outside this node's control.
func BadAddr(addr string) bool {
	_, err := peer.AddrInfoFromString(addr)
	return err != nil
}

// Connected reports whether a connection to k is open, be it through a relay.
func (n *Net) Connected(k base.Key) bool {
	id, err := idOf(k)
	return err == nil && n.reached(id)
}

// direct reports whether there is a connection to k that no relay carries.
func (n *Net) direct(k base.Key) bool {
	id, err := idOf(k)
	return err == nil && n.host.Network().Connectedness(id) == network.Connected
}

func (n *Net) reached(id peer.ID) bool {
	c := n.host.Network().Connectedness(id)
	return c == network.Connected || c == network.Limited
}

// Dial connects to an address with /p2p/ and remembers it as a bootstrap peer.
func (n *Net) Dial(ctx context.Context, addr string) (base.Key, error) {
	ai, err := peer.AddrInfoFromString(addr)
	if err != nil {
		return base.Key{}, fmt.Errorf("p2p: address %q: %w", addr, err)
	}
	n.mu.Lock()
	if !slices.ContainsFunc(n.boot, func(b peer.AddrInfo) bool { return b.String() == ai.String() }) && len(n.boot) < 64 {
		n.boot = append(n.boot, *ai)
	}
	n.mu.Unlock()
	k, err := keyOf(ai.ID)
	if err != nil {
		return k, err
	}
	if ai.ID == n.host.ID() {
		return k, nil
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	if err := n.host.Connect(ctx, *ai); err != nil {
		return k, fmt.Errorf("p2p: dial %s: %w", addr, err)
	}
	return k, nil
}

// DialKnown connects to a node with the addresses known, and asks the DHT only
// when there are none. A node that is not where it was is most often gone, and
// the overlay tries many such.
func (n *Net) DialKnown(ctx context.Context, k base.Key) error {
	id, err := idOf(k)
	if err != nil {
		return err
	}
	ai := n.host.Peerstore().PeerInfo(id)
	if len(ai.Addrs) == 0 {
		return n.DialKey(ctx, k)
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	if err := n.host.Connect(ctx, ai); err != nil {
		return fmt.Errorf("p2p: dial %s: %w", k.Short(), err)
	}
	return nil
}

// DialKey connects to a node by key: with the addresses known, else with
// those that the DHT finds.
func (n *Net) DialKey(ctx context.Context, k base.Key) error {
	id, err := idOf(k)
	if err != nil {
		return err
	}
	if id == n.host.ID() || n.reached(id) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	if ai := n.host.Peerstore().PeerInfo(id); len(ai.Addrs) > 0 {
		if n.host.Connect(ctx, ai) == nil {
			return nil
		}
	}
	if n.dht == nil {
		return fmt.Errorf("p2p: dial %s: no address of it is known", k.Short())
	}
	// It may have come back elsewhere; others know where.
	ai, err := n.dht.FindPeer(ctx, id)
	if err != nil {
		return fmt.Errorf("p2p: find %s: %w", k.Short(), err)
	}
	if err := n.host.Connect(ctx, ai); err != nil {
		return fmt.Errorf("p2p: dial %s: %w", k.Short(), err)
	}
	return nil
}

// Protect keeps the connection manager from closing connections to k.
func (n *Net) Protect(k base.Key, tag string) {
	if id, err := idOf(k); err == nil {
		n.host.ConnManager().Protect(id, tag)
	}
}

// Protected reports whether connections to k are kept for any reason.
func (n *Net) Protected(k base.Key) bool {
	id, err := idOf(k)
	return err == nil && n.host.ConnManager().IsProtected(id, "")
}

// value makes the connection to k worth more while a stream is open; calling
// the result ends that.
func (n *Net) value(k base.Key, p Protocol, out bool) (end func()) {
	id, err := idOf(k)
	if err != nil || p.Value == 0 {
		return func() {}
	}
	tag := p.ID
	if out {
		tag += " out"
	}
	cm := n.host.ConnManager()
	cm.UpsertTag(id, tag, func(v int) int { return v + p.Value })
	return func() { cm.UpsertTag(id, tag, func(v int) int { return v - p.Value }) }
}

// Unprotect takes one tag back.
func (n *Net) Unprotect(k base.Key, tag string) {
	if id, err := idOf(k); err == nil {
		n.host.ConnManager().Unprotect(id, tag)
	}
}
