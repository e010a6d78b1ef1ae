package scripting

import (
	"encoding/binary"
	"math"
)

const worldModule = "mt:world@1"

// worldFuncs is what a process may do with its node's avatar; say is for
// handlers too.
func worldFuncs() []hostFunc {
	// act runs one call of World and maps its error.
	act := func(do func(w World, g *guest, s []uint64) error) func(*guest, []uint64) {
		return func(g *guest, s []uint64) { ret(s, g.world(func(w World) error { return do(w, g, s) })) }
	}
	near := func(field func(Seen) string) func(*guest, []uint64) {
		return func(g *guest, s []uint64) {
			i := uint32(s[0])
			near := g.p.more().near
			if i >= uint32(len(near)) {
				ret(s, codeNotFound)
				return
			}
			ret(s, g.give(s[1], s[2], field(near[i])))
		}
	}
	return []hostFunc{
		fn(worldModule, "say", "ii:i", forBoth, say),
		fn(worldModule, "where", "i:i", forProcess, func(g *guest, s []uint64) {
			var at Place
			code := g.world(func(w World) (err error) { at, err = w.Where(); return err })
			if code == 0 {
				g.givePoint(s[0], at.X, at.Y, at.Z)
			}
			ret(s, code)
		}),
		fn(worldModule, "region", "ii:i", forProcess, func(g *guest, s []uint64) {
			var at Place
			code := g.world(func(w World) (err error) { at, err = w.Where(); return err })
			if code == 0 {
				code = g.give(s[0], s[1], at.Region)
			}
			ret(s, code)
		}),
		fn(worldModule, "nearby", "i:i", forProcess, func(g *guest, s []uint64) {
			most := int(min(uint32(s[0]), maxNearby))
			r := g.p.more()
			r.near = nil
			code := g.world(func(w World) (err error) { r.near, err = w.Nearby(most); return err })
			if code == 0 {
				r.near = r.near[:min(len(r.near), most)]
				code = int32(len(r.near))
			}
			ret(s, code)
		}),
		fn(worldModule, "near_id", "iii:i", forProcess, near(func(t Seen) string { return t.ID })),
		fn(worldModule, "near_kind", "iii:i", forProcess, near(func(t Seen) string { return t.Kind })),
		fn(worldModule, "near_name", "iii:i", forProcess, near(func(t Seen) string { return t.Name })),
		fn(worldModule, "near_region", "iii:i", forProcess, near(func(t Seen) string { return t.Region })),
		fn(worldModule, "near_at", "ii:i", forProcess, func(g *guest, s []uint64) {
			i, near := uint32(s[0]), g.p.more().near
			if i >= uint32(len(near)) {
				ret(s, codeNotFound)
				return
			}
			t := near[i]
			g.givePoint(s[1], t.X, t.Y, t.Z)
			ret(s, 0)
		}),
		fn(worldModule, "walk", "FF:i", forProcess, func(g *guest, s []uint64) {
			x, z := math.Float64frombits(s[0]), math.Float64frombits(s[1])
			if !finite(x, z) {
				ret(s, codeInvalid)
				return
			}
			act(func(w World, _ *guest, _ []uint64) error { return w.Walk(x, z) })(g, s)
		}),
		fn(worldModule, "throw", "iiFFF:i", forProcess, func(g *guest, s []uint64) {
			x, y, z := math.Float64frombits(s[2]), math.Float64frombits(s[3]), math.Float64frombits(s[4])
			thing, ok := g.text(s[0], s[1], 64)
			if !ok || !finite(x, y, z) {
				ret(s, codeInvalid)
				return
			}
			act(func(w World, _ *guest, _ []uint64) error { return w.Throw(thing, x, y, z) })(g, s)
		}),
		fn(worldModule, "touch", "ii:i", forProcess, func(g *guest, s []uint64) {
			thing, ok := g.text(s[0], s[1], 64)
			if !ok {
				ret(s, codeInvalid)
				return
			}
			act(func(w World, _ *guest, _ []uint64) error { return w.Touch(thing) })(g, s)
		}),
	}
}

// eventFuncs tells a handler what it is run for.
func eventFuncs() []hostFunc {
	field := func(get func(Event) string) func(*guest, []uint64) {
		return func(g *guest, s []uint64) { ret(s, g.give(s[0], s[1], get(g.h.ev))) }
	}
	return []hostFunc{
		fn(worldModule, "event_name", "ii:i", forHandler, field(func(e Event) string { return e.Name })),
		fn(worldModule, "event_from", "ii:i", forHandler, field(func(e Event) string {
			if e.From.IsZero() {
				return ""
			}
			return e.From.String()
		})),
		fn(worldModule, "event_from_name", "ii:i", forHandler, field(func(e Event) string { return e.FromName })),
		fn(worldModule, "event_tick", ":I", forHandler, func(g *guest, s []uint64) { s[0] = g.h.ev.Tick }),
		fn(worldModule, "event_text", "ii:i", forHandler, field(func(e Event) string { return e.Text })),
	}
}

func say(g *guest, s []uint64) {
	if uint32(s[1]) > MaxText {
		ret(s, codeTooLarge)
		return
	}
	line, ok := g.text(s[0], s[1], MaxText)
	if !ok || line == "" || !printable(line) {
		ret(s, codeInvalid)
		return
	}
	if g.h == nil {
		ret(s, g.world(func(w World) error { return w.Say(line) }))
		return
	}
	if len(g.h.out.Say) >= maxSays {
		ret(s, codeFull)
		return
	}
	g.h.out.Say = append(g.h.out.Say, line)
	ret(s, 0)
}

// world runs one call of the node's World.
func (g *guest) world(do func(World) error) int32 {
	var w World
	if g.p.tree.grants.NoWorld {
		return codeRefused
	}
	if g.p.table.cfg.World != nil {
		w = g.p.table.cfg.World()
	}
	if w == nil {
		return codeUnavailable
	}
	var err error
	g.outside(gasWorld, func() { err = do(w) })
	return codeOf(err)
}

// givePoint writes three float64, little-endian: 24 bytes.
func (g *guest) givePoint(ptr uint64, x, y, z float64) {
	b := g.view(uint32(ptr), 24)
	for i, v := range [3]float64{x, y, z} {
		binary.LittleEndian.PutUint64(b[8*i:], math.Float64bits(v))
	}
}

func finite(vs ...float64) bool {
	for _, v := range vs {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}
