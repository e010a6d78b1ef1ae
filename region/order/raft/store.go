package raft

import (
	"slices"

	lib "go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/order"
)

// slot is one entry of the log with what it holds.
type slot struct {
	entry  *pb.Entry
	record *order.Encoded // nil unless it is a record
	change *change        // nil unless it is a change of the servers
	conf   *conf          // set once a change of the servers is applied
	// The last record at or before this entry.
	tick base.Tick
	sum  order.Sum
}

// conf is who belongs to the log after a change.
type conf struct {
	members  []Member
	outgoing []uint64
	becoming []uint64
	nextID   uint64
}

// store is the log in memory. It holds every entry as soon as raft hands it
// out for writing; what is on disk is the driver's concern. It fulfils the
// library's Storage.
type store struct {
	base  Base // in place of all before
	hard  Hard
	slots []slot // slots[i] has index base.Index+1+i
}

// Hard is what a server must not forget, besides its entries.
type Hard struct{ Term, Vote, Commit uint64 }

func (h Hard) proto() *pb.HardState {
	return &pb.HardState{Term: new(h.Term), Vote: new(h.Vote), Commit: new(h.Commit)}
}

var _ lib.Storage = (*store)(nil)

func (s *store) InitialState() (*pb.HardState, *pb.ConfState, error) {
	return s.hard.proto(), s.base.confState(), nil
}

func (s *store) lastIndex() uint64 { return s.base.Index + uint64(len(s.slots)) }

func (s *store) FirstIndex() (uint64, error) { return s.base.Index + 1, nil }
func (s *store) LastIndex() (uint64, error)  { return s.lastIndex(), nil }

func (s *store) Term(i uint64) (uint64, error) {
	switch {
	case i < s.base.Index:
		return 0, lib.ErrCompacted
	case i == s.base.Index:
		return s.base.Term, nil
	case i > s.lastIndex():
		return 0, lib.ErrUnavailable
	}
	return s.at(i).entry.GetTerm(), nil
}

// at gives the slot of an index between the first and the last.
func (s *store) at(i uint64) *slot { return &s.slots[i-s.base.Index-1] }

func (s *store) Entries(lo, hi, maxSize uint64) ([]*pb.Entry, error) {
	if lo <= s.base.Index {
		return nil, lib.ErrCompacted
	}
	if hi > s.lastIndex()+1 {
		return nil, lib.ErrUnavailable
	}
	var list []*pb.Entry
	size := uint64(0)
	for i := lo; i < hi; i++ {
		x := s.at(i).entry
		size += uint64(len(x.GetData())) + 16
		if len(list) > 0 && size > maxSize {
			break
		}
		list = append(list, x)
	}
	return list, nil
}

func (s *store) Snapshot() (*pb.Snapshot, error) { return s.base.snapshot(s.base.AppendTo(nil)), nil }

// tail is the last record of the log.
func (s *store) tail() (base.Tick, order.Sum) {
	if n := len(s.slots); n > 0 {
		return s.slots[n-1].tick, s.slots[n-1].sum
	}
	return s.base.Tick, s.base.Sum
}

// append takes entries and drops what stood at their indices and after. Those
// that the base covers are left out.
func (s *store) append(list []*pb.Entry) error {
	for _, x := range list {
		i := x.GetIndex()
		if i <= s.base.Index {
			continue
		}
		if i > s.lastIndex()+1 {
			return lib.ErrUnavailable
		}
		clear(s.slots[i-s.base.Index-1:])
		s.slots = s.slots[:i-s.base.Index-1]
		tick, sum := s.tail()
		n := slot{entry: x, tick: tick, sum: sum}
		var err error
		if n.record, n.change, err = read(x); err != nil {
			return err
		}
		if n.record != nil {
			n.record.Sum = order.SumOf(n.record.Bytes)
			n.tick, n.sum = n.record.Tick, n.record.Sum
		}
		s.slots = append(s.slots, n)
	}
	return nil
}

// find gives the index of the record of a tick, which applied records hold at
// most once.
func (s *store) find(tick base.Tick, upTo uint64) (uint64, bool) {
	n := int(upTo - s.base.Index)
	i, ok := slices.BinarySearchFunc(s.slots[:n], tick, func(x slot, t base.Tick) int { return cmpID(uint64(x.tick), uint64(t)) })
	if !ok {
		return 0, false
	}
	return s.base.Index + 1 + uint64(i), true
}

// drop puts b in place of the entries up to its index.
func (s *store) drop(b Base) {
	s.slots = slices.Clone(s.slots[b.Index-s.base.Index:])
	s.base = b
}

// entries are those of the whole log.
func (s *store) entries() []*pb.Entry {
	list := make([]*pb.Entry, len(s.slots))
	for i := range s.slots {
		list[i] = s.slots[i].entry
	}
	return list
}
