package succession

import (
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

// player is what is remembered about one key.
type player struct {
	Key     base.Key
	Counter uint64 // of its last entry
	Joined  uint64 // index of the first login as a player; 0: none yet
	Seen    int64  // region time
	Days    uint32 // different days on which it was seen
	LastDay int64  // of these
	Rank    uint64 // index of the appointment, and 1 for the founder; 0: no admin
	Told    int64  // region time of the last presence that a server told of, plus 1
	Banned  bool
	Out     bool
	Retired bool // another key is this player now
}

func (s *State) find(k base.Key) (int, bool) {
	return slices.BinarySearchFunc(s.players, k, func(p player, k base.Key) int { return p.Key.Compare(k) })
}

// player gives what is remembered, or nil. It is valid until a player is added.
func (s *State) player(k base.Key) *player {
	if i, ok := s.find(k); ok {
		return &s.players[i]
	}
	return nil
}

// known is player, and adds one that is missing; nil when there is no room.
func (s *State) known(k base.Key) *player {
	i, ok := s.find(k)
	if !ok {
		if len(s.players) >= MaxPlayers {
			return nil
		}
		s.players = slices.Insert(s.players, i, player{Key: k, LastDay: -1})
	}
	return &s.players[i]
}

// see counts that a player was there at a time of the region.
func (p *player) see(at int64) {
	p.Seen = max(p.Seen, at)
	if day := at / Day; day > p.LastDay {
		p.LastDay = day
		p.Days++
	}
}

// admin reports whether the player is a permanent one.
func (p *player) admin() bool { return p != nil && p.Rank != 0 && !p.Banned && !p.Retired }
