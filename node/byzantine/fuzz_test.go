package byzantine

import (
	"bytes"
	"testing"

	"github.com/hyperledger-labs/SmartBFT/pkg/types"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/order"
)

func someBase() Base {
	return Base{Epoch: 2, Origin: 5, Tick: 9, Sum: order.Sum{1}, Members: []base.Key{{1}, {2}, {3}, {4}}, Counters: []uint64{0, 7, 0, 1 << 40}}
}

func someDecision() types.Decision {
	rec := order.Record{Epoch: 2, Tick: 6, Runs: []order.Run{{Server: 1, First: 1, Count: 1}}, Entries: [][]byte{[]byte("x")}}
	d := types.Decision{Proposal: types.Proposal{Payload: rec.AppendTo(nil), Metadata: []byte{16, 1}}}
	for id := range uint64(3) {
		d.Signatures = append(d.Signatures, types.Signature{ID: id + 1, Value: make([]byte, 64), Msg: seal(&d.Proposal, []byte("aux"))})
	}
	return d
}

func FuzzBase(f *testing.F) {
	b := someBase()
	f.Add(b.AppendTo(nil))
	f.Fuzz(func(t *testing.T, in []byte) {
		b, err := ParseBase(in)
		if err == nil && !bytes.Equal(b.AppendTo(nil), in) {
			t.Fatal("another form")
		}
	})
}

func FuzzDecision(f *testing.F) {
	d := someDecision()
	f.Add(appendDecision(nil, &d))
	f.Fuzz(func(t *testing.T, in []byte) {
		d, rec, err := parseDecision(in)
		if err != nil {
			return
		}
		if !bytes.Equal(appendDecision(nil, &d), in) || !bytes.Equal(rec.AppendTo(nil), d.Proposal.Payload) {
			t.Fatal("another form")
		}
	})
}

func FuzzMessage(f *testing.F) {
	d := someDecision()
	fw := forward{3, []entry{{true, []byte("x")}, {false, nil}}}
	an := answer{oldest: 1, newest: 9, decisions: [][]byte{appendDecision(nil, &d)}}
	l := &Log{epoch: 1}
	f.Add(fw.append(l.head(kindForward)))
	f.Add(an.append(l.head(kindDecisions)))
	f.Fuzz(func(t *testing.T, in []byte) {
		d := base.NewDecoder(in)
		epoch, kind, err := parseHead(d)
		if err != nil {
			return
		}
		head := (&Log{epoch: epoch}).head(kind)
		var out []byte
		switch kind {
		case kindForward:
			m, err := parseForward(d)
			if err != nil {
				return
			}
			out = m.append(head)
		case kindDecisions:
			m, err := parseAnswer(d)
			if err != nil {
				return
			}
			out = m.append(head)
		default:
			return
		}
		if !bytes.Equal(out, in) {
			t.Fatal("another form")
		}
	})
}

func FuzzSeal(f *testing.F) {
	d := someDecision()
	f.Add(d.Signatures[0].Msg)
	f.Fuzz(func(t *testing.T, in []byte) {
		digest, aux, err := parseSeal(in)
		if err != nil {
			return
		}
		e := base.Encoder{}
		e.U8(sealVersion)
		e.Raw(digest)
		e.Bytes(aux)
		if !bytes.Equal(e.B, in) {
			t.Fatal("another form")
		}
	})
}

// FuzzDisk reads what a damaged disk may hold: whole frames come back, and
// nothing is made up.
func FuzzDisk(f *testing.F) {
	b := someBase()
	e := base.Encoder{}
	e.U8(diskVersion)
	e.ID(testRegion)
	e.Bytes(b.AppendTo(nil))
	file := appendFrame(nil, frameBegin, e.B)
	f.Add(file)
	file = appendFrame(file, frameVote, []byte{1, 2, 3})
	file = appendFrame(file, frameOpened, []byte("boot"))
	f.Add(appendFrame(file, frameClosed, nil))
	f.Add(file[:len(file)-2])
	f.Fuzz(func(t *testing.T, in []byte) {
		s, err := scan(in)
		if err != nil {
			return
		}
		again, err := scan(in[:s.length])
		if err != nil || again.length != s.length || len(again.decisions) != len(s.decisions) || len(again.saved) != len(s.saved) {
			t.Fatalf("the whole frames read otherwise: %v", err)
		}
	})
}
