package region

import (
	"encoding/hex"
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
)

// Hash is SHA-256 over the canonical snapshot.
type Hash [32]byte

func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// Short is the first 8 hexadecimal digits, for people.
func (h Hash) Short() string { return h.String()[:8] }

// EntryKind says how to read an Entry's body.
type EntryKind uint8

const (
	EntryInput   EntryKind = 1 // SignedInput
	EntryControl EntryKind = 2 // ControlEntry
	EntryBorder  EntryKind = 3 // BorderMessage of region From, authenticated by the driver
	EntryVouched EntryKind = 4 // a control entry or border message, signed by the server that submitted it
)

// Entry is one ordered input of the region. Seq numbers the control entries
// and border messages of the log, so that entries may be given to Step in any
// order within their batch.
type Entry struct {
	Kind EntryKind
	From base.ID // of a border message
	Seq  uint64  // of a control entry or border message
	Body []byte
}

// Batch is everything ordered for one tick.
type Batch struct {
	Tick    base.Tick
	Entries []Entry
	Cut     *RecordCut // of a log that several servers share; else nil
}

// Ack answers one signed input.
type Ack struct {
	Player  base.Key
	Seq     uint64
	Code    Code
	Thing   base.ID // the avatar joined, the thing thrown or touched
	Durable bool    // hold it back until the tick is on disk
}

// Said is a line for the players of this region who are near enough.
type Said struct {
	Tick   base.Tick
	From   base.ID  // thing or avatar that spoke
	Player base.Key // zero: a thing spoke
	Name   string
	Region base.ID // where it was said
	Pos    spatial.Pos
	Text   string
	To     []base.Key // players here who hear it, sorted
}

// Moved: the player's avatar belongs to region To from this tick on. Durable
// always: it rests on the release record.
type Moved struct {
	Player base.Key
	Thing  base.ID
	To     base.ID
	Epoch  uint64
}

// Passage is a thing that a region handed over, or took over, in this tick.
type Passage struct {
	Thing base.ID
	Epoch uint64    // the new one
	Peer  base.ID   // the other region
	In    bool      // taken over
	Since base.Tick // from which it is the new owner's, in this region's ticks
	// Motion is what it was handed over with, as it was at the end of the tick
	// before Since; of one taken over, what it has become by the end of the
	// last tick, and Jump how far that is from where its ghost was, in metres.
	Motion Motion
	Jump   float32
}

// BorderOut is a message for the region's own border topic.
type BorderOut struct {
	Durable bool // hold it back until the tick is on disk
	Body    []byte
}

// LogLine is a line written by a script, or why it failed.
type LogLine struct {
	Thing base.ID
	Owner base.Key // of the thing: whom it is for
	Fault bool
	Text  string
}

// SlotChange says that a slot has a new value at the end of this tick. A
// value of type SlotNone means that it is gone.
type SlotChange struct {
	Thing base.ID
	SlotWrite
}

// Counts are what happened in one tick.
type Counts struct {
	Inputs, Refused, Forged, Replayed   uint64
	Messages                            uint64 // spoken lines times listeners
	ScriptRuns, ScriptFaults            uint64
	EventsDropped, EventsCarried        uint64 // too many; waiting for fuel
	Gas                                 uint64 // instructions of scripts
	ProposalsLost, Conflicts            uint64
	HandoffsOut, HandoffsIn, Crossings  uint64 // released, accepted, accepted avatars
	HandoffsRefused, BorderBad, GhostIn uint64
	PhysicsRefused                      uint64
	RelaysOut, RelaysIn, RelaysLost     uint64 // messages of things over borders: said, taken, given up
}

// Output is what one Step leaves for the driver, in the order to perform.
type Output struct {
	Tick   base.Tick
	Hash   Hash
	Sync   bool // the tick must reach the disk before anything marked Durable leaves
	Acks   []Ack
	Said   []Said
	Moved  []Moved
	Passed []Passage
	Border []BorderOut
	Logs   []LogLine
	Slots  []SlotChange
	Gone   []base.ID // things that are no longer here, released ones included
	Want   []string  // modules to load; answer each with ControlModule
	// Failed are the numbers (Entry.Seq) of control entries that had no effect.
	Failed []uint64
	Law    []LawDone // in the order of the log
	// Access are the access entries, in the order of the log, and Expelled who
	// may not be here any more.
	Access []AccessDone
	// Asked are new requests to the region's store, to be carried out once the
	// tick is on disk, and Answered those that wait no more.
	Asked    []Request
	Answered []Answered
	Expelled []Expelled
	Counts   Counts
}

// AppendTo writes the canonical form of an entry, as the log keeps it: kind
// u8, from id, seq u64, body.
func (x Entry) AppendTo(e *base.Encoder) {
	e.U8(uint8(x.Kind))
	e.ID(x.From)
	e.U64(x.Seq)
	e.Bytes(x.Body)
}

// ParseEntry reads one entry. Its body is looked at by Step.
func ParseEntry(b []byte) (Entry, error) {
	d := base.NewDecoder(b)
	x := Entry{Kind: EntryKind(d.U8()), From: d.ID(), Seq: d.U64(), Body: d.Bytes(MaxBorder + vouchBytes)}
	if d.Err() == nil && (x.Kind < EntryInput || x.Kind > EntryVouched) {
		d.Fail(fmt.Errorf("unknown kind %d", x.Kind))
	}
	if d.Err() == nil && x.Kind != EntryVouched && len(x.Body) > MaxBorder {
		d.Fail(base.ErrBound)
	}
	if err := d.Done(); err != nil {
		return Entry{}, fmt.Errorf("region: parse entry: %w", err)
	}
	return x, nil
}
