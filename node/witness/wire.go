package witness

import (
	"errors"
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/agree"
)

// Kinds of messages; docs/protocol/agree.md has their layout.
const (
	kindVote        = 1
	kindCertificate = 2
	kindHashes      = 3
	kindParts       = 4
	kindCuts        = 5
	kindCharge      = 6
)

var errMessage = errors.New("not a message between servers of a region")

// message is a vote, a certificate or a charge: nobody answers.
type message struct {
	Vote        *agree.SignedVote
	Certificate *agree.Certificate
	Charge      *agree.Charge
}

func (m *message) bytes() []byte {
	var e base.Encoder
	switch {
	case m.Vote != nil:
		e.U8(kindVote)
		m.Vote.AppendTo(&e)
	case m.Charge != nil:
		e.U8(kindCharge)
		m.Charge.AppendTo(&e)
	default:
		e.U8(kindCertificate)
		m.Certificate.AppendTo(&e)
	}
	return e.B
}

func parseMessage(b []byte) (m message, err error) {
	d := base.NewDecoder(b)
	switch k := d.U8(); k {
	case kindVote:
		v := agree.ReadVote(d)
		m.Vote = &v
	case kindCertificate:
		c := agree.ReadCertificate(d)
		m.Certificate = &c
	case kindCharge:
		c := agree.ReadCharge(d)
		m.Charge = &c
	default:
		d.Fail(fmt.Errorf("kind %d", k))
	}
	if err := d.Done(); err != nil {
		return message{}, fmt.Errorf("witness: %w: %w", errMessage, err)
	}
	return m, nil
}

// question asks for the state hashes of Count ticks from Tick on, or for the
// parts of the state after Tick whose names are from Lo to Hi ("": the end).
type question struct {
	Kind   uint8
	Tick   base.Tick
	Count  uint8
	Lo, Hi string
}

func (q *question) bytes() []byte {
	var e base.Encoder
	e.U8(q.Kind)
	e.U64(uint64(q.Tick))
	if q.Kind != kindParts {
		e.U8(q.Count)
		return e.B
	}
	e.Str(q.Lo)
	e.Str(q.Hi)
	return e.B
}

func parseQuestion(b []byte) (question, error) {
	d := base.NewDecoder(b)
	q := question{Kind: d.U8(), Tick: base.Tick(d.U64())}
	switch q.Kind {
	case kindHashes, kindCuts:
		if q.Count = d.U8(); d.Err() == nil && (q.Count == 0 || q.Count > maxHashes) {
			d.Fail(fmt.Errorf("%d ticks", q.Count))
		}
	case kindParts:
		q.Lo, q.Hi = d.Str(maxPart), d.Str(maxPart)
	default:
		d.Fail(fmt.Errorf("kind %d", q.Kind))
	}
	if err := d.Done(); err != nil {
		return question{}, fmt.Errorf("witness: %w: %w", errMessage, err)
	}
	return q, nil
}

// answer has what the question asked for; Known is false when the tick is too
// long ago, or to come.
type answer struct {
	Kind    uint8
	Known   bool
	Hashes  []region.Hash
	Buckets []bucket
	Cuts    []agree.SignedCut // of the ticks that are known, in their order
}

func (a *answer) bytes() []byte {
	var e base.Encoder
	e.U8(a.Kind)
	e.Bool(a.Known)
	if a.Kind == kindHashes {
		e.U32(uint32(len(a.Hashes)))
		for i := range a.Hashes {
			e.Raw(a.Hashes[i][:])
		}
		return e.B
	}
	if a.Kind == kindCuts {
		e.U32(uint32(len(a.Cuts)))
		for i := range a.Cuts {
			a.Cuts[i].AppendTo(&e)
		}
		return e.B
	}
	e.U32(uint32(len(a.Buckets)))
	for i := range a.Buckets {
		b := &a.Buckets[i]
		e.Str(b.First)
		e.Str(b.Last)
		e.U32(b.Count)
		e.Raw(b.Sum[:])
	}
	return e.B
}

func parseAnswer(b []byte) (answer, error) {
	d := base.NewDecoder(b)
	a := answer{Kind: d.U8(), Known: d.Bool()}
	switch a.Kind {
	case kindHashes:
		for range d.Count(maxHashes, 32) {
			var h region.Hash
			copy(h[:], d.Raw(32))
			a.Hashes = append(a.Hashes, h)
		}
	case kindCuts:
		for range d.Count(maxHashes, 160) {
			a.Cuts = append(a.Cuts, agree.ReadCut(d))
		}
	case kindParts:
		for range d.Count(maxBuckets, 44) {
			x := bucket{First: d.Str(maxPart), Last: d.Str(maxPart), Count: d.U32()}
			copy(x.Sum[:], d.Raw(32))
			n := len(a.Buckets)
			bad := x.First == "" || x.First > x.Last || x.Count == 0 || x.Count == 1 && x.First != x.Last || n > 0 && a.Buckets[n-1].Last >= x.First
			if d.Err() == nil && bad {
				d.Fail(errors.New("parts out of order"))
			}
			a.Buckets = append(a.Buckets, x)
		}
	default:
		d.Fail(fmt.Errorf("kind %d", a.Kind))
	}
	if err := d.Done(); err != nil {
		return answer{}, fmt.Errorf("witness: %w: %w", errMessage, err)
	}
	return a, nil
}

// Question reports whether bytes that came from another server want an answer.
func Question(b []byte) bool { return len(b) > 0 && b[0] >= kindHashes && b[0] <= kindCuts }
