package node

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/region"
)

// words describes the steps of a proposal: things by id, as they are.
type words map[base.ID]*region.Thing

func wordsOf(real *region.Sim) words {
	w := words{}
	real.Each(func(v region.Seen) bool {
		w[v.Thing.ID] = v.Thing
		return true
	})
	return w
}

func (w words) name(id base.ID) string {
	if t := w[id]; t != nil && t.Name != "" {
		return t.Name
	}
	return id.String()
}

func (w words) of(x *region.UndoStep) control.UndoStep {
	out := control.UndoStep{Thing: x.ID.String()}
	t := w[x.ID]
	if t == nil {
		t = &region.Thing{}
	}
	out.Name = t.Name
	switch x.Kind {
	case region.UndoAdd:
		out.Kind, out.Name = "add", x.Thing.Name
		out.What = fmt.Sprintf("%s of %s at %s", x.Thing.Kind, ownerWords(x.Thing.Owner), place3(x.Thing.Pos.X, x.Thing.Pos.Y, x.Thing.Pos.Z))
	case region.UndoRemove:
		out.Kind, out.What = "remove", "it would not be here"
		if !t.Owner.IsZero() {
			out.What += "; it is now of " + t.Owner.Short()
		}
	case region.UndoMove:
		out.Kind = "move"
		out.What = place3(x.From.Pos.X, x.From.Pos.Y, x.From.Pos.Z) + " -> " + place3(x.To.Pos.X, x.To.Pos.Y, x.To.Pos.Z)
		if x.Loose {
			out.What += ", wherever it is by then"
		}
	case region.UndoSlots:
		out.Kind = "slots"
		var list []string
		for _, s := range x.Set {
			was, _ := t.Slots.Get(s.Name)
			list = append(list, fmt.Sprintf("%s %s -> %s", s.Name, slotWords(was), slotWords(s.Value)))
		}
		out.What = strings.Join(list, ", ")
	case region.UndoHold:
		out.Kind, out.What = "owner", heldWords(x.WasHeld)+" -> "+heldWords(x.Held)
	case region.UndoTimers:
		out.Kind, out.What = "timers", fmt.Sprintf("%d -> %d timers run", len(t.Timers), len(x.Timers))
	case region.UndoUntie:
		out.Kind, out.What = "untie", "it would not be held"
	case region.UndoTie:
		out.Kind, out.What = "tie", "it would be held to the world"
		if !x.Other.IsZero() {
			out.What = "it would be held to " + w.name(x.Other)
		}
	}
	return out
}

func ownerWords(k base.Key) string {
	if k.IsZero() {
		return "nobody"
	}
	return k.Short()
}

func heldWords(h region.Held) string {
	s := ownerWords(h.Owner)
	if h.Brought {
		s += ", not taken since a neighbour brought it"
	}
	if !h.Borrower.IsZero() {
		s += fmt.Sprintf(", lent to %s until tick %d", h.Borrower.Short(), h.Loan)
	}
	return s
}

func place3(x, y, z float32) string { return fmt.Sprintf("%.2f,%.2f,%.2f", x, y, z) }

func slotWords(v region.SlotValue) string {
	switch v.Type {
	case region.SlotInt:
		return strconv.FormatInt(v.Int, 10)
	case region.SlotText:
		return strconv.Quote(v.Text[:min(len(v.Text), 64)])
	case region.SlotBytes:
		return fmt.Sprintf("%d bytes", len(v.Bytes))
	case region.SlotLump:
		return v.Lump
	case region.SlotBool:
		return strconv.FormatBool(v.Bool)
	}
	return "none"
}
