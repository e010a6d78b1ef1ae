package presence

import (
	"fmt"

	"github.com/metatopia/metatopia/presence/wire"
)

// broken names the first invariant that does not hold, or is empty.
func broken(n *Node) string {
	wanted, pending, subscribers, used := 0, 0, 0, 0
	named := map[int32]int{}
	for i := range n.heard {
		h := &n.heard[i]
		if n.hindex.get(h.id) != i {
			return fmt.Sprintf("hearsay %d is not indexed", i)
		}
		if n.index.get(h.id) >= 0 || h.id == n.self {
			return "hearsay about a peer, or about itself"
		}
		if h.from >= 0 {
			named[h.from]++
		}
	}
	if n.hindex.used != len(n.heard) {
		return "the index of hearsay has more than there is"
	}
	for i := range n.peers {
		p := &n.peers[i]
		if !p.used() {
			if *p != (peer{}) {
				return fmt.Sprintf("free place %d is not empty", i)
			}
			if n.told[i] != ([maxPeers / 64]uint64{}) {
				return fmt.Sprintf("pairs of the free place %d", i)
			}
			continue
		}
		used++
		if p.key == n.id || p.id != wire.ShortOf(p.key) || n.index.get(p.id) != i {
			return fmt.Sprintf("peer %d is the node itself, or not indexed", i)
		}
		if p.named != named[int32(i)] {
			return fmt.Sprintf("peer %d: %d named, %d counted", i, p.named, named[int32(i)])
		}
		if p.out != outNone {
			wanted++
		}
		if p.out == outAsked {
			pending++
		}
		if (p.out == outNone) != (p.want == wire.None) {
			return fmt.Sprintf("peer %d: state %d, wanted at %v", i, p.out, p.want)
		}
		if p.duty != 0 && p.out == outNone {
			return "a sensor without a subscription"
		}
		if p.in != wire.None {
			subscribers++
		} else if p.sectors != 0 {
			return "sectors of one who is no subscriber"
		}
		for j := range n.peers {
			if n.told[i][j>>6]>>(j&63)&1 != n.told[j][i>>6]>>(i&63)&1 {
				return "pairs are not symmetric"
			}
		}
	}
	for _, s := range n.subs {
		if p := &n.peers[s.at]; p.in == wire.None || p.in != s.class {
			return "a subscriber that is none, or of another class"
		}
	}
	switch {
	case len(n.subs) != subscribers:
		return fmt.Sprintf("%d subscribers of %d listed", len(n.subs), subscribers)
	case n.wanted != wanted || n.pending != pending:
		return fmt.Sprintf("counts %d, %d of subscriptions %d, questions %d", n.wanted, n.pending, wanted, pending)
	case used+len(n.free) != len(n.peers) || n.index.used != used:
		return "places are lost"
	case len(n.peers) > n.cfg.MaxPeers || len(n.heard) > n.cfg.MaxHearsay || len(n.refused) > maxRefused || len(n.feed) > maxFeed || len(n.waiting) > maxWaiting:
		return "a bound is passed"
	case n.pending > maxPending:
		return "too many questions"
	case n.wanted > n.cfg.Subs+maxPending:
		return "too many subscriptions"
	case len(n.env.Scratch().questions) != 0 || len(n.env.Scratch().tell) != 0:
		return "something of one Step is left for the next"
	}
	return ""
}
