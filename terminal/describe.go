package terminal

import (
	"fmt"
	"math"
	"strings"

	"github.com/metatopia/metatopia/node/control"
)

// look describes what is in sight.
func (m *model) look() []line {
	me, ok := m.entities[m.me]
	if !ok {
		return []line{{yellow, "You are nowhere yet."}}
	}
	out := []line{{bold, fmt.Sprintf("You stand in %s, at %s.", m.regionName(m.in), coordinates(me.Pos))}}
	for _, r := range m.regions {
		if r.ID == m.in && distance(me.Pos, r.Site) > 2 {
			out = append(out, line{plain, fmt.Sprintf("Its middle is %s.", away(me.Pos, r.Site))})
		}
	}
	for _, r := range sortedRegions(m.regions) {
		if r.ID != m.in {
			out = append(out, line{plain, fmt.Sprintf("%s lies %s.", name(r.Name), away(me.Pos, r.Site))})
		}
	}
	inSight := func(kind bool) func(control.Entity) bool {
		return func(e control.Entity) bool {
			return e.ID != m.me && (e.Kind == kindAvatar) == kind && distance(me.Pos, e.Pos) <= sight
		}
	}
	if people := m.sorted(inSight(true)); len(people) > 0 {
		out = append(out, line{plain, "People: " + m.list(me, people, 12) + "."})
	} else {
		out = append(out, line{plain, "Nobody is in sight."})
	}
	if things := m.sorted(inSight(false)); len(things) > 0 {
		out = append(out, line{plain, "Things: " + m.list(me, things, 16) + "."})
	}
	return out
}

// list names entities, nearest first; things of the same name are counted and
// the nearest one's place is given.
func (m *model) list(me control.Entity, all []control.Entity, most int) string {
	count := map[string]int{}
	for _, e := range all {
		count[label(e)]++
	}
	var parts []string
	said, left := map[string]bool{}, 0
	for _, e := range all {
		l := label(e)
		switch {
		case said[l]:
			continue
		case len(parts) == most:
			left++
			continue
		}
		said[l] = e.Kind != kindAvatar // two people may have one name
		if n := count[l]; n > 1 && said[l] {
			l = fmt.Sprintf("%s (%d)", l, n)
		}
		parts = append(parts, fmt.Sprintf("%s %.0f m %s", l, distance(me.Pos, e.Pos), shortDirection(me.Pos, e.Pos)))
	}
	if left > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", left))
	}
	return strings.Join(parts, ", ")
}

// label is the name of an entity as others find it; a thing without a name is
// called what it is.
func label(e control.Entity) string {
	if strings.TrimSpace(e.Name) == "" && e.Kind != kindAvatar {
		return name(e.Kind)
	}
	return name(e.Name)
}

// who lists every person this node sees.
func (m *model) who() []line {
	me := m.entities[m.me]
	people := m.sorted(func(e control.Entity) bool { return e.Kind == kindAvatar })
	if len(people) == 0 {
		return []line{{plain, "Nobody."}}
	}
	out := []line{{bold, fmt.Sprintf("%d people in view:", len(people))}}
	for _, e := range people {
		if e.ID == m.me {
			out = append(out, line{plain, fmt.Sprintf("  %s (you) in %s", name(e.Name), m.regionName(e.Region))})
			continue
		}
		out = append(out, line{plain, fmt.Sprintf("  %s in %s, %s", name(e.Name), m.regionName(e.Region), away(me.Pos, e.Pos))})
	}
	return out
}

func inspected(r *control.InspectResponse) []line {
	e := r.Entity
	out := []line{{bold, fmt.Sprintf("%s: %s at %s", label(e), clean(e.Kind), coordinates(e.Pos))}}
	for _, s := range r.Slots {
		out = append(out, line{plain, fmt.Sprintf("  %s (%s) = %s", clean(s.Name), clean(s.Type), cut(clean(s.Value), 200))})
	}
	if e.Script == "" {
		return append(out, line{dim, "  no script"})
	}
	about := fmt.Sprintf("  script in %s by %s, licence %s, ran %d times", known(r.Language), known(r.Author), known(r.License), r.Runs)
	out = append(out, line{plain, about}, line{dim, "  module " + clean(e.Script)})
	if r.LastError != "" {
		out = append(out, line{red, "  last error: " + clean(r.LastError)})
	}
	src := strings.Split(strings.TrimRight(r.Source, "\n"), "\n")
	for i, s := range src {
		if r.Source == "" {
			break
		}
		if i == maxSource {
			out = append(out, line{dim, fmt.Sprintf("  ... %d more lines", len(src)-i)})
			break
		}
		out = append(out, line{dim, "  | " + clean(strings.ReplaceAll(s, "\t", "  "))})
	}
	return out
}

func known(s string) string {
	if s = strings.TrimSpace(clean(s)); s == "" {
		return "unknown"
	}
	return s
}

func away(from, to control.Point) string {
	d := distance(from, to)
	if d < 0.5 {
		return "here"
	}
	return fmt.Sprintf("%.0f m to the %s", d, longDirection(from, to))
}

func coordinates(p control.Point) string {
	return fmt.Sprintf("%.0f,%.0f", round(p.X), round(p.Z))
}

// round keeps -0 off the screen.
func round(v float64) float64 { return math.Round(v) + 0 }

func sortedRegions(all map[string]control.Region) []control.Region {
	out := make([]control.Region, 0, len(all))
	for _, r := range all {
		out = append(out, r)
	}
	sortRegions(out)
	return out
}
