package raft

import (
	"fmt"
	"slices"

	pb "go.etcd.io/raft/v3/raftpb"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/order"
)

// Receive takes a message that came from the node with a key. An error says
// why it was refused: ErrMessage, ErrForged, ErrStranger or order.ErrEpoch; the
// driver counts them. Errors never stop a core, except ErrHalted.
func (c *Core) Receive(from base.Key, b []byte) error {
	if c.err != nil {
		return c.err
	}
	m, err := parseMessage(b)
	if err != nil {
		return err
	}
	known := c.knows(m.from, from)
	if m.epoch != c.applied.Epoch {
		if m.epoch < c.applied.Epoch && m.kind != kindStale {
			c.tellKey(m.from, from, message{kind: kindStale})
		}
		if m.epoch > c.applied.Epoch && known == nil {
			c.newer = max(c.newer, m.epoch)
		}
		return fmt.Errorf("raft: message of server %d: %w: %d, here it is %d", m.from, order.ErrEpoch, m.epoch, c.applied.Epoch)
	}
	if m.to != c.self {
		// For the id that this server had before it lost its log, most likely.
		return nil
	}
	if known != nil {
		c.meet(&m, from)
		return known
	}
	if slices.Contains(c.shunned, from) {
		return fmt.Errorf("raft: message of server %d: %w", m.from, ErrShunned)
	}
	switch m.kind {
	case kindRaft:
		return c.do(func() error { return c.stepRaft(&m) })
	case kindForward:
		if _, ok := byID(c.applied.Members, m.from); ok && c.lead.on {
			c.accept(m.from, m.forward)
		}
	case kindWho:
		c.tellKey(m.from, from, message{kind: kindRoster, members: c.applied.Members})
	case kindRoster:
		c.vouch(m.members)
	case kindGone:
		if _, in := byID(c.applied.Members, m.from); in {
			if c.gone == nil {
				c.gone = map[uint64]bool{}
			}
			c.gone[m.from] = true
		}
	case kindPing:
		c.tellKey(m.from, from, message{kind: kindPong, id: m.id})
	case kindPong:
		c.pong(m.from, m.id)
	}
	return nil
}

// knows checks that a raft id belongs to a key. A server may speak only for
// its own.
func (c *Core) knows(id uint64, k base.Key) error {
	if id == c.self {
		return fmt.Errorf("raft: %w: %s says it is this server", ErrForged, k.Short())
	}
	if have, ok := c.keyOf(id); ok {
		if have != k {
			return fmt.Errorf("raft: %w: server %d is %s, not %s", ErrForged, id, have.Short(), k.Short())
		}
		return nil
	}
	return fmt.Errorf("raft: %w: server %d, %s", ErrStranger, id, k.Short())
}

// meet answers one whom this server does not know: either it left, or this
// server has not heard yet that it came.
func (c *Core) meet(m *message, from base.Key) {
	if _, ok := c.keyOf(m.from); ok || m.from == c.self {
		return // it lies
	}
	if m.from < c.applied.NextID {
		if m.kind != kindGone {
			c.tellKey(m.from, from, message{kind: kindGone})
		}
		return
	}
	for _, o := range c.applied.Members {
		if o.ID != c.self {
			c.tellKey(o.ID, o.Key, message{kind: kindWho, id: m.from})
		}
	}
}

// tickLonely asks the members that this server knows of, while nobody leads as
// far as it knows, or some of them say that they have removed it: they may have, or
// others may have joined. A learner does not notice that nobody leads.
func (c *Core) tickLonely() {
	if c.Leader() != 0 && c.saidGone() == 0 || c.ticks%uint64(4*c.election) != 0 {
		return
	}
	for _, o := range c.applied.Members {
		if o.ID != c.self {
			c.tellKey(o.ID, o.Key, message{kind: kindWho, id: c.self})
		}
	}
}

// vouch takes from a member's list those who joined later than this server
// knows of. It never changes whom the log names.
func (c *Core) vouch(list []Member) {
	c.vouched = slices.DeleteFunc(c.vouched, func(m Member) bool { return m.ID < c.applied.NextID })
	for _, m := range list {
		if _, ok := c.keyOf(m.ID); !ok && m.ID >= c.applied.NextID && len(c.vouched) < maxVouched {
			c.vouched = append(c.vouched, m)
		}
	}
}

// stepRaft hands a peer's message to the library, unless the library could not
// bear it.
func (c *Core) stepRaft(m *message) error {
	r := m.raft
	st := c.rn.BasicStatus()
	if r.GetTerm() > st.GetTerm()+maxTermJump {
		return fmt.Errorf("raft: %w: term %d of server %d, here it is %d", ErrMessage, r.GetTerm(), m.from, st.GetTerm())
	}
	switch r.GetType() {
	case pb.MsgHeartbeat:
		// A leader names what this server has confirmed. More than there is
		// would mean that this server lost the end of its log.
		if r.GetTerm() >= st.GetTerm() && r.GetCommit() > c.store.lastIndex() {
			return fmt.Errorf("raft: %w: server %d says that entry %d is here, the last is %d", ErrMessage, m.from, r.GetCommit(), c.store.lastIndex())
		}
	case pb.MsgApp:
		// Entries at and below the commit must be those that are here.
		for _, x := range r.Entries {
			if x.GetIndex() > st.GetCommit() || x.GetIndex() <= c.store.base.Index {
				continue
			}
			if t, err := c.store.Term(x.GetIndex()); err != nil || t != x.GetTerm() {
				return fmt.Errorf("raft: %w: entry %d of server %d is of term %d, agreed on was %d", ErrMessage, x.GetIndex(), m.from, x.GetTerm(), t)
			}
		}
	case pb.MsgSnap:
		if m.base.Index > st.GetCommit() {
			// The library would count this server as having what it has not:
			// the state. Install does it once a checkpoint is here.
			if r.GetTerm() >= st.GetTerm() && m.base.Epoch == c.applied.Epoch {
				c.need = m.base
			}
			return nil
		}
	}
	if err := c.rn.Step(r); err != nil {
		// A late answer to a server that is not in the configuration: what
		// the library drops, the network might have.
		return nil
	}
	return nil
}
