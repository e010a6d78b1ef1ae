package p2p

import (
	"strings"
	"time"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/network"
	manet "github.com/multiformats/go-multiaddr/net"
)

// Reach is how others can get to this node, as far as is known.
type Reach struct {
	Private bool   // others tried to dial back and could not
	Words   string // for people
	Relayed int    // addresses at which a relay takes calls for this node
}

// Reach looks at what AutoNAT found and at the addresses announced.
func (n *Net) Reach() Reach {
	r := Reach{Words: "not known yet: nobody outside has dialled back"}
	for _, a := range n.host.Addrs() {
		switch {
		case strings.Contains(a.String(), "/p2p-circuit"):
			r.Relayed++
		case manet.IsPublicAddr(a):
			r.Words = "a public address, not confirmed by others yet"
		}
	}
	if loopbackOnly(n.cfg.Listen) {
		r.Words = "listens on this machine only"
		return r
	}
	sub, err := n.host.EventBus().Subscribe(new(event.EvtLocalReachabilityChanged))
	if err != nil {
		return r
	}
	defer sub.Close()
	// The bus keeps the last word and delivers it in a moment.
	select {
	case e := <-sub.Out():
		switch e.(event.EvtLocalReachabilityChanged).Reachability {
		case network.ReachabilityPublic:
			r.Words = "public: others dialled back"
		case network.ReachabilityPrivate:
			r.Private, r.Words = true, "private: behind a NAT or firewall"
		}
	case <-time.After(50 * time.Millisecond):
	}
	return r
}
