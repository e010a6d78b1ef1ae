package raynet

import (
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

// Outbox collects the effects of Step in the order to perform them. The
// driver empties it; Step only appends.
type Outbox struct {
	Effects []Effect
	sends   []Send // those of Effects, in one run of memory
}

// Reset forgets the effects and keeps the memory: what they point to is theirs
// no more.
func (o *Outbox) Reset() {
	clear(o.Effects)
	clear(o.sends)
	o.Effects, o.sends = o.Effects[:0], o.sends[:0]
}

func (o *Outbox) send(s Send) {
	o.sends = append(o.sends, s)
	o.add(&o.sends[len(o.sends)-1])
}

func (o *Outbox) add(e Effect) { o.Effects = append(o.Effects, e) }

// Effect is one thing the driver must do.
type Effect interface{ isEffect() }

// Class says how a message may be queued.
type Class uint8

const (
	// LatestWins: a newer message of the class to the same peer replaces one
	// not yet written.
	LatestWins Class = iota + 1
	// Reliable: in order; a failure is reported by SendFailed.
	Reliable
	// Bulk: like Reliable, behind everything else.
	Bulk
)

// Send carries one message, which the driver encodes with wire.Append and must
// not change. It is given as *Send, which is valid until the Outbox is reset.
type Send struct {
	To    base.Key
	Class Class
	Msg   wire.Message
}

// Dial comes before a Send to a peer that is not up. Addr is the peer's own
// address record when one is known, already checked against its signed
// digest. The driver holds the Send until the dial is decided and gives
// SendFailed when it fails.
type Dial struct {
	Key  base.Key
	Addr []byte
}

// Protect asks to keep the connection to Key: it is a near or a long link.
// Unprotect ends that.
type (
	Protect   struct{ Key base.Key }
	Unprotect struct{ Key base.Key }
)

// Deliver is a payload routed to this node. From is proven by signature.
type Deliver struct {
	Target  spatial.Pos
	Payload []byte
	From    base.Key
}

// RouteLost says that a Route of this node found nobody to take it.
type RouteLost struct{ Token uint64 }

// Found answers Find. Closest are the nodes that answered, closest first; this
// node may be one of them. OK is false when the lookup ran out of candidates,
// queries or time before the closest few had answered.
type Found struct {
	Token   uint64
	Target  spatial.Pos
	Closest []NeighbourInfo
	OK      bool
}

// WakeAt asks for a Tick at T, in the driver's clock. A later WakeAt replaces
// an earlier one.
type WakeAt struct{ T int64 }

// Event tells observers what happened; ignoring all events is correct.
type Event struct {
	Kind EventKind
	Key  base.Key
}

// EventKind is only ever extended at the end.
type EventKind uint8

const (
	NearJoined EventKind = iota + 1 // Key entered the near view
	NearLeft                        // Key left it
	PeerDied                        // Key was found dead
	PeerLeft                        // Key said farewell
	Joined                          // the first closure is complete
	Refused                         // Key sent a record or message with no effect
	Convicted                       // Key signed what no honest node signs; see Proofs
	Eclipse                         // someone keeps neighbours away: Key is one of them, or this node's for a crowd of strangers around it
)

var eventNames = [...]string{"", "near-joined", "near-left", "died", "left", "joined", "refused", "convicted", "eclipse"}

func (k EventKind) String() string {
	if int(k) < len(eventNames) {
		return eventNames[k]
	}
	return "unknown"
}

func (*Send) isEffect()     {}
func (Dial) isEffect()      {}
func (Protect) isEffect()   {}
func (Unprotect) isEffect() {}
func (Deliver) isEffect()   {}
func (RouteLost) isEffect() {}
func (Found) isEffect()     {}
func (WakeAt) isEffect()    {}
func (Event) isEffect()     {}

// NeighbourInfo is what a driver may show or use of another node.
type NeighbourInfo struct {
	Key   base.Key
	Pos   spatial.Pos // extrapolated to the time of the last Step
	Vel   spatial.Vec // metres per second
	Kind  wire.Kind
	AOI   uint16 // metres
	AgeNs int64  // since its pose was made, as far as known
	Rays  int    // rays it won in the last selection; 0 for a spare
	Live  bool   // has been heard directly and is not suspect
}

// BehindNs is how long ago Pos was where the node is by its last pose: what is
// left of AgeNs when Pos has been extrapolated as far as it may be. Who thinks
// Pos on does so from then.
func (i *NeighbourInfo) BehindNs() int64 { return max(i.AgeNs-drift, 0) }
