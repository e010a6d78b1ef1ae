package terminal

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/metatopia/metatopia/node/control"
)

// line is one entry of the log.
type line struct {
	st   style
	text string // clean
}

// model is what the session knows of the world. It belongs to the session's
// loop.
type model struct {
	world    string
	regions  map[string]control.Region
	entities map[string]control.Entity
	near     map[string]bool // people I have been told are near
	me, in   string
	watching bool   // a full frame has come
	deleted  string // id of the thing that undo has back
}

func newModel() *model {
	return &model{
		regions:  map[string]control.Region{},
		entities: map[string]control.Entity{},
		near:     map[string]bool{},
	}
}

// apply takes a frame and gives what is worth telling.
func (m *model) apply(f *control.Frame) []line {
	var out []line
	first := !m.watching
	if f.Full {
		clear(m.entities)
		m.watching = true
		if f.World != nil {
			m.world = name(f.World.Name)
		}
	}
	if f.Regions != nil {
		clear(m.regions)
		for _, r := range f.Regions {
			m.regions[r.ID] = r
		}
	}
	for _, e := range f.Upsert {
		if _, ok := m.entities[e.ID]; ok || len(m.entities) < maxEntities {
			m.entities[e.ID] = e
		}
		if e.Me {
			m.me = e.ID
		}
	}
	for _, p := range f.Poses {
		if e, ok := m.entities[p.ID]; ok {
			e.Pos = control.Point{X: p.Pos[0], Y: p.Pos[1], Z: p.Pos[2]}
			e.Rot = p.Rot
			e.Vel = control.Point{X: p.Vel[0], Y: p.Vel[1], Z: p.Vel[2]}
			m.entities[p.ID] = e
		}
	}
	for _, id := range f.Gone {
		delete(m.entities, id)
	}
	if f.Me != "" {
		m.me = f.Me
	}
	if f.In != "" {
		m.in = f.In // a crossing comes as a notice, too
	}
	for _, c := range f.Chat {
		out = append(out, m.heard(c))
	}
	for _, n := range f.Notice {
		out = append(out, line{yellow, clean(n)})
	}
	return append(out, m.comings(first)...)
}

func (m *model) heard(c control.ChatLine) line {
	verb, st := " says: ", cyan
	who := name(c.From)
	if me, ok := m.entities[m.me]; ok && c.Entity == me.ID {
		who, verb, st = "You", " say: ", plain
	} else if c.Key == "" {
		who, st = "The "+who, pink // a thing speaks
	}
	if c.Channel != "" {
		who = "[" + name(c.Channel) + "] " + who
	}
	return line{st, who + verb + clean(c.Text)}
}

// comings tells who has come near and who has gone. Two distances keep
// somebody who stands at the edge from coming and going all the time.
func (m *model) comings(quiet bool) []line {
	me, ok := m.entities[m.me]
	if !ok {
		return nil
	}
	var out []line
	for _, e := range m.sorted(func(e control.Entity) bool { return e.Kind == kindAvatar && e.ID != m.me }) {
		d := distance(me.Pos, e.Pos)
		switch {
		case !m.near[e.ID] && d < nearIn:
			m.near[e.ID] = true
			if !quiet {
				out = append(out, line{dim, fmt.Sprintf("%s comes near, from the %s.", name(e.Name), longDirection(me.Pos, e.Pos))})
			}
		case m.near[e.ID] && d > nearOut:
			delete(m.near, e.ID)
			out = append(out, line{dim, fmt.Sprintf("%s goes away to the %s.", name(e.Name), longDirection(me.Pos, e.Pos))})
		}
	}
	for id := range m.near {
		if _, ok := m.entities[id]; !ok {
			delete(m.near, id)
		}
	}
	return out
}

const kindAvatar = "avatar"

// sorted is the entities that keep takes, nearest to me first, ties by id.
func (m *model) sorted(keep func(control.Entity) bool) []control.Entity {
	var out []control.Entity
	for _, e := range m.entities {
		if keep(e) {
			out = append(out, e)
		}
	}
	origin := m.entities[m.me].Pos
	slices.SortFunc(out, func(a, b control.Entity) int {
		da, db := distance(origin, a.Pos), distance(origin, b.Pos)
		switch {
		case da < db:
			return -1
		case da > db:
			return 1
		}
		return strings.Compare(a.ID, b.ID)
	})
	return out
}

// find is the entity that a person means by words: the nearest whose name or
// kind is, else begins with, else contains them.
func (m *model) find(words string, keep func(control.Entity) bool) (control.Entity, bool) {
	words = strings.ToLower(strings.TrimSpace(words))
	words = strings.TrimPrefix(words, "the ")
	if words == "" {
		return control.Entity{}, false
	}
	all := m.sorted(keep)
	for _, match := range []func(string) bool{
		func(s string) bool { return s == words },
		func(s string) bool { return strings.HasPrefix(s, words) },
		func(s string) bool { return strings.Contains(s, words) },
	} {
		for _, e := range all {
			if match(strings.ToLower(clean(e.Name))) || match(e.Kind) {
				return e, true
			}
		}
	}
	return control.Entity{}, false
}

func (m *model) regionName(id string) string {
	if r, ok := m.regions[id]; ok {
		return name(r.Name)
	}
	if id == "" {
		return "the wilderness"
	}
	return "an unknown region"
}

// regionNamed is the region that begins with words.
func (m *model) regionNamed(words string) (control.Region, bool) {
	words = strings.ToLower(strings.TrimSpace(words))
	best, found := control.Region{}, false
	for _, r := range m.regions {
		n := strings.ToLower(r.Name)
		if words == "" || !strings.HasPrefix(n, words) {
			continue
		}
		if !found || n == words || n < strings.ToLower(best.Name) && strings.ToLower(best.Name) != words {
			best, found = r, true
		}
	}
	return best, found
}

func distance(a, b control.Point) float64 { return math.Hypot(a.X-b.X, a.Z-b.Z) }

// North is -Z, where the page's camera looks at first; east is +X.
var compass = []struct {
	short, long string
	x, z        float64
}{
	{"N", "north", 0, -1},
	{"NE", "north-east", math.Sqrt2 / 2, -math.Sqrt2 / 2},
	{"E", "east", 1, 0},
	{"SE", "south-east", math.Sqrt2 / 2, math.Sqrt2 / 2},
	{"S", "south", 0, 1},
	{"SW", "south-west", -math.Sqrt2 / 2, math.Sqrt2 / 2},
	{"W", "west", -1, 0},
	{"NW", "north-west", -math.Sqrt2 / 2, -math.Sqrt2 / 2},
}

// direction is the index in compass of the way from a to b.
func direction(a, b control.Point) int {
	turn := math.Atan2(b.X-a.X, -(b.Z-a.Z)) / (math.Pi / 4) // 0 north, 2 east
	return (int(math.Round(turn)) + 8) % 8
}

func shortDirection(a, b control.Point) string { return compass[direction(a, b)].short }
func longDirection(a, b control.Point) string  { return compass[direction(a, b)].long }

// facing is the unit vector that a rotation about Y turns -Z into.
func facing(rot [4]float64) (x, z float64) {
	qx, qy, qz, qw := rot[0], rot[1], rot[2], rot[3]
	x, z = -2*(qx*qz+qw*qy), -(1 - 2*(qx*qx+qy*qy))
	n := math.Hypot(x, z)
	if n < 1e-6 || math.IsNaN(n) {
		return 0, -1
	}
	return x/n + 0, z/n + 0 // no -0
}
