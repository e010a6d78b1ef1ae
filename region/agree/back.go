package agree

import "github.com/metatopia/metatopia/internal/base"

// MaxTries is how often a replica makes the ticks after one certified tick again
// before it stands still.
const MaxTries = 3

// Retreat decides what a replica does that has found a split. The log is agreed
// on and stays; what is in doubt is the state. So the replica goes back to the
// last state that is certified and makes the same ticks again: any certified state
// is one that the log leads to, so it does not matter whether all take the same.
// When that did not lead to a new certificate MaxTries times, the ticks do not
// come out alike on these machines, and making them again helps nobody. A Retreat
// outlives the cores: each life of the replica has one of its own.
type Retreat struct {
	from  base.Tick
	tries int
}

// Back takes the last tick for which the replica knows a certificate, 0 for none,
// and tells whether it is to go back once more.
func (r *Retreat) Back(certified base.Tick) bool {
	if certified > r.from {
		r.from, r.tries = certified, 0
	}
	if r.tries >= MaxTries {
		return false
	}
	r.tries++
	return true
}

// From is the last tick for which a certificate was known, and Tries how often
// the ticks after it were made again.
func (r *Retreat) From() base.Tick { return r.from }
func (r *Retreat) Tries() int      { return r.tries }

// Signed is the last tick for which this server has signed, or may have in an
// earlier life: Config.From of the core that comes after this one.
func (c *Core) Signed() base.Tick { return c.voted }

// Votes are those known for a tick, sorted by server.
func (c *Core) Votes(tick base.Tick) []SignedVote {
	if i, ok := c.find(tick); ok {
		return append([]SignedVote(nil), c.tallies[i].votes...)
	}
	return nil
}
