package byzantine

import (
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/order"
)

// Base is all that a log needs of its past: where it begins, or goes on after
// the records up to Tick were dropped. All servers have the same at the same
// tick.
//
// Layout: version u8 (1), epoch u64, origin u64, tick u64, sum 32, servers
// (count u32, each key 32, number of its last entry u64).
type Base struct {
	Epoch  uint64
	Origin base.Tick // the tick before the first decision
	Tick   base.Tick
	Sum    order.Sum // of the record of Tick
	// Members are the servers; the number of one is its place, from 1. They stay
	// the same as long as the log lasts.
	Members []base.Key
	// Counters are the numbers of the servers' last entries in the log.
	Counters []uint64
}

const baseVersion = 1

// Found is where a log begins: after the record of tick, whose hash is sum.
func Found(epoch uint64, tick base.Tick, sum order.Sum, servers []base.Key) (Base, error) {
	b := Base{Epoch: epoch, Origin: tick, Tick: tick, Sum: sum, Members: slices.Clone(servers), Counters: make([]uint64, len(servers))}
	return ParseBase(b.AppendTo(nil)) // reading it back checks it
}

// AppendTo appends the canonical form.
func (b *Base) AppendTo(dst []byte) []byte {
	e := base.Encoder{B: dst}
	e.U8(baseVersion)
	e.U64(b.Epoch)
	e.U64(uint64(b.Origin))
	e.U64(uint64(b.Tick))
	e.Raw(b.Sum[:])
	e.U32(uint32(len(b.Members)))
	for i, k := range b.Members {
		e.Key(k)
		e.U64(b.Counters[i])
	}
	return e.B
}

// ParseBase reads one Base. The error is ErrMember.
func ParseBase(p []byte) (Base, error) {
	d := base.NewDecoder(p)
	if v := d.U8(); d.Err() == nil && v != baseVersion {
		d.Fail(&base.VersionError{What: "the beginning of a byzantine log", Found: v, Wanted: baseVersion})
	}
	b := Base{Epoch: d.U64(), Origin: base.Tick(d.U64()), Tick: base.Tick(d.U64())}
	copy(b.Sum[:], d.Raw(len(b.Sum)))
	for range d.Count(MaxServers, 32+8) {
		k := d.Key()
		if d.Err() == nil && slices.Contains(b.Members, k) {
			d.Fail(fmt.Errorf("server %s comes twice", k.Short()))
		}
		b.Members, b.Counters = append(b.Members, k), append(b.Counters, d.U64())
	}
	if d.Err() == nil && (len(b.Members) < MinServers || b.Tick < b.Origin) {
		d.Fail(fmt.Errorf("%d servers, tick %d since %d", len(b.Members), b.Tick, b.Origin))
	}
	if err := d.Done(); err != nil {
		return Base{}, fmt.Errorf("byzantine: base: %w: %w", ErrMember, err)
	}
	return b, nil
}

// id is the number of a server, 0 for one that is none.
func (b *Base) id(k base.Key) uint64 { return uint64(slices.Index(b.Members, k) + 1) }

// Quorum is how many of n servers must sign: any two quorums have an honest
// server in common, when at most a third of them lie.
func Quorum(n int) int {
	f := (n - 1) / 3
	return (n + f + 2) / 2 // of (n+f+1)/2, rounded up
}

// Liars is how many of n servers may lie.
func Liars(n int) int { return (n - 1) / 3 }
