package agree

import (
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/succession"
)

// Core is one replica's view of what all have come to. One goroutine at a time
// may use it.
type Core struct {
	cfg     Config
	members Members
	tick    base.Tick // last one applied
	batch   [32]byte
	whole   bool      // batch begins at the last tick for votes
	voted   base.Tick // the last tick for which this server has signed
	quiet   base.Tick // up to here a split was answered by going back
	halted  bool
	last    *Certificate // the newest
	tallies []tally      // sorted by tick
	proofs  []Proof      // sorted by server, one each
	events  []Event
}

// New is the core of a replica whose state is the one after tick at.
func New(cfg Config, at base.Tick, m Members) (*Core, error) {
	if cfg.Region.IsZero() || cfg.Epoch == 0 || cfg.Self.IsZero() || cfg.Sign == nil || cfg.Verify == nil {
		return nil, fmt.Errorf("agree: config: %w", ErrForm)
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	return &Core{cfg: cfg, members: m.clone(), tick: at, whole: at%Every == 0, voted: cfg.From, quiet: cfg.From}, nil
}

// SetMembers says which servers there are from the next tick on.
func (c *Core) SetMembers(m Members) error {
	if err := m.check(); err != nil {
		return err
	}
	c.members = m.clone()
	// Who is named anew begins without guilt.
	c.proofs = slices.DeleteFunc(c.proofs, func(p Proof) bool { return !c.members.knows(p.Server()) })
	return nil
}

// SetAccountable changes Config.Accountable from the next vote on.
func (c *Core) SetAccountable(on bool) { c.cfg.Accountable = on }

// Tick is the last one applied.
func (c *Core) Tick() base.Tick { return c.tick }

// Halted reports whether this replica must not go on before Resume.
func (c *Core) Halted() bool { return c.halted }

// Last is the newest certificate, nil before the first.
func (c *Core) Last() *Certificate { return c.last }

// Proofs are those of equivocation, one for each server, sorted by server.
func (c *Core) Proofs() []Proof { return slices.Clone(c.proofs) }

// Events are what was found out since the last call.
func (c *Core) Events() []Event {
	e := c.events
	c.events = nil
	return e
}

// Applied says what the replica has come to after a tick: its state hash, and
// the sum of the tick's record. It gives the vote to send to all others when one
// is due. The error is ErrOrder.
func (c *Core) Applied(tick base.Tick, state, sum [32]byte) (*SignedVote, error) {
	if tick != c.tick+1 {
		return nil, fmt.Errorf("agree: tick %d after tick %d: %w", tick, c.tick, ErrOrder)
	}
	c.tick, c.batch = tick, fold(c.batch, sum)
	if tick%Every != 0 {
		return nil, nil
	}
	mine, whole := Content{State: state, Last: sum, Batch: c.batch}, c.whole
	c.batch, c.whole = [32]byte{}, true
	t := c.tally(tick)
	if !t.known {
		t.known, t.members = true, c.members.clone()
		t.votes = slices.DeleteFunc(t.votes, func(v SignedVote) bool { return !t.members.knows(v.Server) })
	}
	var out *SignedVote
	if whole {
		t.applied, t.mine = true, mine
		if t.done == certified && t.cert.Content != mine {
			c.minority(t)
		}
		out = c.sign(t)
	}
	c.review()
	c.trim()
	return out, nil
}

// sign makes this server's vote, if it has one for this tick.
func (c *Core) sign(t *tally) *SignedVote {
	self := c.cfg.Self
	drawn := c.cfg.Accountable && has(Witnesses(t.tick, t.mine.Last, t.members.Others), self)
	if c.halted || t.tick <= c.voted || !t.members.voter(self) && !drawn {
		return nil
	}
	v := Vote{Region: c.cfg.Region, Epoch: c.cfg.Epoch, Tick: t.tick, Content: t.mine}
	s := SignedVote{v, succession.Signed{Server: self, Sig: c.cfg.Sign(v.SigningBytes())}}
	c.voted = t.tick
	i, ok := t.vote(self)
	if ok {
		return nil // one of an earlier life came back: it stands
	}
	t.votes = slices.Insert(t.votes, i, s)
	return &s
}

// Vote takes another server's vote. What was seen before costs no check of a
// signature. Errors wrap ErrOther, ErrWindow, ErrServer or ErrSignature.
func (c *Core) Vote(v SignedVote) error {
	if v.Region != c.cfg.Region || v.Epoch != c.cfg.Epoch || v.Tick == 0 || v.Tick%Every != 0 {
		return fmt.Errorf("agree: vote of %s: %w", v.Server.Short(), ErrOther)
	}
	if v.Tick+Window*Every <= c.tick || v.Tick > c.tick+Window*Every {
		return fmt.Errorf("agree: vote of %s for tick %d at tick %d: %w", v.Server.Short(), v.Tick, c.tick, ErrWindow)
	}
	m := &c.members
	i, ok := c.find(v.Tick)
	if ok && c.tallies[i].known {
		m = &c.tallies[i].members
	}
	if !m.knows(v.Server) {
		return fmt.Errorf("agree: vote of %s: %w", v.Server.Short(), ErrServer)
	}
	if ok {
		if j, seen := c.tallies[i].vote(v.Server); seen && (c.tallies[i].votes[j].Content == v.Content || has(c.tallies[i].void, v.Server)) {
			return nil
		}
	}
	if err := v.Check(c.cfg.Verify); err != nil {
		return err
	}
	t := c.tally(v.Tick)
	j, seen := t.vote(v.Server)
	switch {
	case seen:
		c.convict(t, proofOf(t.votes[j], v))
	default:
		t.votes = slices.Insert(t.votes, j, v)
		if v.Server == c.cfg.Self {
			c.voted = max(c.voted, v.Tick)
		}
		if t.done == certified && v.Content != t.cert.Content {
			c.differs(t, &t.votes[j])
		}
	}
	c.review()
	return nil
}

// Certificate takes one that somebody shows: its signatures are votes. What is
// wrong with it is the first error of Vote.
func (c *Core) Certificate(x *Certificate) (err error) {
	for _, s := range x.Signed {
		if e := c.Vote(SignedVote{x.Vote, s}); err == nil {
			err = e
		}
	}
	return err
}

// Resume says that the replica is in the state after tick at, which is certified
// or whose log leads to one that is, and applies the ticks after it again. It
// signs nothing for a tick for which it has signed before.
func (c *Core) Resume(at base.Tick) {
	if n := len(c.tallies); n > 0 {
		c.quiet = max(c.quiet, c.tallies[n-1].tick)
	}
	c.tick, c.batch, c.whole, c.halted = at, [32]byte{}, at%Every == 0, false
	for i := range c.tallies {
		c.tallies[i].applied = false
	}
}

func (c *Core) find(tick base.Tick) (int, bool) {
	return slices.BinarySearchFunc(c.tallies, tick, func(t tally, tick base.Tick) int {
		switch {
		case t.tick < tick:
			return -1
		case t.tick > tick:
			return 1
		}
		return 0
	})
}

func (c *Core) tally(tick base.Tick) *tally {
	i, ok := c.find(tick)
	if !ok {
		c.tallies = slices.Insert(c.tallies, i, tally{tick: tick})
	}
	return &c.tallies[i]
}

func (c *Core) trim() {
	n := 0
	for n < len(c.tallies) && c.tallies[n].tick+Window*Every <= c.tick {
		n++
	}
	n = max(n, len(c.tallies)-4*Window)
	c.tallies = slices.Delete(c.tallies, 0, n)
}
