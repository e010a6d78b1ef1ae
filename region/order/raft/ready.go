package raft

import (
	"fmt"

	lib "go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"

	"github.com/metatopia/metatopia/internal/base"
)

// drain takes what the library has ready until it has nothing: the log in
// memory is then the library's.
func (c *Core) drain() {
	for c.err == nil && c.rn.HasReady() {
		rd := c.rn.Ready()
		for _, m := range rd.Messages {
			switch m.GetTo() {
			case lib.LocalAppendThread:
				c.toWrite(m)
			case lib.LocalApplyThread:
				c.apply(m)
			default:
				c.send(m)
			}
			if c.err != nil {
				return
			}
		}
		c.watchLead()
	}
	if c.err == nil {
		c.watchLead()
	}
}

// toWrite keeps entries in memory and hands them on for the disk.
func (c *Core) toWrite(m *pb.Message) {
	if err := c.store.append(m.GetEntries()); err != nil {
		c.halt(err)
		return
	}
	w := Write{Entries: m.GetEntries()}
	for _, x := range w.Entries {
		if r := c.store.at(x.GetIndex()).record; r != nil && r.Sync {
			w.Sync = true
		}
		if x.GetType() == pb.EntryConfChangeV2 {
			w.Sync = true
		}
	}
	if m.GetTerm() != 0 || m.GetVote() != 0 || m.GetCommit() != 0 {
		c.store.hard = Hard{Term: m.GetTerm(), Vote: m.GetVote(), Commit: m.GetCommit()}
		h := c.store.hard
		w.Hard = &h
	}
	c.write(w, m.GetResponses())
}

func (c *Core) write(w Write, after []*pb.Message) {
	c.written++
	w.Number = c.written
	c.writes[w.Number] = after
	c.out.Writes = append(c.out.Writes, w)
}

// send makes a message for another server.
func (c *Core) send(m *pb.Message) {
	var b *Base
	if m.GetType() == pb.MsgSnap {
		b = &c.store.base
	}
	c.tell(m.GetTo(), message{kind: kindRaft, raft: m, base: b})
}

// tell sends to a server that is known.
func (c *Core) tell(to uint64, m message) {
	if k, ok := c.keyOf(to); ok {
		c.tellKey(to, k, m)
	}
}

func (c *Core) tellKey(to uint64, k base.Key, m message) {
	m.epoch, m.from, m.to = c.applied.Epoch, c.self, to
	c.out.Messages = append(c.out.Messages, Outgoing{To: to, Key: k, Bytes: m.appendTo(nil)})
}

func (c *Core) keyOf(id uint64) (base.Key, bool) {
	if m, ok := byID(c.applied.Members, id); ok {
		return m.Key, true
	}
	// Of those that the log has come to since, it alone speaks.
	m, ok := byID(c.vouched, id)
	return m.Key, ok && id >= c.applied.NextID
}

// apply checks committed entries and hands on their records.
func (c *Core) apply(m *pb.Message) {
	for _, x := range m.GetEntries() {
		s := c.store.at(x.GetIndex())
		if s.entry.GetTerm() != x.GetTerm() {
			c.halt(fmt.Errorf("entry %d is agreed on in term %d, but the log has one of term %d", x.GetIndex(), x.GetTerm(), s.entry.GetTerm()))
			return
		}
		var refused error
		if s.change != nil {
			// The library does not fail on a change: it panics. What it would
			// not take is left out here, on every replica alike.
			if refused = c.applied.allows(s.change); refused == nil {
				s.conf = c.applied.after(s.change, c.rn.ApplyConfChange(s.change.conf))
			}
		}
		if err := c.applied.advance(s); err != nil {
			c.halt(err)
			return
		}
		if s.conf != nil {
			c.servers = nil
		}
		if s.record != nil {
			r := *s.record
			r.Servers = c.keys()
			c.out.Records = append(c.out.Records, r)
			c.untaken += len(s.record.Bytes)
			at := 0
			for _, run := range s.record.Runs {
				end := at + int(run.Count)
				if run.Server == c.self {
					c.mine.settle(run.First, s.record.Entries[at:end])
				}
				at = end
			}
		}
		c.settle(x, s, refused)
	}
	if c.untaken > applyBytes {
		c.held = append(c.held, m.GetResponses()...)
		return
	}
	if err := c.respond(m.GetResponses()); err != nil {
		c.halt(err)
	}
}
