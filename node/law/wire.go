package law

import (
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/succession"
)

// Proto is the protocol of questions about a region's roles; the region's id
// follows. A stream carries one question and one answer, each in a frame.
const Proto = "/metatopia/region/law/2/"

// AskKind is what a question is about.
type AskKind uint8

const (
	AskHead   AskKind = iota + 1 // where the log stands, and the chain
	AskEntry                     // Entry: log it
	AskReport                    // how things stand, in words and for programs
	AskLog                       // From, Count: entries of the book
	AskSample                    // Sum: a sample of the clock, of a server
	AskSign                      // Entry: signing bytes of a certificate, of a server
)

// Ask is a question. Only the fields named at its kind count.
//
// Layout: kind u8, then entry bytes (u32 length), or from u64 and count u32, or
// sum 32.
type Ask struct {
	Kind  AskKind
	Entry []byte
	From  uint64
	Count uint32
	Sum   succession.Sum
}

// Bytes is the canonical form.
func (a *Ask) Bytes() []byte {
	var e base.Encoder
	e.U8(uint8(a.Kind))
	switch a.Kind {
	case AskEntry, AskSign:
		e.Bytes(a.Entry)
	case AskLog:
		e.U64(a.From)
		e.U32(a.Count)
	case AskSample:
		e.Raw(a.Sum[:])
	}
	return e.B
}

// ParseAsk reads a question.
func ParseAsk(b []byte) (Ask, error) {
	d := base.NewDecoder(b)
	a := Ask{Kind: AskKind(d.U8())}
	switch a.Kind {
	case AskHead, AskReport:
	case AskEntry:
		a.Entry = d.Bytes(succession.MaxEntry)
	case AskSign:
		a.Entry = d.Bytes(MaxAsk)
	case AskLog:
		a.From, a.Count = d.U64(), d.U32()
	case AskSample:
		copy(a.Sum[:], d.Raw(len(a.Sum)))
	default:
		d.Fail(fmt.Errorf("kind %d", a.Kind))
	}
	if err := d.Done(); err != nil {
		return Ask{}, fmt.Errorf("law: question: %w", err)
	}
	return a, nil
}

// Answer answers any question. Why is not empty when it is refused.
//
// Layout: why (u32 length), index u64, time i64, wall i64, sum 32, counter u64,
// server 32, due bool, guest bool, charter, chain (each u32 length), signature 64, words (count u32, each u32 length),
// report (JSON, u32 length), entries (count u32, each as in Kept).
type Answer struct {
	Why     string
	Index   uint64 // of the head, or of the entry that was logged
	Time    int64  // of the region, ms
	Wall    int64  // ms since 1970
	Sum     succession.Sum
	Counter uint64   // of who asks: the next entry needs a higher one
	Server  base.Key // that answers: who takes a login
	Due     bool     // a login of who asks would tell something new
	Guest   bool     // who asks is a guest of the region: a login says so
	Charter []byte
	Chain   []byte
	Sig     succession.Signature
	Words   []string
	Report  []byte
	Entries []Kept
}

// Kept is an entry of the log as a server keeps it.
type Kept struct {
	Index uint64
	Time  int64  // of the region, ms
	Wall  int64  // ms since 1970
	Why   string // it had no effect, or ""
	Entry []byte
}

const (
	maxWhy   = 512
	maxWords = 64
	// maxCharter bounds a region's charter.
	maxCharter = 8 << 10
)

func (k *Kept) appendTo(e *base.Encoder) {
	e.U64(k.Index)
	e.I64(k.Time)
	e.I64(k.Wall)
	e.Str(k.Why)
	e.Bytes(k.Entry)
}

func readKept(d *base.Decoder) Kept {
	return Kept{Index: d.U64(), Time: d.I64(), Wall: d.I64(), Why: d.Str(maxWhy), Entry: d.Bytes(succession.MaxEntry)}
}

// Bytes is the canonical form.
func (a *Answer) Bytes() []byte {
	var e base.Encoder
	e.Str(a.Why)
	e.U64(a.Index)
	e.I64(a.Time)
	e.I64(a.Wall)
	e.Raw(a.Sum[:])
	e.U64(a.Counter)
	e.Key(a.Server)
	e.Bool(a.Due)
	e.Bool(a.Guest)
	e.Bytes(a.Charter)
	e.Bytes(a.Chain)
	e.Raw(a.Sig[:])
	e.U32(uint32(len(a.Words)))
	for _, w := range a.Words {
		e.Str(w)
	}
	e.Bytes(a.Report)
	e.U32(uint32(len(a.Entries)))
	for i := range a.Entries {
		a.Entries[i].appendTo(&e)
	}
	return e.B
}

// ParseAnswer reads one.
func ParseAnswer(b []byte) (*Answer, error) {
	d := base.NewDecoder(b)
	a := &Answer{Why: d.Str(maxWhy), Index: d.U64(), Time: d.I64(), Wall: d.I64()}
	copy(a.Sum[:], d.Raw(len(a.Sum)))
	a.Counter, a.Server, a.Due, a.Guest = d.U64(), d.Key(), d.Bool(), d.Bool()
	a.Charter, a.Chain = d.Bytes(maxCharter), d.Bytes(succession.MaxChainBytes)
	copy(a.Sig[:], d.Raw(len(a.Sig)))
	for range d.Count(maxWords, 4) {
		a.Words = append(a.Words, d.Str(4096))
	}
	a.Report = d.Bytes(64 << 10)
	for range d.Count(MaxPage, 8+8+8+4+4) {
		a.Entries = append(a.Entries, readKept(d))
	}
	if err := d.Done(); err != nil {
		return nil, fmt.Errorf("law: answer: %w", err)
	}
	return a, nil
}
