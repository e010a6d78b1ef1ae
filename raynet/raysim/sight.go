package raysim

import (
	"github.com/metatopia/metatopia/presence"
	pwire "github.com/metatopia/metatopia/presence/wire"
	"github.com/metatopia/metatopia/raynet/wire"
)

// Interested is a Protocol with an interest layer that can be put on nodes
// while they live and taken off again.
type Interested interface {
	Watch(m Machine, start Start)
	Unwatch(m Machine)
}

// sight is the interest layer of one node: package presence, fed by the
// overlay's near view.
type sight struct {
	n       *presence.Node
	wakeAt  int64
	feedAt  int64
	changes uint64 // of the near view, when it was told last
}

// feedEvery is how often the interest layer is told the near view, feedGap the
// least time between two tellings when it changes.
const (
	feedEvery = Second
	feedGap   = Second / 5
)

// sightKind is the number of the interest layer's first kind of message.
const sightKind = uint8(wire.Types - 1)

// Watch implements Interested.
func (p *Raynet) Watch(m Machine, start Start) {
	n, err := presence.New(p.sight, keyOf(start.Node), presence.Start{
		Pos: start.Pos, AOI: AOI, Epoch: start.Epoch, Seed: start.Seed,
	}, p.shards[start.Shard])
	if err != nil {
		panic("raysim: invariant: the interest layer refuses its configuration: " + err.Error())
	}
	m.(*member).sight = &sight{n: n, wakeAt: none}
}

// Unwatch implements Interested.
func (p *Raynet) Unwatch(m Machine) { m.(*member).sight = nil }

// look gives the interest layer what the event means to it.
func (m *member) look(now int64, ev *Event, out *Out) {
	s := m.sight
	var in presence.Input
	switch ev.Kind {
	case EvMessage:
		if msg, ok := ev.Msg.(pwire.Message); ok {
			in = presence.Message{From: keyOf(ev.From), Msg: msg}
		}
	case EvPose:
		in = presence.SetPose{Pos: ev.Pos, Vel: ev.Vel, AOI: AOI}
	case EvSendFailed:
		in = presence.PeerGone{Key: keyOf(ev.From)}
	case EvLeave:
		in = presence.Leave{}
	case EvWake:
		if now >= s.wakeAt {
			s.wakeAt = none
			in = presence.Tick{}
		}
	}
	if changes := m.n.Counters().NearChanges; now >= s.feedAt || (changes != s.changes && now >= s.feedAt-feedEvery+feedGap) {
		s.feedAt, s.changes = now+feedEvery, changes
		m.see(now, presence.Neighbours{List: m.feed()}, out)
	}
	if in != nil {
		m.see(now, in, out)
	}
}

func (m *member) feed() []presence.Neighbour {
	s := m.shard
	s.feed = s.feed[:0]
	for _, k := range m.n.Near() {
		s.feed = append(s.feed, presence.Neighbour{Key: k.Key, Pos: k.Pos, Vel: k.Vel, AOI: k.AOI, AgeNs: k.BehindNs()})
	}
	return s.feed
}

func (m *member) see(now int64, in presence.Input, out *Out) {
	o := &m.shard.seen
	o.Reset()
	m.sight.n.Step(now, in, o)
	if o.WakeAt != 0 {
		m.sight.wakeAt = o.WakeAt
	}
	for i := range o.Sends {
		e := &o.Sends[i]
		to, ok := numberOf(e.To)
		if !ok {
			continue
		}
		class := Reliable
		if e.Class == presence.LatestWins {
			class = Datagram
		}
		out.SendRaw(to, class, sightKind+uint8(e.Msg.Type()), pwire.Size(e.Msg), 0, e.Msg)
	}
}

// Scratch implements presence.Env.
func (s *nodeShard) Scratch() *presence.Scratch { return &s.scratch }

// Sees implements Watcher: what the interest layer knows, else what the
// overlay does.
func (m *member) Sees(_ int64, radius float64, dst []Known) []Known {
	if m.sight != nil {
		for _, a := range m.sight.n.Seen(nil) {
			if i, ok := numberOfID(uint64(a.ID)); ok {
				dst = append(dst, Known{i, a.Pos, a.AgeNs})
			}
		}
		return dst
	}
	at := m.n.Self().Pos
	r := uint64(radius * radius * 1024 * 1024)
	for _, k := range m.n.Known() {
		if i, ok := numberOf(k.Key); ok && k.Pos.Dist2(at) <= r {
			dst = append(dst, Known{i, k.Pos, k.AgeNs})
		}
	}
	return dst
}

// Knows implements Watcher.
func (m *member) Knows(_ int64, node int32) (Known, bool) {
	if m.sight != nil {
		a, ok := m.sight.n.Lookup(keyOf(node))
		return Known{node, a.Pos, a.AgeNs}, ok
	}
	k, ok := m.n.Peer(keyOf(node))
	return Known{node, k.Pos, k.AgeNs}, ok
}
