package raft

import (
	lib "go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/tracker"

	"github.com/metatopia/metatopia/internal/base"
)

// Status is where a core stands.
type Status struct {
	Self, Epoch, Term, Leader uint64
	Leading                   bool
	First, Committed, Last    base.Tick
	Waiting                   int // entries submitted here that no committed record has
	SaidGone                  int // voters that say this server is no member any more
	Members                   []MemberStatus
}

// MemberStatus is what the leader knows of a server; elsewhere the numbers are
// zero.
type MemberStatus struct {
	Member
	Behind uint64 // entries that it has not confirmed
	Active bool   // heard of within the election timeout
}

// Status gives numbers for people.
func (c *Core) Status() Status {
	tail, _ := c.store.tail()
	s := Status{Self: c.self, Epoch: c.applied.Epoch, Term: c.store.hard.Term, Leader: c.Leader(), Leading: c.Leading(),
		First: c.store.base.Tick + 1, Committed: c.applied.Tick, Last: tail, Waiting: len(c.mine.list), SaidGone: c.saidGone()}
	for _, m := range c.applied.Members {
		s.Members = append(s.Members, MemberStatus{Member: m})
	}
	if !c.Leading() {
		return s
	}
	c.rn.WithProgress(func(id uint64, _ lib.ProgressType, p tracker.Progress) {
		for i := range s.Members {
			if m := &s.Members[i]; m.ID == id {
				m.Behind, m.Active = c.store.lastIndex()-min(p.Match, c.store.lastIndex()), p.RecentActive || id == c.self
			}
		}
	})
	return s
}

// Describe is the library's own account of itself, for reports of trouble.
func (c *Core) Describe() string { return c.rn.Status().String() }
