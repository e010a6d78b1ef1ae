package far

import "bytes"

// Number names a capability between two nodes: drawn at random by the node whose
// process it is, for this peer and this epoch.
type Number [16]byte

func (n Number) compare(o Number) int { return bytes.Compare(n[:], o[:]) }

// Ref names something of this node's for its own use; it is never sent.
type Ref uint64

// Rights as in scripting/process.
type Rights uint8

const (
	CanSend Rights = 1 << iota
	CanMonitor
	CanLink
	CanKill
	allRights = CanSend | CanMonitor | CanLink | CanKill
)

// Watch says why one wants to know of an end.
type Watch uint8

const (
	NotWatched Watch = iota
	Monitored        // to be told
	Linked           // and the other is told of the end of who watches
)

// Reason of an end; the numbers of End are those of scripting/process.
type Reason struct {
	End  uint8
	Code int32
	Text string // at most MaxText bytes
}

// lastEnd is the largest End: unreachable.
const lastEnd = 6

// gone is the End of one that had ended before.
const gone = 5

// Session names one side for a while. The higher number is the later one.
type Session struct{ Number, Nonce uint64 }

// Cap is a capability in a message. Going out it is either one of this node's
// (Ref) or one that the peer gave (Number); coming in likewise.
type Cap struct {
	Own    bool   // of the node that the Peer stands on
	Ref    Ref    // when Own; one Ref always has the same Rights and Hops
	Number Number // when not
	Rights Rights
	Hops   uint8 // nodes that pass its messages on, besides its own
}

// Message for a process.
type Message struct {
	Tag  int64
	Data []byte
	Caps []Cap
	// Held is the node's own form of a message that waits for room: while it is
	// there the node answers for the capabilities in it. Not sent.
	Held any
}

func (m *Message) size() int { return len(m.Data) + 64 + 24*len(m.Caps) }

// Spawn asks for a process on the other node.
type Spawn struct {
	CID   string // of the module
	Arg   []byte
	Name  string
	Flags uint8
	// Parent is a capability to who asks; nil for a person.
	Parent *Cap
}

// Flags of a Spawn. A watched child has its end told; a linked one ends with its
// parent, and when that cannot be reached.
const (
	SpawnLink = 1 << iota
	SpawnMonitor
	SpawnHandler
	SpawnLow
	SpawnTrap
	spawnFlags = 1<<iota - 1
)

// watch is what the peer that asked wants to know of the child's end.
func (s *Spawn) watch() Watch {
	switch {
	case s.Flags&SpawnLink != 0:
		return Linked
	case s.Flags&SpawnMonitor != 0:
		return Monitored
	}
	return NotWatched
}

// Codes of an answer to Spawn.
const (
	Started     = 0
	NotAgreed   = 1 // its owner has not agreed to run anything for this node
	NoModule    = 2 // it cannot get the module
	NotUsable   = 3 // the module is no process, or was refused
	Full        = 4 // a bound is reached
	TooLarge    = 5 //
	Unavailable = 6 // not now
	lastCode    = Unavailable
)

// Spawned answers a Spawn.
type Spawned struct {
	Code uint8
	Text string // for people, when it was not started
	Cap  Cap    // when it was
}

// Codes of opRefused.
const (
	codeLost    = 1 // messages found no room
	codeRevoked = 2 // the capability was taken back
)
