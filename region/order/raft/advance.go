package raft

import (
	"fmt"
	"slices"

	pb "go.etcd.io/raft/v3/raftpb"

	"github.com/metatopia/metatopia/region/order"
)

// advance moves b over the next entry of the log, which is committed. It is
// the one place where a replica checks that records continue each other. The
// error is order.ErrChain or order.ErrEpoch: the log must not be run further.
func (b *Base) advance(s *slot) error {
	if r := s.record; r != nil {
		if r.Epoch != b.Epoch {
			return fmt.Errorf("raft: record of tick %d: %w: %d, here it is %d", r.Tick, order.ErrEpoch, r.Epoch, b.Epoch)
		}
		if err := r.Follows(b.Tick, b.Sum); err != nil {
			return err
		}
		if len(r.Entries) > 0 && len(r.Runs) == 0 {
			return fmt.Errorf("raft: record of tick %d: %w: nobody submitted its entries", r.Tick, order.ErrChain)
		}
		for _, run := range r.Runs {
			if !b.count(run) {
				return fmt.Errorf("raft: record of tick %d: %w: entries of server %d from %d on, after %d",
					r.Tick, order.ErrChain, run.Server, run.First, last(b.Counters, run.Server))
			}
		}
		b.Tick, b.Sum = r.Tick, r.Sum
	}
	if c := s.conf; c != nil {
		b.Members, b.Outgoing, b.Becoming, b.NextID = c.members, c.outgoing, c.becoming, c.nextID
	}
	b.Index, b.Term = s.entry.GetIndex(), s.entry.GetTerm()
	b.forget()
	return nil
}

// continues tells whether an entry numbered first comes next after one
// numbered last. The upper half of a number says how often the server was
// opened, the lower half counts from 1 on since.
func continues(last, first uint64) bool {
	return first == last+1 || first>>32 > last>>32 && uint32(first) == 1
}

// count takes note of a run, unless it does not come next.
func (b *Base) count(r order.Run) bool {
	i, ok := slices.BinarySearchFunc(b.Counters, r.Server, func(c Counter, id uint64) int { return cmpID(c.Server, id) })
	end := r.First + uint64(r.Count) - 1
	if !ok {
		if uint32(r.First) != 1 {
			return false
		}
		b.Counters = slices.Insert(slices.Clone(b.Counters), i, Counter{r.Server, end})
		return true
	}
	if !continues(b.Counters[i].Last, r.First) {
		return false
	}
	b.Counters[i].Last = end
	return true
}

// forget drops the counters of the servers with the lowest ids that are no members
// while there are too many: they left hundreds of changes ago.
func (b *Base) forget() {
	for len(b.Counters) >= maxCounters { // one record may tell of many
		i := slices.IndexFunc(b.Counters, func(c Counter) bool { _, ok := byID(b.Members, c.Server); return !ok })
		if i < 0 {
			return // members are fewer
		}
		b.Counters = slices.Delete(slices.Clone(b.Counters), i, i+1)
	}
}

// clone shares nothing that advance changes.
func (b *Base) clone() Base {
	c := *b
	c.Counters = slices.Clone(b.Counters)
	return c
}

func (b *Base) confState() *pb.ConfState {
	cs := &pb.ConfState{VotersOutgoing: b.Outgoing, LearnersNext: b.Becoming, AutoLeave: new(len(b.Outgoing) > 0)}
	for _, m := range b.Members {
		switch {
		case m.Learner:
			cs.Learners = append(cs.Learners, m.ID)
		case m.Voter():
			cs.Voters = append(cs.Voters, m.ID)
		}
	}
	return cs
}

func (b *Base) snapshot(data []byte) *pb.Snapshot {
	return &pb.Snapshot{Data: data, Metadata: &pb.SnapshotMetadata{ConfState: b.confState(), Index: new(b.Index), Term: new(b.Term)}}
}

// after gives who belongs to the log once raft has taken a change.
func (b *Base) after(c *change, cs *pb.ConfState) *conf {
	n := &conf{nextID: b.NextID, outgoing: slices.Sorted(slices.Values(cs.GetVotersOutgoing())), becoming: slices.Sorted(slices.Values(cs.GetLearnersNext()))}
	known := slices.Clone(b.Members)
	for _, m := range c.added {
		n.nextID = max(n.nextID, m.ID+1)
		if _, ok := byID(known, m.ID); !ok {
			known = append(known, m)
		}
	}
	slices.SortFunc(known, func(a, b Member) int { return cmpID(a.ID, b.ID) })
	for _, m := range known {
		m.Learner = slices.Contains(cs.GetLearners(), m.ID)
		voter := slices.Contains(cs.GetVoters(), m.ID)
		m.Leaving = !voter && !m.Learner && slices.Contains(cs.GetVotersOutgoing(), m.ID)
		if voter || m.Learner || m.Leaving {
			n.members = append(n.members, m)
		}
	}
	return n
}

// allows says why a change may not be taken, on every replica alike; nil when
// it may.
func (b *Base) allows(c *change) error {
	if len(c.conf.Changes) == 0 {
		return nil // the end of one under way
	}
	if len(b.Outgoing) > 0 {
		return fmt.Errorf("another change is under way")
	}
	members := len(b.Members)
	voters := map[uint64]bool{}
	for _, m := range b.Members {
		if m.Voter() {
			voters[m.ID] = true
		}
	}
	for _, s := range c.conf.Changes {
		id := s.GetNodeId()
		m, known := byID(b.Members, id)
		add, adds := byID(c.added, id)
		switch s.GetType() {
		case pb.ConfChangeAddLearnerNode:
			if known || !adds || !add.Learner || id < b.NextID {
				return fmt.Errorf("server %d cannot be added as a learner", id)
			}
			members++
		case pb.ConfChangeAddNode:
			if !known || !m.Learner {
				return fmt.Errorf("server %d is no learner", id)
			}
			voters[id] = true
		case pb.ConfChangeRemoveNode:
			if !known {
				return fmt.Errorf("server %d is not there", id)
			}
			delete(voters, id)
			members--
		}
	}
	if len(c.added) > len(c.conf.Changes) || members > MaxMembers || len(voters) == 0 || len(voters) > MaxVoters {
		return fmt.Errorf("%d servers, %d voters", members, len(voters))
	}
	return nil
}
