package region

import (
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

// Parts cuts steps into undos whose control entries are at most most bytes long
// each, to be asked for in this order: what fits no entry alone is cut into
// several. most is at least 4,608, for which no step is too large.
func (u Undo) Parts(steps []UndoStep, most int) (parts []Undo) {
	p := u
	flush := func() {
		if len(p.Steps) > 0 {
			parts = append(parts, p)
			p.Steps = nil
		}
	}
	add := func(x UndoStep) {
		p.Steps = append(slices.Clip(p.Steps), x)
		if len(p.Steps) > MaxUndoSteps || p.size() > most {
			p.Steps = p.Steps[:len(p.Steps)-1]
			flush()
			p.Steps = []UndoStep{x}
		}
	}
	alone := func(x UndoStep) int { return Undo{Steps: []UndoStep{x}}.size() }
	for _, x := range steps {
		if alone(x) <= most {
			add(x)
			continue
		}
		if x.Kind == UndoAdd {
			// Without slots it runs nothing; what it runs comes last.
			slots := x.Thing.Slots
			x.Thing.Slots = nil
			add(x)
			flush() // its slots are written when it is there
			x = UndoStep{Kind: UndoSlots, ID: x.ID, Epoch: x.Epoch, Set: slots, Was: make([]uint64, len(slots))}
		}
		for _, y := range x.cut(func(y UndoStep) bool { return alone(y) <= most }) {
			add(y)
		}
	}
	flush()
	return parts
}

func (u Undo) size() int {
	var e base.Encoder
	ControlEntry{Kind: ControlUndo, Undo: &u}.AppendTo(&e)
	return len(e.B)
}

// cut makes several steps of one that writes slots: first what goes, at last what
// says what the thing runs.
func (x UndoStep) cut(fits func(UndoStep) bool) (list []UndoStep) {
	last := func(w SlotWrite) int {
		switch {
		case w.Value.Type == SlotNone:
			return 0
		case provenance(w.Name) || w.Value.Type == SlotLump || w.Name == SlotEvery:
			return 2
		}
		return 1
	}
	for when := range 3 {
		y := UndoStep{Kind: UndoSlots, ID: x.ID, Epoch: x.Epoch}
		for i, w := range x.Set {
			if last(w) != when {
				continue
			}
			more := y
			more.Was, more.Set = append(slices.Clip(y.Was), x.Was[i]), append(slices.Clip(y.Set), w)
			if len(y.Set) > 0 && !fits(more) {
				list = append(list, y)
				more.Was, more.Set = []uint64{x.Was[i]}, []SlotWrite{w}
			}
			y = more
		}
		if len(y.Set) > 0 {
			list = append(list, y)
		}
	}
	return list
}
