package region

import (
	"github.com/metatopia/metatopia/internal/base"
)

// Seen is a thing with its pose, as of the last tick.
type Seen struct {
	Thing  *Thing // not to be changed; the same pointer while nothing but the pose changed
	Motion Motion // relative to the site
	To     base.ID
}

// Each calls f with every owned thing in the order of ids.
func (s *Sim) Each(f func(Seen) bool) {
	for _, t := range s.things {
		b := s.body(t)
		if !f(Seen{Thing: t, Motion: Motion{b.Pos, b.Rot, b.Vel, b.Spin}}) {
			return
		}
	}
}

// EachLeaving calls f with every thing that was released to region To and is
// not confirmed there: it is shown here, from its ghost, until then.
func (s *Sim) EachLeaving(f func(Seen) bool) {
	for _, l := range s.leaving {
		b, ok := s.shard.Body(l.Thing.ID)
		if !ok {
			continue
		}
		if !f(Seen{Thing: l.Thing, Motion: Motion{b.Pos, b.Rot, b.Vel, b.Spin}, To: l.To}) {
			return
		}
	}
}

// Player tells what the region knows of a player: the avatar (zero when it is
// not here) and the highest sequence number taken.
func (s *Sim) Player(k base.Key) (avatar base.ID, seq uint64) {
	if i, ok := s.findSession(k); ok {
		return s.sessions[i].Thing, s.sessions[i].Seq
	}
	if i, ok := s.findGone(k); ok {
		return base.ID{}, s.gone[i].Seq
	}
	return base.ID{}, 0
}

// Players are the keys of those whose avatars are here, in order.
func (s *Sim) Players() []base.Key {
	keys := make([]base.Key, len(s.sessions))
	for i := range s.sessions {
		keys[i] = s.sessions[i].Player
	}
	return keys
}

// Wanted are the modules that are neither loaded nor known to be broken.
func (s *Sim) Wanted() []string {
	return s.moduleNames(func(m *module) bool { return !m.Ready && m.Err == "" })
}

// Broken are the modules that could not be loaded: a driver that starts may
// try again and log what comes of it.
func (s *Sim) Broken() []string {
	return s.moduleNames(func(m *module) bool { return m.Err != "" })
}

// Loaded are the modules that a replay needs.
func (s *Sim) Loaded() []string { return s.moduleNames(func(m *module) bool { return m.Ready }) }

func (s *Sim) moduleNames(f func(*module) bool) []string {
	var names []string
	for i := range s.modules {
		if f(&s.modules[i]) {
			names = append(names, s.modules[i].Name)
		}
	}
	return names
}

// Neighbours is the list in force.
func (s *Sim) Neighbours() []Neighbour {
	list := make([]Neighbour, len(s.neighbours))
	for i := range s.neighbours {
		list[i] = s.neighbours[i].Neighbour
	}
	return list
}

// Things is the number of things owned.
func (s *Sim) Things() int { return len(s.things) }
