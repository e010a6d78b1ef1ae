package region

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

// The canonical order. Inputs of a tick may reach the sim in any order within
// their batch; what it does depends only on their content. For each receiver
// the sources are permuted by a key that nobody knows before the batch is
// closed, so that no player can choose an identity that always comes first and
// no script can rely on an order that happens to hold. One source stays in its
// own order: control entries and border messages by Seq, a player's inputs by
// theirs.

// mix is the finaliser of splitmix64 (Steele, Lea, Flood 2014).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// rank is P(r, receiver, source): a keyed 64-bit mix. Not for secrets; the key
// is fresh for every tick.
func rank(r uint64, receiver, source base.ID) uint64 {
	h := mix(r ^ binary.LittleEndian.Uint64(receiver[:8]))
	h = mix(h ^ binary.LittleEndian.Uint64(receiver[8:]))
	h = mix(h ^ binary.LittleEndian.Uint64(source[:8]))
	return mix(h ^ binary.LittleEndian.Uint64(source[8:]))
}

// signed is an input that parsed; its signature may not have been checked.
type signed struct {
	SignedInput
	in   Input
	ok   bool   // signature
	rank uint64 // of its player in this tick
}

func (x *signed) encoded() []byte {
	var e base.Encoder
	x.AppendTo(&e)
	return e.B
}

// sorted is a batch taken apart, each part in an order that does not depend on
// arrival.
type sorted struct {
	control []Entry
	border  []Entry
	inputs  []signed
	bad     uint64
}

// take sorts a batch and folds it into the chain of all batches, from which
// the tick's key comes.
func (s *Sim) take(b Batch) (sorted, uint64) {
	var q sorted
	for _, e := range b.Entries {
		switch e.Kind {
		case EntryControl:
			q.control = append(q.control, e)
		case EntryBorder:
			q.border = append(q.border, e)
		case EntryInput:
			in, what, err := ParseSignedInput(e.Body)
			if err != nil {
				q.bad++
				continue
			}
			q.inputs = append(q.inputs, signed{SignedInput: in, in: what})
		default:
			q.bad++
		}
	}
	bySeq := func(a, b Entry) int {
		return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.Seq, b.Seq), bytes.Compare(a.Body, b.Body))
	}
	slices.SortFunc(q.control, bySeq)
	slices.SortFunc(q.border, bySeq)
	slices.SortFunc(q.inputs, func(a, b signed) int {
		return cmp.Or(a.Key.Compare(b.Key), cmp.Compare(a.Seq, b.Seq), bytes.Compare(a.Payload, b.Payload), bytes.Compare(a.Sig[:], b.Sig[:]))
	})
	h := sha256.New()
	h.Write(s.chain[:])
	var e base.Encoder
	e.U64(uint64(b.Tick))
	for _, list := range [][]Entry{q.control, q.border} {
		e.U32(uint32(len(list)))
		for _, x := range list {
			e.ID(x.From)
			e.Bytes(x.Body)
		}
	}
	e.U32(uint32(len(q.inputs)))
	for i := range q.inputs {
		q.inputs[i].AppendTo(&e)
	}
	h.Write(e.B)
	h.Sum(s.chain[:0])
	r := binary.LittleEndian.Uint64(s.chain[:8]) ^ mix(s.cfg.Seed)
	// Neighbours contend for room and for ids; no one of them comes first always.
	slices.SortStableFunc(q.border, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(rank(r, s.cfg.ID, a.From), rank(r, s.cfg.ID, b.From)), a.From.Compare(b.From))
	})
	// Nor does one player: a low key must not mean the last free place, or the
	// first word.
	for i := range q.inputs {
		x := &q.inputs[i]
		x.rank = rank(r, s.cfg.ID, base.AvatarID(x.Key))
	}
	slices.SortStableFunc(q.inputs, func(a, b signed) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), a.Key.Compare(b.Key))
	})
	return q, r
}
