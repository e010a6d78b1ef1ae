package agree

import (
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

// guilty reports whether a server has lost its vote.
func (c *Core) guilty(k base.Key) bool {
	if !c.cfg.Accountable {
		return false
	}
	_, ok := c.proof(k)
	return ok
}

func (c *Core) proof(k base.Key) (int, bool) {
	return slices.BinarySearchFunc(c.proofs, k, func(p Proof, k base.Key) int { return p.Server().Compare(k) })
}

// convict notes that a server has signed two votes for a tick.
func (c *Core) convict(t *tally, p Proof) {
	k := p.Server()
	if i, ok := slices.BinarySearchFunc(t.void, k, base.Key.Compare); !ok {
		t.void = slices.Insert(t.void, i, k)
	}
	i, ok := c.proof(k)
	if ok {
		// One is enough; of two the later one, which may count where the other is
		// of a time that is not held against it.
		if p.A.Tick > c.proofs[i].A.Tick {
			c.proofs[i] = p
		}
		return
	}
	if len(c.proofs) < 2*MaxMembers {
		c.proofs = slices.Insert(c.proofs, i, p)
	}
	c.events = append(c.events, Event{Kind: Equivocated, Tick: t.tick, Server: k, Proof: &p})
}

// review looks at every tick that is not decided.
func (c *Core) review() {
	for i := range c.tallies {
		t := &c.tallies[i]
		if !t.known || t.done != open {
			continue
		}
		best, most, missing, kinds := t.count(c.guilty)
		n := len(t.members.Voters)
		switch {
		case 2*most > n:
			c.certify(t, best)
		case t.tick <= c.quiet || c.last != nil && c.last.Tick > t.tick:
			// A later tick is agreed on: what was before it needs no answer.
		case 2*(most+missing) <= n, kinds > 1 && c.tick >= t.tick+Patience:
			t.done = split
			c.halted = true
			e := Event{Kind: Split, Tick: t.tick}
			if c.last != nil {
				e.Back = c.last.Tick
			}
			c.events = append(c.events, e)
		}
	}
}

func (c *Core) certify(t *tally, best Content) {
	x := t.certificate(best, c.guilty)
	t.done, t.cert = certified, x
	if c.last == nil || c.last.Tick < t.tick {
		c.last = x
	}
	c.events = append(c.events, Event{Kind: Certified, Tick: t.tick, Certificate: x})
	for i := range t.votes {
		if t.votes[i].Content != best {
			c.differs(t, &t.votes[i])
		}
	}
	if t.applied && t.mine != best {
		c.minority(t)
	}
}

// differs tells of a vote that is not what was certified.
func (c *Core) differs(t *tally, v *SignedVote) {
	switch {
	case v.Server == c.cfg.Self:
	case t.members.voter(v.Server):
		c.events = append(c.events, Event{Kind: Diverged, Tick: t.tick, Server: v.Server, Vote: *v, Certificate: t.cert})
	case c.cfg.Accountable && has(Witnesses(t.tick, t.cert.Last, t.members.Others), v.Server):
		c.events = append(c.events, Event{Kind: Dissent, Tick: t.tick, Server: v.Server, Vote: *v, Certificate: t.cert})
	}
}

// minority halts a replica that is not where the others are.
func (c *Core) minority(t *tally) {
	c.halted = true
	c.events = append(c.events, Event{Kind: Minority, Tick: t.tick, Certificate: t.cert})
}
