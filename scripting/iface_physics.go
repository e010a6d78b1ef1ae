package scripting

import "math"

// mt:physics@1: the body of a handler's thing.
func physicsFuncs() []hostFunc {
	const m = "mt:physics@1"
	point := func(get func(Event) [3]float64) func(*guest, []uint64) {
		return func(g *guest, s []uint64) {
			v := get(g.h.ev)
			g.givePoint(s[0], v[0], v[1], v[2])
		}
	}
	return []hostFunc{
		fn(m, "where", "i:", forHandler, point(func(e Event) [3]float64 { return e.At })),
		fn(m, "velocity", "i:", forHandler, point(func(e Event) [3]float64 { return e.Vel })),
		fn(m, "push", "FFF:i", forHandler, push),
		fn(m, "impulse", ":F", forHandler, func(g *guest, s []uint64) { s[0] = math.Float64bits(g.h.ev.Impulse) }),
		fn(m, "look", "FFFFFFi:i", forHandler, look),
	}
}

// look gives the first place that is met on a way.
func look(g *guest, s []uint64) {
	var v [6]float64
	for k := range v {
		v[k] = math.Float64frombits(s[k])
	}
	if !finite(v[:]...) {
		ret(s, codeInvalid)
		return
	}
	if g.h.ev.Look == nil {
		ret(s, codeNotFound)
		return
	}
	at, found, ok := g.h.ev.Look([3]float64(v[:3]), [3]float64(v[3:]))
	switch {
	case !ok:
		ret(s, codeTooLarge)
	case !found:
		ret(s, codeNotFound)
	default:
		g.givePoint(s[6], at[0], at[1], at[2])
		ret(s, 0)
	}
}

// push adds to what the thing's velocity gets at the end of the tick: the
// pushes of an event add up, to no more than maxPush each way.
func push(g *guest, s []uint64) {
	v := [3]float64{math.Float64frombits(s[0]), math.Float64frombits(s[1]), math.Float64frombits(s[2])}
	switch {
	case !finite(v[0], v[1], v[2]):
		ret(s, codeInvalid)
		return
	case !g.h.ev.Loose:
		ret(s, codeRefused)
		return
	}
	for k := range v {
		if p := g.h.out.Push[k] + v[k]; p < -maxPush || p > maxPush {
			ret(s, codeTooLarge)
			return
		}
	}
	for k := range v {
		g.h.out.Push[k] += v[k]
	}
	ret(s, 0)
}
