package region

import (
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

// Messages of things to things of a neighbour travel in border messages, which may
// be lost, doubled and reordered: each neighbour's are numbered, said again until
// it has acknowledged them, and taken in the order of their numbers, once.

// letter is a message between things that is on its way to another region.
type letter struct {
	To, From base.ID
	Name     string // of From
	Tag      int64
	Text     string
	Hops     uint8 // borders that it has crossed
}

// relay is what this region and another one know of each other's messages.
type relay struct {
	ID   base.ID
	Next uint64   // number of the next letter to it
	Out  []letter // not acknowledged; the last has the number Next-1
	Got  uint64   // up to here its letters have been taken
	Sent uint16   // so many of Out have been said
	Owe  bool     // it waits for an acknowledgement
	Due  base.Tick
	Wait uint16    // ticks until Out is said again
	Mind base.Tick // since when it acknowledges nothing

	posted, taken int       // in this tick
	pairs         []letters // of those taken, by source and receiver
}

// letters counts those of one source to one receiver.
type letters struct {
	from, to base.ID
	n        int
}

// more counts a letter that is taken in this tick, and refuses one beyond what the
// receiver's inbox keeps of one source: it would be acknowledged and dropped.
func (x *relay) more(l *letter) bool {
	i := slices.IndexFunc(x.pairs, func(p letters) bool { return p.from == l.From && p.to == l.To })
	if i < 0 {
		x.pairs = append(x.pairs, letters{from: l.From, to: l.To})
		i = len(x.pairs) - 1
	}
	x.pairs[i].n++
	return x.pairs[i].n <= MaxFromOne
}

// arrival is what a neighbour said.
type arrival struct {
	from base.ID
	what *Relayed
}

// floor is the lowest number that is not acknowledged, or the next.
func (x *relay) floor() uint64 { return x.Next - uint64(len(x.Out)) }

func (s *Sim) findRelay(id base.ID) (int, bool) {
	return slices.BinarySearchFunc(s.relays, id, func(x relay, id base.ID) int { return x.ID.Compare(id) })
}

// relayOf is the relay with a region; nil when there are too many. Those with
// regions that are no neighbours any more go first.
func (s *Sim) relayOf(id base.ID) *relay {
	i, ok := s.findRelay(id)
	if ok {
		return &s.relays[i]
	}
	if len(s.relays) >= maxRelays {
		old := slices.IndexFunc(s.relays, func(x relay) bool { _, near := s.findNeighbour(x.ID); return !near })
		if old < 0 {
			return nil
		}
		s.relays = slices.Delete(s.relays, old, old+1)
		i, _ = s.findRelay(id)
	}
	s.relays = slices.Insert(s.relays, i, relay{ID: id, Next: 1})
	return &s.relays[i]
}

// whereIs is the neighbour that has a thing which is not here, as far as known.
func (s *Sim) whereIs(id base.ID) (to base.ID, ok bool) {
	if i, gone := s.findLeaving(id); gone {
		to = s.leaving[i].To
	} else if owner, ghost := s.shard.GhostOf(id); ghost {
		to = owner
	} else if to, gone = s.shard.Hand().Went(id); !gone {
		return to, false
	}
	_, ok = s.findNeighbour(to)
	return to, ok
}

// pass gives a letter to its receiver, or to the neighbour that has it.
func (s *Sim) pass(l letter) {
	if t := s.thing(l.To); t != nil {
		if t.Script() == "" {
			s.out.Counts.EventsDropped++
			return
		}
		s.later(event{To: l.To, From: l.From, Kind: evScript, Name: EventMessage, FromName: l.Name, Tag: l.Tag, Text: l.Text})
		return
	}
	to, ok := s.whereIs(l.To)
	if !ok || l.Hops >= maxHops {
		s.out.Counts.EventsDropped++
		return
	}
	x := s.relayOf(to)
	if x == nil || x.posted >= relayTick || len(x.Out) >= maxRelayed || x.of(l.From) >= maxRelayedOne || x.Next >= maxRelayNumber {
		s.out.Counts.RelaysLost++
		return
	}
	l.Hops++
	if len(x.Out) == 0 {
		x.Mind, x.Wait, x.Sent = s.tick, relayAgain, 0
	}
	x.Out = append(x.Out, l)
	x.Next++
	x.posted++
	s.relayStamp++
}

// of is how many letters of one source wait.
func (x *relay) of(from base.ID) (n int) {
	for i := range x.Out {
		if x.Out[i].From == from {
			n++
		}
	}
	return n
}

// redirect sends on what was meant for things that have gone over a border in
// this tick.
func (s *Sim) redirect() {
	s.todo = slices.DeleteFunc(s.todo, func(e event) bool {
		if e.Kind != evScript || e.Name != EventMessage || s.thing(e.To) != nil {
			return false
		}
		s.pass(letter{To: e.To, From: e.From, Name: e.FromName, Tag: e.Tag, Text: e.Text})
		return true
	})
}

// relayed takes a neighbour's letters and acknowledgement.
func (s *Sim) relayed(from base.ID, m *Relayed) {
	if m.To != s.cfg.ID {
		return
	}
	x := s.relayOf(from)
	if x == nil {
		return
	}
	s.relayStamp++
	switch n := uint64(len(x.Out)); {
	case m.Ack >= x.Next:
		// It has taken numbers that this region does not know to have used: it
		// forgot them, or lost the end of its log. Go on after them.
		x.Next, x.Sent, x.Due = m.Ack+1+n, 0, s.tick
	case m.Ack >= x.floor():
		done := m.Ack - x.floor() + 1
		x.Out = slices.Delete(x.Out, 0, int(done))
		x.Sent -= uint16(min(uint64(x.Sent), done))
		x.Mind, x.Wait, x.Due = s.tick, relayAgain, s.tick+relayAgain
	}
	x.Got = max(x.Got, m.Floor-1)
	x.Owe = x.Owe || len(m.Letters) > 0
	for i := range m.Letters {
		if m.First+uint64(i) != x.Got+1 {
			continue // taken before, or one in between is missing
		}
		l := m.Letters[i]
		if x.taken >= relayTick || !x.more(&l) {
			break // they come again
		}
		x.taken++
		x.Got++
		// Nobody speaks for what is here, or for another neighbour's.
		owner, ghost := s.shard.GhostOf(l.From)
		if s.thing(l.From) != nil || ghost && owner != from {
			s.out.Counts.BorderBad++
			continue
		}
		s.out.Counts.RelaysIn++
		s.pass(l)
		at, _ := s.findRelay(from) // pass may have made another
		x = &s.relays[at]
	}
}

// carry says what is due to the neighbours, and gives up what they do not take.
func (s *Sim) carry() {
	for i := range s.relays {
		x := &s.relays[i]
		x.posted, x.taken, x.pairs = 0, 0, x.pairs[:0]
		if len(x.Out) == 0 && !x.Owe {
			continue
		}
		s.relayStamp++
		_, near := s.findNeighbour(x.ID)
		if !near || s.tick >= x.Mind+relayLife {
			s.out.Counts.RelaysLost += uint64(len(x.Out))
			x.Out, x.Sent, x.Mind = nil, 0, s.tick
			if !near {
				x.Owe = false
				continue
			}
		}
		again := x.Sent > 0 && s.tick >= x.Due
		if again {
			x.Sent = 0
			x.Wait = min(2*x.Wait, relayMost)
		}
		if int(x.Sent) == len(x.Out) && !x.Owe {
			continue
		}
		m := Relayed{To: x.ID, Ack: x.Got, Floor: x.floor(), First: x.floor() + uint64(x.Sent)}
		size := 0
		for _, l := range x.Out[x.Sent:] {
			if size += letterBytes + len(l.Name) + len(l.Text); size > relayBytes || len(m.Letters) == maxLetters {
				break
			}
			m.Letters = append(m.Letters, l)
		}
		if len(m.Letters) > 0 {
			s.out.Counts.RelaysOut += uint64(len(m.Letters))
			if x.Sent == 0 {
				x.Due = s.tick + base.Tick(x.Wait)
			}
			x.Sent += uint16(len(m.Letters))
		}
		x.Owe = false
		s.publish(BorderMessage{Kind: BorderRelay, Relay: &m}, true)
	}
}
