package succession

import (
	"fmt"
	"slices"
	"strings"

	"github.com/metatopia/metatopia/internal/base"
)

// Explain says in words who holds what and why, and what would change it. name
// gives what a key is called; nil for its first digits.
func (s *State) Explain(name func(base.Key) string) []string {
	if name == nil {
		name = base.Key.Short
	}
	lines := []string{fmt.Sprintf("Entry %d of the log; the region has run for %s.", s.index, span(s.time))}
	vacant, active := int64(s.settings.VacantDays)*Day, int64(s.settings.ActiveDays)*Day
	admins := s.Admins()
	next := int64(0)
	for _, k := range admins {
		p := s.player(k)
		away := s.time - p.Seen
		lines = append(lines, fmt.Sprintf("%s is a permanent admin since %s, and was last seen %s ago.", name(k), since(p.Rank-1), span(away)))
		next = max(next, vacant-away)
	}
	if len(admins) == 0 {
		lines = append(lines, "There is no permanent admin.")
	}
	heir := s.heir()
	switch temp := s.Temp(); {
	case !temp.IsZero():
		lines = append(lines, s.whyTemp(temp, admins, name), fmt.Sprintf("That ends when a permanent admin comes, when a player who joined before entry %d does, or in %s if %s is not seen again.",
			s.player(temp).Joined, span(active-(s.time-s.player(temp).Seen)), name(temp)))
	case s.Vacant():
		lines = append(lines, fmt.Sprintf("No player was seen within %d days: the next one who comes is the temporary admin.", s.settings.ActiveDays))
	case heir != nil:
		lines = append(lines, fmt.Sprintf("If no permanent admin is seen for another %s of the region's time, there will be a temporary one: today that would be %s, the longest standing of those seen within %d days.",
			span(next), name(heir.Key), s.settings.ActiveDays))
	default:
		lines = append(lines, fmt.Sprintf("If no permanent admin is seen for another %s of the region's time, the next player who comes will be a temporary one.", span(next)))
	}
	return lines
}

func (s *State) whyTemp(k base.Key, admins []base.Key, name func(base.Key) string) string {
	why := "there is no permanent one"
	if len(admins) > 0 {
		names := make([]string, len(admins))
		for i, a := range admins {
			names[i] = name(a)
		}
		why = fmt.Sprintf("none of %s was seen for %d days", strings.Join(names, ", "), s.settings.VacantDays)
	}
	standing := fmt.Sprintf("of those seen within %d days it is the one of the longest standing (entry %d)", s.settings.ActiveDays, s.player(k).Joined)
	if slices.Contains(s.settings.Successors, k) {
		standing = "it is named as a successor"
	}
	return fmt.Sprintf("%s is the temporary admin, because %s, and %s.", name(k), why, standing)
}

// span writes a time for people.
func span(ms int64) string {
	switch {
	case ms >= 2*Day:
		return fmt.Sprintf("%d days", ms/Day)
	case ms >= 2*3_600_000:
		return fmt.Sprintf("%d hours", ms/3_600_000)
	case ms >= 2*60_000:
		return fmt.Sprintf("%d minutes", ms/60_000)
	}
	return fmt.Sprintf("%d seconds", max(ms, 0)/1000)
}

// since writes where in the log something began.
func since(index uint64) string {
	if index == 0 {
		return "the region was founded"
	}
	return fmt.Sprintf("entry %d", index)
}
