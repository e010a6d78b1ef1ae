package succession

import (
	"cmp"
	"math"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

// Admins are the permanent ones, the longest appointed first.
func (s *State) Admins() []base.Key {
	var ranked []*player
	for i := range s.players {
		if s.players[i].admin() {
			ranked = append(ranked, &s.players[i])
		}
	}
	slices.SortFunc(ranked, func(a, b *player) int { return cmp.Compare(a.Rank, b.Rank) })
	keys := make([]base.Key, len(ranked))
	for i, p := range ranked {
		keys[i] = p.Key
	}
	return keys
}

// IsAdmin reports whether a key is a permanent admin.
func (s *State) IsAdmin(k base.Key) bool { return s.player(k).admin() }

// Vacant reports whether every permanent admin has been away for VacantDays, or
// there is none.
func (s *State) Vacant() bool {
	for i := range s.players {
		if p := &s.players[i]; p.admin() && s.time-p.Seen < int64(s.settings.VacantDays)*Day {
			return false
		}
	}
	return true
}

// candidate reports whether a player would be temporary admin if nobody else
// were.
func (s *State) candidate(p *player) bool {
	return p.Joined != 0 && !p.Banned && !p.Retired && !p.Out && p.Rank == 0 && p.Days >= s.settings.MinDays &&
		s.time-p.Seen < int64(s.settings.ActiveDays)*Day
}

// Temp is the temporary admin, or zero.
func (s *State) Temp() base.Key {
	if !s.Vacant() {
		return base.Key{}
	}
	if p := s.heir(); p != nil {
		return p.Key
	}
	return base.Key{}
}

// heir is who would be temporary admin if the place were vacant, or nil.
func (s *State) heir() *player {
	for _, k := range s.settings.Successors {
		if p := s.player(k); p != nil && s.candidate(p) {
			return p
		}
	}
	best := (*player)(nil)
	for i := range s.players {
		if p := &s.players[i]; s.candidate(p) && (best == nil || p.Joined < best.Joined) {
			best = p
		}
	}
	return best
}

// May reports whether a key has an admin's powers. Roles change at entries
// only, so it goes by what they were after the last one.
func (s *State) May(k base.Key) bool {
	return !k.IsZero() && (s.IsAdmin(k) || s.temp == k)
}

// MayBan reports whether a key may ban others now.
func (s *State) MayBan(k base.Key) bool {
	return s.May(k) && (!s.settings.TempMayNotBan || s.IsAdmin(k))
}

// Bans is how many keys may not come in.
func (s *State) Bans() (n int) {
	for i := range s.players {
		if s.players[i].Banned {
			n++
		}
	}
	return n
}

// Since is the index at which the roles became what they are: what was given to
// an admin counts while this is the same.
func (s *State) Since() uint64 { return s.changed }

// Banned reports whether a key may not come in.
func (s *State) Banned(k base.Key) bool {
	p := s.player(k)
	return p != nil && p.Banned
}

// rank is when somebody was appointed; the lower, the more senior.
func (s *State) rank(k base.Key) uint64 {
	if p := s.player(k); p.admin() {
		return p.Rank
	}
	return math.MaxUint64
}
