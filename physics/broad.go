package physics

// begin lists who moves in this step.
func (w *World) begin() {
	w.movers = w.movers[:0]
	w.slots = grown(w.slots, len(w.solids))
	for i := range w.solids {
		if s := &w.solids[i]; s.stirs() {
			w.alter(s)
		}
		if w.solids[i].awake() {
			w.movers = append(w.movers, int32(i))
			w.slots[i] = int32(len(w.movers))
		}
	}
}
