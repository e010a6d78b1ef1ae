package raft

import (
	"slices"

	lib "go.etcd.io/raft/v3"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/order"
)

// lead is what a leader knows beyond raft.
type lead struct {
	on       bool
	term     uint64
	counters []Counter // at the end of the log and of the pool
}

// pool holds the entries that a leader has taken and not put into a record.
type pool struct {
	list []pooled
	size int
}

type pooled struct {
	server, number uint64
	submitted
}

// watchLead notices that this server began or ceased to lead.
func (c *Core) watchLead() {
	st := c.rn.BasicStatus()
	on := st.RaftState == lib.StateLeader
	if on == c.lead.on && (!on || c.lead.term == st.GetTerm()) {
		return
	}
	c.lead, c.pool = lead{}, pool{}
	c.mine.again()
	if !on {
		return
	}
	// Whose entries the log holds decides what is taken from now on.
	b := c.applied.clone()
	for i := c.applied.Index + 1; i <= c.store.lastIndex(); i++ {
		s := *c.store.at(i)
		s.conf = nil
		if err := b.advance(&s); err != nil {
			c.halt(err)
			return
		}
	}
	c.lead = lead{on: true, term: st.GetTerm(), counters: b.Counters}
}

// accept takes the entries of a server that come next; others are left out,
// and their server sends them again.
func (c *Core) accept(server uint64, f forward) {
	b := Base{Counters: c.lead.counters}
	for i, x := range f.entries {
		n := f.first + uint64(i)
		if len(c.pool.list) >= maxPool || c.pool.size+len(x.body) > maxPoolBytes {
			break
		}
		if !b.count(order.Run{Server: server, First: n, Count: 1}) {
			continue
		}
		c.pool.list = append(c.pool.list, pooled{server, n, x})
		c.pool.size += len(x.body) + 4
	}
	c.lead.counters = b.Counters
}

// Cut closes the next tick if this server leads: at is the last tick applied
// here, state the hash after it. It tells whether it did: not while as many
// ticks as MaxAhead are not agreed on, or the lead is being handed over.
func (c *Core) Cut(at base.Tick, state [32]byte) (cut bool) {
	if !c.Leading() {
		return false
	}
	c.flush()
	tick, sum := c.store.tail()
	if tick >= c.applied.Tick+MaxAhead || at > tick {
		return false
	}
	r := order.Record{Epoch: c.applied.Epoch, Tick: tick + 1, Prev: sum, At: at, State: state}
	n := c.fill(&r)
	b := r.AppendTo(nil)
	if c.signing && c.sign != nil {
		b = r.Claimed(c.lead.term, c.sign)
	}
	err := c.do(func() error { return c.rn.Propose(b) })
	if err != nil || !c.lead.on {
		return false
	}
	for _, p := range c.pool.list[:n] {
		c.pool.size -= len(p.body) + 4
	}
	c.pool.list = slices.Delete(c.pool.list, 0, n)
	return true
}

// fill puts the oldest entries of the pool into a record, as many as fit,
// server by server, and tells how many.
func (c *Core) fill(r *order.Record) (n int) {
	type origin struct{ server, opened uint64 }
	var q order.Queue
	runs := map[origin]bool{}
	for _, p := range c.pool.list {
		runs[origin{p.server, p.number >> 32}] = true
		if len(runs) > order.MaxRuns || q.Add(p.body, p.sync) != nil {
			break
		}
		n++
	}
	_, r.Sync = q.Take()
	part := slices.Clone(c.pool.list[:n])
	slices.SortStableFunc(part, func(a, b pooled) int { return cmpID(a.server, b.server) })
	for _, p := range part {
		if k := len(r.Runs) - 1; k >= 0 && r.Runs[k].Server == p.server && r.Runs[k].First+uint64(r.Runs[k].Count) == p.number {
			r.Runs[k].Count++
		} else {
			r.Runs = append(r.Runs, order.Run{Server: p.server, First: p.number, Count: 1})
		}
		r.Entries = append(r.Entries, p.body)
	}
	return n
}
