package raynet

import (
	"github.com/metatopia/metatopia/internal/base"
)

// Env is what the core needs and may not have itself.
type Env struct {
	Sign   func(msg []byte) [64]byte
	Verify func(key base.Key, msg, sig []byte) bool
}

// Node is one overlay point.
type Node struct {
	cfg Config
	id  base.Key
	env Env
	rng *base.Rand
}

// New makes a node that knows nobody. seed must differ from node to node.
func New(cfg Config, id base.Key, seed uint64, env Env) (*Node, error) {
	cfg.fill()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	return &Node{cfg: cfg, id: id, env: env, rng: base.NewRand(seed, 1)}, nil
}

// Step takes one input at time now (ns, monotonic) and appends the effects.
func (n *Node) Step(now int64, in Input, out *Outbox) {}
