package presence

import (
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/presence/wire"
)

// Outbox collects the effects of Step: sends in order, events in order; the
// two lists do not depend on each other. The driver empties it; Step only
// appends. Reset keeps the memory.
type Outbox struct {
	Sends  []Send
	Events []Event
	// WakeAt asks for a Tick at this time, in the driver's clock; 0 leaves
	// what was asked before. A later value replaces an earlier one.
	WakeAt int64
}

// Reset forgets the effects and keeps the memory.
func (o *Outbox) Reset() {
	clear(o.Sends)
	o.Sends, o.Events, o.WakeAt = o.Sends[:0], o.Events[:0], 0
}

// Class says how a message may be queued.
type Class uint8

const (
	// LatestWins: a newer message of the class to the same peer replaces one
	// not yet written. Only poses are.
	LatestWins Class = iota + 1
	// Reliable: in order. Loss is survived, at the cost of time.
	Reliable
	// Bulk: like Reliable, behind everything else. Digests are.
	Bulk
)

// Send carries one message. The sends of one Step to several receivers share
// the pointer, so that a driver can encode it once. It must not be changed.
type Send struct {
	To    base.Key
	Class Class
	Msg   wire.Message
}

// EventKind is only ever extended at the end.
type EventKind uint8

const (
	Entered    EventKind = iota + 1 // an avatar entered the area of interest
	Left                            // it left, or is lost
	Distrusted                      // Key named avatars that are not there; its notices are ignored for a minute
	Flooding                        // Key sends more than it may; the excess was dropped
)

var eventNames = [...]string{"", "entered", "left", "distrusted", "flooding"}

func (k EventKind) String() string {
	if int(k) < len(eventNames) {
		return eventNames[k]
	}
	return "unknown"
}

// Event tells observers what happened; ignoring all events is correct. Key is
// zero for an avatar that is known by its short id only.
type Event struct {
	Kind EventKind
	ID   wire.ShortID
	Key  base.Key
}
