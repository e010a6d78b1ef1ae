package node

import (
	"context"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
)

func (w *worldState) took(id base.ID) func(base.Tick, time.Duration) {
	f := w.n.cfg.Took
	if f == nil {
		return nil
	}
	return func(t base.Tick, d time.Duration) { f(id, t, d) }
}

// Control puts an entry into the log of a region that this node serves, and
// waits until it is durable: what a region is filled with to be measured.
func (n *Node) Control(ctx context.Context, id base.ID, c region.ControlEntry) error {
	w := n.current()
	if w == nil || w.localServer(id) == nil {
		return errUnserved
	}
	return w.localServer(id).Control(ctx, c)
}
