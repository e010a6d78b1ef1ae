package succession

import (
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

// Settings of the rule, changed only by an admin.
type Settings struct {
	VacantDays uint32 // without any permanent admin, before there is a temporary one
	ActiveDays uint32 // within which a player must have been seen to be it

	// What follows is off by default.

	CountDowntime bool       // days pass also while the region is down
	TempMayNotBan bool       // a temporary admin bans nobody
	MinDays       uint32     // different days on which a player must have been seen
	Successors    []base.Key // come before all others, in this order, when they are active
}

// DefaultSettings are those of a region whose owner says nothing.
var DefaultSettings = Settings{VacantDays: 30, ActiveDays: 7}

// Check finds what no region takes; the error wraps ErrValue.
func (s *Settings) Check() error { return s.check() }

func (s *Settings) check() error {
	if s.VacantDays < 1 || s.ActiveDays < 1 || s.VacantDays > MaxDays || s.ActiveDays > MaxDays || s.MinDays > MaxDays || len(s.Successors) > MaxSuccessors {
		return fmt.Errorf("settings: %w", ErrValue)
	}
	for i, k := range s.Successors {
		if k.IsZero() || slices.Contains(s.Successors[:i], k) {
			return fmt.Errorf("settings: successors: %w", ErrValue)
		}
	}
	return nil
}

func (s Settings) clone() Settings {
	s.Successors = slices.Clone(s.Successors)
	return s
}

// Layout: vacant u32, active u32, downtime bool, temporary may not ban bool, min
// u32, successors (count u32, 32 each).
func (s *Settings) appendTo(e *base.Encoder) {
	e.U32(s.VacantDays)
	e.U32(s.ActiveDays)
	e.Bool(s.CountDowntime)
	e.Bool(s.TempMayNotBan)
	e.U32(s.MinDays)
	appendKeys(e, s.Successors)
}

func readSettings(d *base.Decoder) Settings {
	s := Settings{VacantDays: d.U32(), ActiveDays: d.U32(), CountDowntime: d.Bool(), TempMayNotBan: d.Bool(), MinDays: d.U32()}
	s.Successors = readKeys(d, MaxSuccessors)
	return s
}

func appendKeys(e *base.Encoder, keys []base.Key) {
	e.U32(uint32(len(keys)))
	for _, k := range keys {
		e.Key(k)
	}
}

func readKeys(d *base.Decoder, most int) (keys []base.Key) {
	for range d.Count(most, 32) {
		keys = append(keys, d.Key())
	}
	return keys
}
