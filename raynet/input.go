package raynet

import (
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

// Input is one thing that happened, given to Step.
type Input interface{ isInput() }

// Recv is one message. From is the key the transport authenticated. Bytes are
// read during Step and not kept.
type Recv struct {
	From  base.Key
	Bytes []byte
}

// Message is the same, parsed already: nodes of one process, as in a simulator,
// share messages. Whoever gives one never changes it afterwards, and neither
// does the core.
type Message struct {
	From base.Key
	Msg  wire.Message
}

// Tick says only that time has passed; give it at the time WakeAt asked for.
type Tick struct{}

// PeerUp says that a peer which speaks this protocol can be sent to.
// Group stands for the part of the network that the connection comes from, as
// a /24 of IPv4 or a /48 of IPv6; zero is unknown or private and never counts
// against anybody.
type PeerUp struct {
	Key   base.Key
	Group uint32
}

// PeerDown says that the last connection to a peer has ended.
type PeerDown struct{ Key base.Key }

// SendFailed says that a Send could not be delivered, dialling included.
type SendFailed struct{ To base.Key }

// SetPose gives the node's position and velocity. A position outside the
// world box is clamped to it. A velocity that is not repeated within a second
// counts as zero from then on. AOI is the radius of interest in metres.
type SetPose struct {
	Pos  spatial.Pos
	Vel  spatial.Vec
	AOI  uint16
	Load uint16
}

// SetAddr gives the node's address record, opaque to the core: at most
// wire.MaxAddr bytes, a longer one is ignored and counted. Peers hand it on
// beside the node's record and get it back in Dial.
type SetAddr struct{ Addr []byte }

// Bootstrap gives peers to start from: entries kept from an earlier run, and
// keys of which nothing else is known.
type Bootstrap struct {
	Entries []wire.Entry
	Keys    []base.Key
}

// Find asks for the nodes closest to Target; the answer is Found with Token.
type Find struct {
	Target spatial.Pos
	Token  uint64
}

// Route sends a payload to the node whose cell holds Target; it comes out
// there as Deliver. Nothing comes back: RouteLost with Token is emitted only
// when this node itself could not pass it on.
type Route struct {
	Target  spatial.Pos
	Payload []byte
	Token   uint64
	// Sure looks the node up over disjoint paths first and hands it the
	// payload directly: slower and dearer, but no hop can drop it.
	Sure bool
}

// Leave says farewell to the neighbours. The node answers nothing afterwards.
type Leave struct{}

func (Recv) isInput()       {}
func (Message) isInput()    {}
func (Tick) isInput()       {}
func (PeerUp) isInput()     {}
func (PeerDown) isInput()   {}
func (SendFailed) isInput() {}
func (SetPose) isInput()    {}
func (SetAddr) isInput()    {}
func (Bootstrap) isInput()  {}
func (Find) isInput()       {}
func (Route) isInput()      {}
func (Leave) isInput()      {}
