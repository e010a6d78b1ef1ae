package presence

import (
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/presence/wire"
	"github.com/metatopia/metatopia/spatial"
)

// Start is what differs from node to node.
type Start struct {
	Pos   spatial.Pos
	AOI   uint16 // metres
	Epoch uint32 // must grow with every start of a node; zero is refused
	Seed  uint64 // decides phases and choices, nothing secret
}

// Node is the interest layer of one avatar.
type Node struct {
	cfg *Config
	id  base.Key
	n   Counters
}

// New makes a node that knows nobody. cfg comes from Complete.
func New(cfg *Config, id base.Key, start Start) (*Node, error) {
	return &Node{cfg: cfg, id: id}, nil
}

// Step takes one input at time now (ns, monotonic) and appends the effects to
// out.
func (n *Node) Step(now int64, in Input, out *Outbox) {}

// Seen appends the avatars in the area of interest to dst, by short id.
func (n *Node) Seen(dst []Avatar) []Avatar { return dst }

// Self is the own pose, thought on to the time of the last Step.
func (n *Node) Self() Avatar { return Avatar{} }

// Counters gives the totals.
func (n *Node) Counters() Counters { return n.n }

// Hash is the SHA-256 of the snapshot.
func (n *Node) Hash() [32]byte { return [32]byte{} }

// AppendSnapshot writes what the node knows, canonically.
func (n *Node) AppendSnapshot(b []byte) []byte { return b }

var _ = wire.Version
