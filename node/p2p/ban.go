package p2p

import (
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/connmgr"
	"github.com/libp2p/go-libp2p/core/control"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"github.com/metatopia/metatopia/internal/base"
)

// bans are the peers that are kept out for a while. It gates connections.
type bans struct {
	mu    sync.Mutex
	until map[peer.ID]time.Time
	total uint64
}

var _ connmgr.ConnectionGater = (*bans)(nil)

func (b *bans) add(id peer.ID, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.total++
	if len(b.until) >= maxBans {
		for old, t := range b.until { //lint:sorted all that are due go
			if !now.Before(t) {
				delete(b.until, old)
			}
		}
	}
	if len(b.until) < maxBans {
		b.until[id] = now.Add(banFor)
	}
}

func (b *bans) banned(id peer.ID) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	t, ok := b.until[id]
	if ok && !time.Now().Before(t) {
		delete(b.until, id)
		ok = false
	}
	return ok
}

// InterceptPeerDial and the others are libp2p's questions at each stage of a
// connection; only the peer's proven identity matters here.
func (b *bans) InterceptPeerDial(id peer.ID) bool                               { return !b.banned(id) }
func (b *bans) InterceptAddrDial(peer.ID, ma.Multiaddr) bool                    { return true }
func (b *bans) InterceptAccept(network.ConnMultiaddrs) bool                     { return true }
func (b *bans) InterceptUpgraded(network.Conn) (bool, control.DisconnectReason) { return true, 0 }
func (b *bans) InterceptSecured(_ network.Direction, id peer.ID, _ network.ConnMultiaddrs) bool {
	return !b.banned(id)
}

// ban cuts a peer off and keeps it out for banFor.
func (n *Net) ban(k base.Key) {
	id, err := idOf(k)
	if err != nil {
		return
	}
	n.banID(id)
}

func (n *Net) banID(id peer.ID) {
	n.bans.add(id, time.Now())
	n.log.Info("peer kept out", "peer", id, "for", banFor)
	// The reader that asks for it must not wait for its own stream's end.
	go n.host.Network().ClosePeer(id)
}

// Banned counts the times that a peer was cut off.
func (n *Net) Banned() uint64 {
	n.bans.mu.Lock()
	defer n.bans.mu.Unlock()
	return n.bans.total
}
