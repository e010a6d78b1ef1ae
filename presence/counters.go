package presence

import "github.com/metatopia/metatopia/presence/wire"

// Counters are totals since the start.
type Counters struct {
	MsgsIn, MsgsOut, BytesIn, BytesOut uint64
	Sent                               [wire.Types]uint64 // bytes by type

	Malformed  uint64 // did not parse
	Stale      uint64 // poses older than the one held
	Unasked    uint64 // messages nobody asked for
	OverRate   uint64 // dropped: a peer sent too many
	TooMany    uint64 // no room for a relation
	Skipped    uint64 // poses not sent: the receivers compute them
	Held       uint64 // poses not sent in time: the budget was spent
	Cut        uint64 // marks put off: the budget was spent
	HintsGood  uint64 // hints that led to somebody in the area of interest
	HintsBad   uint64 // hints that did not
	Distrusted uint64 // notices ignored because of their source
}
