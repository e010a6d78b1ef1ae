package byzantine

import (
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/order"
)

// A message is version u8 (1), epoch u64, kind u8 and a body. Who sent it the
// connection tells.
const wireVersion = 1

const (
	kindAgree     = iota + 1 // a message of the library, in protobuf
	kindForward              // forward
	kindFetch                // the tick, u64, from which decisions are wanted
	kindDecisions            // answer
)

const headBytes = 1 + 8 + 1

func (l *Log) head(kind uint8) []byte {
	e := base.Encoder{}
	e.U8(wireVersion)
	e.U64(l.epoch)
	e.U8(kind)
	return e.B
}

// forward are entries for the leader. Layout: first u64, entries (count u32,
// each sync bool, bytes).
type forward struct {
	first   uint64
	entries []entry
}

func (f *forward) append(b []byte) []byte {
	e := base.Encoder{B: b}
	e.U64(f.first)
	e.U32(uint32(len(f.entries)))
	for _, x := range f.entries {
		e.Bool(x.sync)
		e.Bytes(x.body)
	}
	return e.B
}

func parseForward(d *base.Decoder) (forward, error) {
	f := forward{first: d.U64()}
	for range d.Count(maxForward, 5) {
		f.entries = append(f.entries, entry{d.Bool(), d.Bytes(order.MaxEntryBytes)})
	}
	if d.Err() == nil && (f.first == 0 || f.first+uint64(len(f.entries)) < f.first) {
		d.Fail(fmt.Errorf("entries from %d", f.first))
	}
	return f, d.Done()
}

// answer are decisions, or that there are none. Layout: oldest tick u64, newest
// u64, decisions (count u32, each bytes).
type answer struct {
	from      uint64 // the server; not sent
	oldest    base.Tick
	newest    base.Tick
	decisions [][]byte
}

func (a *answer) append(b []byte) []byte {
	e := base.Encoder{B: b}
	e.U64(uint64(a.oldest))
	e.U64(uint64(a.newest))
	e.U32(uint32(len(a.decisions)))
	for _, x := range a.decisions {
		e.Bytes(x)
	}
	return e.B
}

// maxDecision bounds an encoded decision.
const maxDecision = maxRecord + 4<<10

func parseAnswer(d *base.Decoder) (answer, error) {
	a := answer{oldest: base.Tick(d.U64()), newest: base.Tick(d.U64())}
	for range d.Count(answerCount, 4) {
		a.decisions = append(a.decisions, d.Bytes(maxDecision))
	}
	return a, d.Done()
}

// parseHead reads what all messages begin with.
func parseHead(d *base.Decoder) (epoch uint64, kind uint8, err error) {
	if v := d.U8(); d.Err() == nil && v != wireVersion {
		d.Fail(fmt.Errorf("version %d", v))
	}
	epoch, kind = d.U64(), d.U8()
	if d.Err() == nil && (kind < kindAgree || kind > kindDecisions) {
		d.Fail(fmt.Errorf("kind %d", kind))
	}
	return epoch, kind, d.Err()
}
