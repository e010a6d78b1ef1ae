package raft

import (
	"errors"
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/order"
)

// ErrBase: bytes that are not a Base.
var ErrBase = errors.New("bad base of a log")

// Base is all that a log needs of its past: what stands in place of the
// records up to Tick once they are dropped, and where a new server or a new
// epoch begins. All replicas have the same Base at the same tick.
//
// Layout: version u8 (1), epoch u64, index u64, term u64, tick u64, sum 32,
// next id u64, members, outgoing (count u32, ids u64: voters that still count
// during a change), becoming (count u32, ids u64: voters that become learners
// when that change is over), counters (count u32, each server u64, last u64).
type Base struct {
	Epoch  uint64
	Index  uint64 // of the raft entry that holds the record of Tick
	Term   uint64 // of that entry
	Tick   base.Tick
	Sum    order.Sum // of the record of Tick
	NextID uint64    // the raft id that the next new server gets

	Members  []Member // in the order of ids
	Outgoing []uint64
	Becoming []uint64
	Counters []Counter // in the order of servers
}

// Counter is the number of the last entry of a server that is in the log.
type Counter struct{ Server, Last uint64 }

// maxCounters bounds the servers whose entries are told apart: those of now
// and those that left. See Base.forget.
const maxCounters = 256

const baseVersion = 1

// Found is where a replicated log begins: after the record of tick, whose hash
// is sum, with these voters. They get the raft ids 1, 2, ... in their order;
// with first, a new epoch goes on counting where the old one was.
func Found(epoch uint64, tick base.Tick, sum order.Sum, first uint64, voters []base.Key) (Base, error) {
	if first == 0 {
		first = 1
	}
	b := Base{Epoch: epoch, Index: 1, Term: 1, Tick: tick, Sum: sum, NextID: first}
	for _, k := range voters {
		b.Members = append(b.Members, Member{ID: b.NextID, Key: k})
		b.NextID++
	}
	if len(voters) == 0 || len(voters) > MaxVoters {
		return Base{}, fmt.Errorf("raft: found: %w: %d voters", ErrBase, len(voters))
	}
	// Reading it back checks the rest.
	return ParseBase(b.AppendTo(nil))
}

// AppendTo appends the canonical form.
func (b *Base) AppendTo(dst []byte) []byte {
	e := base.Encoder{B: dst}
	e.U8(baseVersion)
	e.U64(b.Epoch)
	e.U64(b.Index)
	e.U64(b.Term)
	e.U64(uint64(b.Tick))
	e.Raw(b.Sum[:])
	e.U64(b.NextID)
	appendMembers(&e, b.Members)
	appendIDs(&e, b.Outgoing)
	appendIDs(&e, b.Becoming)
	e.U32(uint32(len(b.Counters)))
	for _, c := range b.Counters {
		e.U64(c.Server)
		e.U64(c.Last)
	}
	return e.B
}

// ParseBase reads one Base.
func ParseBase(p []byte) (Base, error) {
	d := base.NewDecoder(p)
	if v := d.U8(); d.Err() == nil && v != baseVersion {
		d.Fail(&base.VersionError{What: "the beginning of a shared log", Found: v, Wanted: baseVersion})
	}
	b := Base{Epoch: d.U64(), Index: d.U64(), Term: d.U64(), Tick: base.Tick(d.U64())}
	copy(b.Sum[:], d.Raw(len(b.Sum)))
	b.NextID = d.U64()
	b.Members = parseMembers(d)
	b.Outgoing = parseIDs(d)
	b.Becoming = parseIDs(d)
	last := uint64(0)
	for range d.Count(maxCounters, 16) {
		c := Counter{d.U64(), d.U64()}
		if d.Err() == nil && c.Server <= last {
			d.Fail(fmt.Errorf("counter of %d after %d", c.Server, last))
		}
		last = c.Server
		b.Counters = append(b.Counters, c)
	}
	if d.Err() == nil {
		if err := b.check(); err != nil {
			d.Fail(err)
		}
	}
	if err := d.Done(); err != nil {
		return Base{}, fmt.Errorf("raft: %w: %w", ErrBase, err)
	}
	return b, nil
}

func (b *Base) check() error {
	voters := 0
	for _, m := range b.Members {
		if m.Voter() {
			voters++
		}
		if m.ID >= b.NextID {
			return fmt.Errorf("server %d, but the next is %d", m.ID, b.NextID)
		}
	}
	switch {
	case b.Index == 0 || b.Term == 0 || b.Index > maxIndex || b.Term > maxTerm:
		return fmt.Errorf("index %d, term %d", b.Index, b.Term)
	case b.NextID > maxID:
		return fmt.Errorf("next id %d", b.NextID)
	case voters == 0 || voters > MaxVoters:
		return fmt.Errorf("%d voters", voters)
	}
	for _, ids := range [][]uint64{b.Outgoing, b.Becoming} {
		for _, id := range ids {
			if _, ok := byID(b.Members, id); !ok && id >= b.NextID {
				return fmt.Errorf("server %d of a change is not known", id)
			}
		}
	}
	return nil
}

// Bounds of what raft counts: no honest log comes near them.
const (
	maxIndex = 1 << 62
	maxTerm  = 1 << 62
)

func appendIDs(e *base.Encoder, ids []uint64) {
	e.U32(uint32(len(ids)))
	for _, id := range ids {
		e.U64(id)
	}
}

func parseIDs(d *base.Decoder) (ids []uint64) {
	for range d.Count(MaxMembers, 8) {
		id := d.U64()
		if d.Err() == nil && (id == 0 || len(ids) > 0 && id <= ids[len(ids)-1]) {
			d.Fail(fmt.Errorf("ids out of order"))
		}
		ids = append(ids, id)
	}
	return ids
}

// last is the number of the last entry of a server.
func last(list []Counter, server uint64) uint64 {
	if i, ok := slices.BinarySearchFunc(list, server, func(c Counter, id uint64) int { return cmpID(c.Server, id) }); ok {
		return list[i].Last
	}
	return 0
}

func cmpID(a, b uint64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
