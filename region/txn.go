package region

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

// Version tells a slot's value from others it has had: the first eight bytes of
// the SHA-256 of its canonical form, 0 when there is no such slot.
func (s Slots) Version(name string) uint64 {
	i, ok := s.find(name)
	if !ok {
		return 0
	}
	var e base.Encoder
	AppendSlotWrite(&e, s[i])
	sum := sha256.Sum256(e.B)
	return max(1, binary.LittleEndian.Uint64(sum[:]))
}

// SlotRead is what a transaction has read.
type SlotRead struct {
	Thing   base.ID
	Slot    string
	Version uint64
}

// SlotSet is what a transaction writes.
type SlotSet struct {
	Thing base.ID
	SlotWrite
}

// Txn writes slots of one or more things, all or none, if none of what it has
// read has changed. What it writes must be in what it has read, or nobody else
// may write it in this tick.
type Txn struct {
	Tag    int64 // told with "conflict"
	Reads  []SlotRead
	Writes []SlotSet
}

func (x *Txn) check() error {
	if len(x.Reads) > MaxTxnReads || len(x.Writes) > MaxTxnWrites || len(x.Writes) == 0 {
		return fmt.Errorf("a transaction of %d reads and %d writes, at most %d and 1-%d", len(x.Reads), len(x.Writes), MaxTxnReads, MaxTxnWrites)
	}
	for i := range x.Writes {
		if err := x.Writes[i].Check(); err != nil {
			return err
		}
	}
	return nil
}

// transaction is a Txn with who asked for it.
type transaction struct {
	*Txn
	from *Thing
	rank uint64
	n    int // of its actor in this tick
}

// settleTxns carries out the tick's transactions one after the other, in the
// order of their ranks. own is what things wrote themselves; what transactions
// write is added.
func (s *Sim) settleTxns(list []transaction, own written) written {
	for i := range list {
		list[i].rank = rank(mix(s.r), s.cfg.ID, list[i].from.ID)
	}
	slices.SortFunc(list, func(a, b transaction) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), a.from.ID.Compare(b.from.ID), cmp.Compare(a.n, b.n))
	})
	for i := range list {
		x := &list[i]
		if s.commit(x, own) {
			for _, w := range x.Writes {
				k := slotKey{w.Thing, w.Name}
				if at, ok := slices.BinarySearchFunc(own, k, slotKey.compare); !ok {
					own = slices.Insert(own, at, k)
				}
			}
			continue
		}
		s.out.Counts.Conflicts++
		s.later(event{To: x.from.ID, From: x.from.ID, Kind: evScript, Name: EventConflict, Tag: x.Tag})
	}
	return own
}

// commit carries out one transaction, or nothing of it.
func (s *Sim) commit(x *transaction, own written) bool {
	for _, r := range x.Reads {
		t := s.thing(r.Thing)
		if t == nil || t.Slots.Version(r.Slot) != r.Version {
			return false
		}
	}
	var next []*Thing // as they would be
	for i := range x.Writes {
		w := &x.Writes[i]
		k := slices.IndexFunc(next, func(t *Thing) bool { return t.ID == w.Thing })
		if k < 0 {
			t := s.thing(w.Thing)
			if t == nil {
				return false
			}
			n := *t
			k, next = len(next), append(next, &n)
		}
		t := next[k]
		if !may(x.from, t, w.Name, opTxn) {
			s.mayNot(x.from, "write", w.Name, w.Thing)
			return false
		}
		read := slices.ContainsFunc(x.Reads, func(r SlotRead) bool { return r.Thing == w.Thing && r.Slot == w.Name })
		if !read && own.has(slotKey{w.Thing, w.Name}) {
			return false
		}
		slots, err := t.Slots.With(w.SlotWrite)
		if err != nil {
			return false
		}
		t.Slots = slots
	}
	for _, t := range next {
		s.put(t)
	}
	for i := range x.Writes {
		s.out.Slots = append(s.out.Slots, SlotChange{x.Writes[i].Thing, x.Writes[i].SlotWrite})
	}
	return true
}
