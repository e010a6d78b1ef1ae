package raft

import (
	"fmt"
	"slices"

	lib "go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"
	"go.etcd.io/raft/v3/tracker"

	"github.com/metatopia/metatopia/internal/base"
)

// pending is a change of the servers that was proposed here.
type pending struct {
	token, id   uint64
	index, term uint64
}

// maxBehind bounds what a learner may lack when it gets a vote.
const maxBehind = 1024

// AddLearner proposes a server that takes the records without a vote. The
// outcome comes in Output.Results under token.
func (c *Core) AddLearner(token uint64, k base.Key) error {
	m := Member{ID: c.applied.NextID, Key: k, Learner: true}
	return c.propose(token, m.ID, &change{added: []Member{m}, conf: conf1(pb.ConfChangeAddLearnerNode, m.ID)})
}

// Promote proposes that a learner gets a vote. One that is far behind does
// not: it would hold the others up.
func (c *Core) Promote(token, id uint64) error {
	if err := c.fit(id); err != nil {
		return err
	}
	return c.propose(token, 0, &change{conf: conf1(pb.ConfChangeAddNode, id)})
}

// Remove proposes that a server leaves for good. A leader hands over first.
func (c *Core) Remove(token, id uint64) error {
	if id == c.self {
		return fmt.Errorf("raft: remove: %w: the leader hands the lead over first", ErrChange)
	}
	return c.propose(token, 0, &change{conf: conf1(pb.ConfChangeRemoveNode, id)})
}

// Replace proposes that one voter leaves and a learner gets a vote, in one
// step by joint consensus.
func (c *Core) Replace(token, out, in uint64) error {
	if out == c.self {
		return fmt.Errorf("raft: replace: %w: the leader hands the lead over first", ErrChange)
	}
	if err := c.fit(in); err != nil {
		return err
	}
	x := conf1(pb.ConfChangeAddNode, in)
	x.Changes = append(x.Changes, conf1(pb.ConfChangeRemoveNode, out).Changes...)
	return c.propose(token, 0, &change{conf: x})
}

func conf1(t pb.ConfChangeType, id uint64) *pb.ConfChangeV2 {
	return &pb.ConfChangeV2{Changes: []*pb.ConfChangeSingle{{Type: t.Enum(), NodeId: new(id)}}}
}

func (c *Core) fit(id uint64) error {
	if !c.Leading() {
		return fmt.Errorf("raft: promote: %w", ErrNotLeader)
	}
	err := fmt.Errorf("raft: promote: %w: no learner %d", ErrChange, id)
	c.rn.WithProgress(func(n uint64, t lib.ProgressType, p tracker.Progress) {
		switch {
		case n != id || t != lib.ProgressTypeLearner:
		case !p.RecentActive || p.Match+maxBehind < c.store.lastIndex():
			err = fmt.Errorf("raft: promote: %w: server %d is %d entries behind", ErrChange, id, c.store.lastIndex()-p.Match)
		default:
			err = nil
		}
	})
	return err
}

func (c *Core) propose(token, id uint64, x *change) error {
	switch {
	case c.err != nil:
		return c.err
	case !c.lead.on:
		return fmt.Errorf("raft: change of servers: %w", ErrNotLeader)
	case len(c.changes) > 0 || len(c.applied.Outgoing) > 0:
		return fmt.Errorf("raft: change of servers: %w", ErrBusy)
	}
	if err := c.applied.allows(x); err != nil {
		return fmt.Errorf("raft: %w: %w", ErrChange, err)
	}
	data, err := x.encode()
	if err != nil {
		return err
	}
	if x, err = readChange(data); err != nil { // what others will read
		return fmt.Errorf("raft: %w: %w", ErrChange, err)
	}
	index := c.store.lastIndex() + 1
	c.changes = append(c.changes, pending{token, id, index, c.lead.term})
	if err := c.do(func() error { return c.rn.ProposeConfChange(x.conf) }); err != nil {
		c.changes = slices.DeleteFunc(c.changes, func(p pending) bool { return p.index == index })
		return fmt.Errorf("raft: change of servers: %w", ErrBusy)
	}
	return nil
}

// settle answers those who wait for the change at a committed entry.
func (c *Core) settle(x *pb.Entry, s *slot, refused error) {
	c.changes = slices.DeleteFunc(c.changes, func(p pending) bool {
		if p.index > x.GetIndex() {
			return false
		}
		r := Result{Token: p.token, ID: p.id}
		switch {
		case p.index < x.GetIndex() || p.term != x.GetTerm():
			r.Err = fmt.Errorf("raft: change of servers: %w", ErrNotLeader)
		case s.change == nil:
			r.Err = fmt.Errorf("raft: change of servers: %w", ErrBusy)
		case refused != nil:
			r.Err = fmt.Errorf("raft: %w: %w", ErrChange, refused)
		}
		c.out.Results = append(c.out.Results, r)
		return true
	})
}
