package raft

import (
	"slices"

	lib "go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/tracker"

	"github.com/metatopia/metatopia/internal/base"
)

// urgent is a lead that is to be taken over before the election timeout.
type urgent struct {
	left int // ticks that it goes on
	wait int // ticks until the next try
	rank int // voters with lower ids, which go first
	rtt  int
}

// Lost says that the last connection to a node has closed. When it led, its
// followers do not wait for the election timeout: they forget it, so that
// they may vote, and stand for election in the order of their ids, rtt ticks
// apart.
func (c *Core) Lost(k base.Key, rtt int) {
	if c.err != nil {
		return
	}
	lost := c.Leader()
	var ids []uint64
	for _, m := range c.applied.Members {
		if m.Key == k && m.ID != c.self {
			ids = append(ids, m.ID)
		}
	}
	_ = c.do(func() error {
		if c.lead.on {
			for _, id := range ids {
				c.rn.ReportUnreachable(id)
			}
			return nil
		}
		if !slices.Contains(ids, lost) {
			return nil
		}
		if err := c.rn.ForgetLeader(); err != nil {
			return err
		}
		c.mine.again()
		u := urgent{left: 2 * c.election, rtt: max(1, rtt)}
		for _, m := range c.applied.Members {
			if m.Voter() && m.ID != lost && m.ID < c.self {
				u.rank++
			}
		}
		if me, ok := byID(c.applied.Members, c.self); !ok || !me.Voter() {
			return nil
		}
		u.wait = u.rank * u.rtt
		c.urgent = u
		if u.wait == 0 {
			c.stand()
		}
		return nil
	})
}

// stand asks for votes and plans the next try, later the higher the rank, so
// that two do not try at once again.
func (c *Core) stand() {
	c.urgent.wait = (c.urgent.rank + 2) * max(1, c.urgent.rtt)
	_ = c.rn.Campaign()
}

func (c *Core) tickUrgent() {
	u := &c.urgent
	if u.left == 0 {
		return
	}
	st := c.rn.BasicStatus()
	if u.left--; st.Lead != 0 || st.RaftState == lib.StateLeader || st.RaftState == lib.StateCandidate {
		u.left = 0
		return
	}
	if u.wait--; u.wait <= 0 {
		c.stand()
	}
}

// Unreachable says that messages to a server were dropped on this side.
func (c *Core) Unreachable(id uint64) {
	_ = c.do(func() error {
		if c.lead.on {
			c.rn.ReportUnreachable(id)
		}
		return nil
	})
}

// tickSnapshots makes the library offer the Base again to servers that have
// not answered: it offers it once and waits for ever.
func (c *Core) tickSnapshots() {
	if !c.lead.on || c.ticks%uint64(2*c.election) != 0 {
		return
	}
	var late []uint64
	c.rn.WithProgress(func(id uint64, _ lib.ProgressType, p tracker.Progress) {
		if p.State == tracker.StateSnapshot {
			late = append(late, id)
		}
	})
	for _, id := range late {
		c.rn.ReportSnapshot(id, lib.SnapshotFailure)
	}
}

// Transfer hands the lead to a voter; 0 picks the one that is furthest. It
// gives whom it asked, 0 if there is nobody.
func (c *Core) Transfer(to uint64) uint64 {
	if !c.Leading() {
		return 0
	}
	if to == 0 {
		best := uint64(0)
		c.rn.WithProgress(func(id uint64, t lib.ProgressType, p tracker.Progress) {
			if t == lib.ProgressTypePeer && id != c.self && p.RecentActive && (to == 0 || p.Match > best) {
				to, best = id, p.Match
			}
		})
	}
	if m, ok := byID(c.applied.Members, to); !ok || !m.Voter() || to == c.self {
		return 0
	}
	_ = c.do(func() error { c.rn.TransferLeader(to); return nil })
	return to
}

// Ping asks a server for an answer that carries number.
func (c *Core) Ping(to uint64, number uint64) {
	if c.err == nil {
		c.tell(to, message{kind: kindPing, id: number})
	}
}

// pong keeps the last answer of a server for the driver.
func (c *Core) pong(from, number uint64) {
	c.out.Pongs = append(c.out.Pongs, Pong{from, number})
}

// Pong is an answer to Ping.
type Pong struct{ From, Number uint64 }
