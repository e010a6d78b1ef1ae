package raft

import (
	"errors"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

// ErrShunned: a message of a server that was convicted of a lie.
var ErrShunned = errors.New("message of a server that lies")

// Signing says whether this server signs the records that it makes.
func (c *Core) Signing(on bool) { c.signing = on }

// Shun says whom this server hears no more. Servers are heard nevertheless when
// those that are left would be no majority of the voters: a region that goes on
// with a liar is better than one that stands still. A leader that is
// one of them is forgotten, as Lost does it.
func (c *Core) Shun(keys []base.Key, rtt int) {
	voters, left := 0, 0
	for _, m := range c.applied.Members {
		if m.Learner {
			continue
		}
		voters++
		if !slices.Contains(keys, m.Key) {
			left++
		}
	}
	if 2*left <= voters {
		keys = nil
	}
	c.shunned = slices.Clone(keys)
	lead, ok := byID(c.applied.Members, c.Leader())
	if ok && lead.ID != c.self && slices.Contains(c.shunned, lead.Key) {
		c.Lost(lead.Key, rtt)
	}
}
