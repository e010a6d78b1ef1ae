package raft

import (
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/order"
)

// Again gives the committed records after tick that were handed out already, for
// a caller who went back to the state after it. They count as not taken. It is an
// error when some of them are dropped.
func (c *Core) Again(tick base.Tick) ([]order.Encoded, error) {
	if c.err != nil {
		return nil, c.err
	}
	if first := c.store.base.Tick; tick < first || tick > c.applied.Tick {
		return nil, fmt.Errorf("raft: again: the log has ticks %d to %d, not those after %d", first+1, c.applied.Tick, tick)
	}
	var list []order.Encoded
	for i := c.store.base.Index + 1; i <= c.applied.Index; i++ {
		if r := c.store.at(i).record; r != nil && r.Tick > tick {
			list = append(list, *r)
			c.untaken += len(r.Bytes)
		}
	}
	return list, nil
}
