package shard

import (
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/region/handoff"
)

// Cargo is one body of a hand-off with what travels with it.
type Cargo struct {
	ID      base.ID
	Body    physics.Body // relative to the sender's site
	Payload []byte
}

// Freight is the state of a hand-off.Release of bodies as they were at the end
// of a tick of the sender. With HandoffMessage it is for whoever speaks to a
// region without a shard of its own: tests of what a neighbour may send.
func Freight(tick base.Tick, list ...Cargo) []byte {
	f := freight{Tick: tick}
	for _, c := range list {
		f.Parcels = append(f.Parcels, parcel{ID: c.ID, Body: c.Body, Payload: c.Payload})
	}
	return f.encode()
}

// HandoffMessage carries a message of the hand-off core to a region.
func HandoffMessage(to base.ID, m handoff.Msg) []byte {
	p := post{To: to, Kind: kindHandoff, Hand: m}
	return p.encode()
}

// ReadFreight gives what Freight was made of.
func ReadFreight(b []byte) (tick base.Tick, list []Cargo, err error) {
	f, err := parseFreight(b)
	if err != nil {
		return 0, nil, err
	}
	for _, p := range f.Parcels {
		list = append(list, Cargo{p.ID, p.Body, p.Payload})
	}
	return f.Tick, list, nil
}

// ReadHandoff is the message of the hand-off core in a border message, if it
// is one.
func ReadHandoff(data []byte) (m handoff.Msg, ok bool) {
	p, err := parsePost(data)
	if err != nil || p.Kind != kindHandoff {
		return m, false
	}
	return p.Hand, true
}
