package succession

import (
	"cmp"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

// Report is what Explain says, for programs. Times are of the region, in ms.
type Report struct {
	Index, Since uint64
	Time, Wall   int64
	Settings     Settings
	Servers      []base.Key
	Admins       []Standing // the longest appointed first
	Temp         base.Key
	Vacant       bool
	// Left is how long it is until the place is vacant if no permanent admin
	// comes; 0 when it is.
	Left int64
	// Heirs are who would be temporary admin, in order: at most MaxHeirs.
	Heirs   []Standing
	Players int
	Bans    []base.Key // at most MaxHeirs
}

// MaxHeirs bounds the lists of a Report.
const MaxHeirs = 16

// Standing is what a region knows of one player.
type Standing struct {
	Player base.Key
	Joined uint64 // index; 0: never as a player
	Since  uint64 // index of the appointment; 0: the founder, or no admin
	Away   int64  // since it was last seen
	Days   uint32 // on which it was seen
}

// Report says how things stand.
func (s *State) Report() Report {
	r := Report{Index: s.index, Since: s.changed, Time: s.time, Wall: s.wall, Settings: s.Settings(), Servers: slices.Clone(s.servers),
		Temp: s.temp, Vacant: s.Vacant(), Players: len(s.players)}
	for _, k := range s.Admins() {
		p := s.player(k)
		x := s.standing(p)
		x.Since = p.Rank - 1
		r.Admins = append(r.Admins, x)
		r.Left = max(r.Left, int64(s.settings.VacantDays)*Day-x.Away)
	}
	if r.Vacant {
		r.Left = 0
	}
	var heirs []*player
	for i := range s.players {
		p := &s.players[i]
		if s.candidate(p) {
			heirs = append(heirs, p)
		}
		if p.Banned && len(r.Bans) < MaxHeirs {
			r.Bans = append(r.Bans, p.Key)
		}
	}
	place := func(p *player) int {
		if i := slices.Index(s.settings.Successors, p.Key); i >= 0 {
			return i
		}
		return len(s.settings.Successors)
	}
	slices.SortFunc(heirs, func(a, b *player) int {
		return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a.Joined, b.Joined))
	})
	for _, p := range heirs[:min(len(heirs), MaxHeirs)] {
		r.Heirs = append(r.Heirs, s.standing(p))
	}
	return r
}

func (s *State) standing(p *player) Standing {
	return Standing{Player: p.Key, Joined: p.Joined, Away: s.time - p.Seen, Days: p.Days}
}

// PresenceDue reports whether a server's word that a player is here would count
// now: a day after the last one.
func (s *State) PresenceDue(k base.Key) bool {
	p := s.player(k)
	return p != nil && !p.Banned && !p.Retired && (p.Joined != 0 || p.Rank != 0) && (p.Told == 0 || s.time-(p.Told-1) >= Day)
}

// LoginDue reports whether a login would tell anything new: its player is not
// known, or was last seen so long ago, in ms of the region.
func (s *State) LoginDue(k base.Key, ago int64) bool {
	p := s.player(k)
	return p == nil || p.Joined == 0 || s.time-p.Seen >= ago
}

// Known reports whether a key has been here as a player, or is an admin: entries
// of others than these count nothing, but for a first login.
func (s *State) Known(k base.Key) bool { return s.player(k) != nil }
