package raynet

import (
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/raynet/wire"
)

// Near lists the near view, sorted by key.
func (n *Node) Near() []NeighbourInfo { return nil }

// Self is this node as its neighbours see it.
func (n *Node) Self() NeighbourInfo { return NeighbourInfo{Key: n.id} }

// Known lists every node with a usable record, sorted by key: all views and
// the pool of heard records.
func (n *Node) Known() []NeighbourInfo { return nil }

// Peer gives what is known of one node.
func (n *Node) Peer(key base.Key) (NeighbourInfo, bool) { return NeighbourInfo{}, false }

// Cache gives entries worth keeping for the Bootstrap of the next run: at
// most max, longest known first.
func (n *Node) Cache(max int) []wire.Entry { return nil }

// Counters gives the totals since New.
func (n *Node) Counters() Counters { return Counters{} }

// Joined reports whether the first closure is complete.
func (n *Node) Joined() bool { return false }
