package raysim

import (
	"github.com/metatopia/metatopia/spatial"
)

// Nanosecond units of simulated time.
const (
	Millisecond int64 = 1_000_000
	Second            = 1000 * Millisecond
	// Cycle is what figures count time in.
	Cycle = Second
)

// Machine is one node of a protocol. It is stepped by one goroutine at a time
// and must not touch another node: everything goes through messages. The
// event and out are valid during the call only.
type Machine interface {
	Step(now int64, ev *Event, out *Out)
}

// EventKind says what an Event brings.
type EventKind uint8

const (
	EvStart      EventKind = iota + 1 // Keys: nodes to bootstrap from
	EvMessage                         // From, Msg
	EvWake                            // the time that WakeAt asked for
	EvPose                            // Pos, Vel: the node has moved
	EvLookup                          // Token, Pos: find the node closest to Pos, answer with Found
	EvRoute                           // Token, Pos: pass on to the node closest to Pos, which calls Delivered
	EvSendFailed                      // From: a node that could not be reached
	EvLeave                           // say farewell: the node is gone afterwards
)

// Event is one thing that happened to a node.
type Event struct {
	Kind  EventKind
	From  int32 // EvMessage: sender; EvSendFailed: the node not reached
	Token uint64
	Msg   any // EvMessage; shared with the sender and others, never changed
	Pos   spatial.Pos
	Vel   spatial.Vec
	Keys  []int32
}

// Message is what a protocol sends. Size is its length in bytes on the wire
// without framing; Kind indexes the protocol's Kinds, for counting.
type Message interface {
	Size() int
	Kind() uint8
}

// MaxKinds bounds the kinds of message a protocol counts.
const MaxKinds = 32

// Class says what becomes of a message on a bad link.
type Class uint8

const (
	// Reliable messages travel on a stream: loss delays them.
	Reliable Class = iota
	// Datagram messages may be lost when Link.Datagrams is set.
	Datagram
)

// Protocol makes machines.
type Protocol interface {
	Name() string
	// Kinds names the kinds of message, at most MaxKinds.
	Kinds() []string
	// New makes a node. Machines of one shard may share scratch memory.
	New(start Start) Machine
}

// Start is what a node begins with.
type Start struct {
	Node  int32
	Shard int // 0..shards-1; all nodes of a shard run on one goroutine
	Pos   spatial.Pos
	Box   spatial.Box
	Epoch uint32 // 1, and one more with each restart
	Seed  uint64 // differs from node to node and from run to run
	Site  bool   // a fixed point rather than a person
	// Remembers gives the nodes kept from an earlier run, nil for none. It is
	// for EvStart only.
	Remembers func(i int32) []Memory
}

// Memory is one node that another remembers.
type Memory struct {
	Node int32
	Pos  spatial.Pos
}

// Views are what a node knows of others, by number; a scenario reads them
// between runs. Nodes of which only the address is known do not count.
type Views struct {
	Near, Long, Random []int32
}

// Viewer is a Machine whose views can be measured.
type Viewer interface {
	// Views appends to the slices of v.
	Views(v *Views)
}

// Known is what a node believes of another that is near it.
type Known struct {
	Node  int32
	Pos   spatial.Pos // where it takes the other to be now
	AgeNs int64       // since the pose that this rests on was made
}

// Watcher is a Machine with an area of interest.
type Watcher interface {
	// Sees appends those that the node takes to be within radius metres.
	Sees(now int64, radius float64, dst []Known) []Known
	// Knows is what it knows of one node, wherever it takes it to be.
	Knows(now int64, node int32) (Known, bool)
}
