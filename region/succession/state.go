package succession

import (
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
)

// State is what the log up to an entry comes to. One goroutine at a time may use
// it.
type State struct {
	genesis  Genesis
	epoch    uint64 // in which entries count: the genesis's, or a later one
	verify   Verify
	settings Settings
	servers  []base.Key
	players  []player // by key

	index    uint64
	heads    []past // the last ones, the newest at the end
	wall     int64
	time     int64 // of the region, ms
	lastBeat Sum
	changed  uint64   // index at which the roles became what they are
	temp     base.Key // as they are
	moved    int64    // region time at which a temporary admin changed the servers, plus 1
}

// past is a head, and the region's time then.
type past struct {
	Sum  Sum
	Time int64
}

// New is the state of an empty log.
func New(g Genesis, v Verify) (*State, error) {
	if err := g.check(); err != nil {
		return nil, fmt.Errorf("succession: %w", err)
	}
	if v == nil {
		return nil, fmt.Errorf("succession: no Verify: %w", ErrValue)
	}
	g.Settings = g.Settings.clone()
	s := &State{genesis: g, epoch: g.Epoch, verify: v, settings: g.Settings.clone(), servers: g.Servers, wall: g.Wall}
	sum := g.sum()
	s.heads, s.lastBeat = []past{{sum, 0}}, sum
	s.known(g.Founder).Rank = 1
	return s, nil
}

// Head is the last entry's.
func (s *State) Head() Head { return Head{s.index, s.heads[len(s.heads)-1].Sum} }

// Time is the region's own, in ms since its genesis: what passed while it ran.
func (s *State) Time() int64 { return s.time }

// Wall is what the servers last agreed that the time is, in ms since 1970.
func (s *State) Wall() int64 { return s.wall }

// LastBeat is what the next samples name.
func (s *State) LastBeat() Sum { return s.lastBeat }

// Genesis is what it began with.
func (s *State) Genesis() Genesis { return s.genesis }

// Settings are those in force.
func (s *State) Settings() Settings { return s.settings.clone() }

// Servers are those in force, sorted. The caller must not change them.
func (s *State) Servers() []base.Key { return s.servers }

// Counter is the number of a key's last entry.
func (s *State) Counter(k base.Key) uint64 {
	if p := s.player(k); p != nil {
		return p.Counter
	}
	return 0
}

// at gives the region's time at a head that somebody has seen; ErrHead.
func (s *State) at(h Head) (int64, error) {
	if h.Index > s.index || s.index-h.Index >= uint64(len(s.heads)) {
		return 0, ErrHead
	}
	p := s.heads[uint64(len(s.heads))-1-(s.index-h.Index)]
	if p.Sum != h.Sum {
		return 0, ErrHead
	}
	return p.Time, nil
}

// push goes on to the next index.
func (s *State) push(entry []byte) {
	s.index++
	sum := s.heads[len(s.heads)-1].Sum.next(entry)
	if len(s.heads) == MaxHeads {
		s.heads = append(s.heads[:0], s.heads[1:]...)
	}
	s.heads = append(s.heads, past{sum, s.time})
}
