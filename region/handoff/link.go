package handoff

import (
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

type phase uint8

const (
	offered  phase = 1 // waiting for Prepared
	ready    phase = 2 // DoRelease was given
	released phase = 3 // committed; repeating Release until Accepted
)

// transfer is a group on its way out.
type transfer struct {
	N        uint64
	Items    []Ref
	Of       uint64 // life of the receiver when it was released
	Phase    phase
	Size     uint32
	Needs    []uint64
	State    []byte
	Deadline base.Tick // of the offer
	Again    base.Tick // next repetition
	Tries    uint8
}

// reservation is a group that may come.
type reservation struct {
	N     uint64
	Items []Ref
	Needs []uint64
	Lacks bool // some of Needs is not here: not answered yet
	Until base.Tick
	Again base.Tick // next Ask
	Tries uint8
}

// link is what is remembered about one other region.
type link struct {
	Life uint64 // highest seen of it; 1 before a word of it
	Next uint64 // number of the next transfer to it
	Out  []transfer

	// Of its transfers to us, in its present life.
	Floor    uint64
	Prepared []reservation // sorted by number
	Accepted []uint64      // numbers at or above Floor, sorted
	Coming   *assembly     // a release of which parts are missing

	Claims uint64 // number of the last claim to it
	Doubt  *doubt // what is asked of it after a raise
}

func (c *Core) link(peer base.ID) (*link, error) {
	if l, ok := c.links[peer]; ok {
		return l, nil
	}
	if len(c.links) >= MaxLinks {
		return nil, fmt.Errorf("handoff: link %v: %w: %d links", peer, ErrBusy, len(c.links))
	}
	l := &link{Life: 1, Next: 1, Floor: 1}
	c.links[peer] = l
	return l, nil
}

// send puts the lives of both sides on a message.
func (c *Core) send(to base.ID, l *link, m Msg) {
	m.Life, m.Of = c.life, l.Life
	c.emit(Effect{Kind: DoSend, Peer: to, Msg: m})
}

// floor is the lowest number not settled.
func (l *link) floor() uint64 {
	if len(l.Out) > 0 {
		return l.Out[0].N // in the order of their numbers
	}
	return l.Next
}

func (l *link) number(n uint64) int {
	return slices.IndexFunc(l.Out, func(t transfer) bool { return t.N == n })
}

// answered finds the transfer that an answer is about; -1: none of these
// objects at these epochs under this number.
func (l *link) answered(m *Msg) int {
	if i := l.number(m.N); i >= 0 && slices.Equal(l.Out[i].Items, m.Items) {
		return i
	}
	return -1
}

func (l *link) reservation(n uint64) int {
	return slices.IndexFunc(l.Prepared, func(r reservation) bool { return r.N == n })
}

// limbo is the bytes of state kept for releases not accepted.
func (l *link) limbo() int {
	n := 0
	for i := range l.Out {
		n += len(l.Out[i].State)
	}
	return n
}

// peers in the order of their ids: nothing may depend on a map's order.
func (c *Core) peers() []base.ID {
	ids := make([]base.ID, 0, len(c.links))
	//lint:sorted below
	for id := range c.links {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, base.ID.Compare)
	return ids
}
