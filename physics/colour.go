package physics

import "math/bits"

const (
	// colours is how many sets of contacts without a common body there are. A
	// body has seldom more contacts than that; what fits no colour is solved
	// alone, after all others.
	colours = 24
	anyFree = 1<<colours - 1

	// width is how many contacts are solved at once.
	width = 8

	noTint = 255
)

// colour sorts the contacts of the step, given by w.met, into w.order: colour
// by colour, and w.ends[c] is where colour c ends. Contacts are taken in key
// order and each gets the lowest colour that neither of its bodies has yet, so
// the colours follow from the ids alone. A contact with what cannot move gets
// the highest: it is solved late, so that nothing is pushed into the ground.
// Within a colour the order is free; contacts of as many points go together.
func (w *World) colour() {
	w.used = grown(w.used, 1+len(w.movers))
	w.tint = grown(w.tint, len(w.met))
	var count [(colours + 1) * maxPoints]int32
	for x := range w.met {
		m := &w.met[x]
		if w.found[x].Count == 0 {
			w.tint[x] = noTint // a sensor's
			continue
		}
		a, b := w.slotOf(m.i), w.slotOf(m.j)
		free := anyFree &^ (w.used[a] | w.used[b])
		c := uint32(colours)
		switch {
		case free == 0:
		case w.masses[a].inv == 0 || w.masses[b].inv == 0:
			c = uint32(bits.Len32(free)) - 1
		default:
			c = m.key.pick(free)
		}
		if c < colours {
			if w.masses[a].inv != 0 {
				w.used[a] |= 1 << c
			}
			if w.masses[b].inv != 0 {
				w.used[b] |= 1 << c
			}
		}
		t := c*maxPoints + uint32(maxPoints-w.found[x].Count)
		w.tint[x] = uint8(t)
		count[t]++
	}
	at := int32(0)
	for t := range count {
		n := count[t]
		count[t] = at
		at += n
		if t%maxPoints == maxPoints-1 {
			w.ends[t/maxPoints] = at
		}
	}
	w.order = grown(w.order, int(at))
	for x, t := range w.tint {
		if t != noTint {
			w.order[count[t]] = int32(x)
			count[t]++
		}
	}
}

// slotOf is the row of solid i, 0 for what cannot move and for the ground.
func (w *World) slotOf(i int32) int32 {
	if int(i) >= len(w.slots) {
		return 0
	}
	return w.slots[i]
}

// pick chooses a colour out of free. Among the first few it is drawn by the
// ids: were it always the lowest, then in a wall whose ids rise from row to row
// every pass would run up the wall like a wave, which makes it sway.
func (k *key) pick(free uint32) uint32 {
	const few = 8
	low := uint8(free)
	if low == 0 {
		return uint32(bits.TrailingZeros32(free))
	}
	h := (uint64(k.a)*0x9e3779b97f4a7c15 ^ uint64(k.b)) * 0xbf58476d1ce4e5b9
	from := int(h >> 61)
	return uint32(from+bits.TrailingZeros8(bits.RotateLeft8(low, -from))) % few
}
