package wire

import "github.com/metatopia/metatopia/internal/base"

// Shuffle swaps entries of the random view; the reply has its own type.
type Shuffle struct {
	Reply   bool
	Entries []Entry // at most MaxEntries
}

func (m *Shuffle) Type() Type {
	if m.Reply {
		return TypeShuffleRep
	}
	return TypeShuffleReq
}
func (m *Shuffle) append(e *base.Encoder) { appendEntries(e, m.Entries) }
func (m *Shuffle) size() int              { return sizeEntries(m.Entries) }
func (m *Shuffle) read(d *base.Decoder)   { m.Entries = readEntries(d, MaxEntries) }

// NearOffer gives the sender's own entry and hints chosen for the receiver's
// position. A first offer asks for one back; a Reply does not.
type NearOffer struct {
	Reply bool
	Self  Entry // Addr is empty when the receiver has it already
	Hints []Hint
}

func (m *NearOffer) Type() Type { return TypeNearOffer }
func (m *NearOffer) append(e *base.Encoder) {
	e.Bool(m.Reply)
	m.Self.appendTo(e)
	appendHints(e, m.Hints)
}
func (m *NearOffer) size() int { return 2 + m.Self.size() + len(m.Hints)*HintSize }
func (m *NearOffer) read(d *base.Decoder) {
	m.Reply = d.Bool()
	m.Self = readEntry(d)
	m.Hints = readHints(d)
}

// NearWant asks for the full entries of hinted records.
type NearWant struct{ IDs []ShortID }

func (m *NearWant) Type() Type             { return TypeNearWant }
func (m *NearWant) append(e *base.Encoder) { appendIDs(e, m.IDs) }
func (m *NearWant) size() int              { return 1 + 8*len(m.IDs) }
func (m *NearWant) read(d *base.Decoder)   { m.IDs = readIDs(d, MaxWants) }

// NearGive answers NearWant, and carries a node's own newer record to a peer
// that named an older one.
type NearGive struct{ Entries []Entry }

func (m *NearGive) Type() Type             { return TypeNearGive }
func (m *NearGive) append(e *base.Encoder) { appendEntries(e, m.Entries) }
func (m *NearGive) size() int              { return sizeEntries(m.Entries) }
func (m *NearGive) read(d *base.Decoder)   { m.Entries = readEntries(d, MaxEntries) }

// Notice names nodes that have come next to the receiver. Like every hint it is
// unsigned and worth a question at most.
type Notice struct{ Hints []Hint }

func (m *Notice) Type() Type             { return TypeNotice }
func (m *Notice) append(e *base.Encoder) { appendHints(e, m.Hints) }
func (m *Notice) size() int              { return 1 + len(m.Hints)*HintSize }
func (m *Notice) read(d *base.Decoder)   { m.Hints = readHints(d) }

// Closure asks who cuts the sender's cell: the receiver answers with entries
// that would win one of the sender's rays and are not among Winners.
type Closure struct {
	Query   uint32
	Self    Entry
	Winners []ShortID // at most MaxWinners
}

func (m *Closure) Type() Type { return TypeClosure }
func (m *Closure) append(e *base.Encoder) {
	e.U32(m.Query)
	m.Self.appendTo(e)
	appendIDs(e, m.Winners)
}
func (m *Closure) size() int { return 5 + m.Self.size() + 8*len(m.Winners) }
func (m *Closure) read(d *base.Decoder) {
	m.Query = d.U32()
	m.Self = readEntry(d)
	m.Winners = readIDs(d, MaxWinners)
}

// ClosureRep answers a Closure.
type ClosureRep struct {
	Query   uint32
	Entries []Entry
}

func (m *ClosureRep) Type() Type { return TypeClosureRep }
func (m *ClosureRep) append(e *base.Encoder) {
	e.U32(m.Query)
	appendEntries(e, m.Entries)
}
func (m *ClosureRep) size() int { return 4 + sizeEntries(m.Entries) }
func (m *ClosureRep) read(d *base.Decoder) {
	m.Query = d.U32()
	m.Entries = readEntries(d, MaxEntries)
}

// Leave is a farewell: the sender's record with Leaving set.
type Leave struct{ Record Record }

func (m *Leave) Type() Type             { return TypeLeave }
func (m *Leave) append(e *base.Encoder) { e.B = m.Record.AppendTo(e.B) }
func (m *Leave) size() int              { return RecordSize }
func (m *Leave) read(d *base.Decoder) {
	m.Record = readRecord(d)
	if d.Err() == nil && !m.Record.Leaving {
		d.Fail(ErrField)
	}
}
