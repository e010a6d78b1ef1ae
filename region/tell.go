package region

import (
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

// EventTold is what the script of a thing gets when somebody tells the thing
// something that no slot has a program for: Text is the verb and its arguments.
const EventTold = "told"

// SlotPrivate: a thing whose slot of this name is true is told things by its
// owner, its borrower and admins only.
const SlotPrivate = "private"

// program is the one in the slot named after a verb, or "".
func (t *Thing) program(verb string) string {
	if v, ok := t.Slots.Get(verb); ok && v.Type == SlotLump && Verb(verb) && !t.avatar() {
		return v.Lump
	}
	return ""
}

// runs reports whether a thing has anything to run.
func (t *Thing) runs() bool {
	return t.Script() != "" || t.held(SlotNext) != nil || slices.ContainsFunc(t.Slots, func(w SlotWrite) bool { return t.program(w.Name) != "" })
}

// handler is the module that handles an event: the program of that verb, else
// the thing's script; "" when there is none.
func (t *Thing) handler(event string) string {
	if p := t.program(event); p != "" {
		return p
	}
	return t.Script()
}

// tell gives a thing a player's message, to the program in the slot that has
// the verb's name, or to its script.
func (s *Sim) tell(x *signed, me *session) (Code, base.ID, bool) {
	t := s.thing(x.in.Thing)
	switch {
	case t == nil || t.avatar():
		return NoThing, x.in.Thing, false
	case s.gap(me, t) > HearRadius:
		return TooFar, t.ID, false
	}
	if v, ok := t.Slots.Get(SlotPrivate); ok && v.Type == SlotBool && v.Bool && !t.uses(x.Key) && !s.May(x.Key, RightThings) {
		return NotAllowed, t.ID, false
	}
	who := s.thing(me.Thing)
	e := event{To: t.ID, From: who.ID, Kind: evScript, Name: x.in.Name, FromName: who.Name, Text: x.in.Text}
	switch prog := t.program(x.in.Name); {
	case prog != "":
		// A program besides the script says nowhere what its source is.
		if s.rules&RuleCopyleft != 0 && prog != t.Script() {
			return NoSource, t.ID, false
		}
		switch err := s.usable(prog); {
		case err == errLoading:
			s.wantModule(prog)
			return Loading, t.ID, false
		case err != nil:
			return NoProgram, t.ID, false
		}
	case t.Script() != "":
		e.Name, e.Text = EventTold, clip(x.in.Name+" "+x.in.Text, MaxText)
	default:
		return NoProgram, t.ID, false
	}
	s.now(e)
	return OK, t.ID, false
}

// wantModule asks the driver for a module unless it is known.
func (s *Sim) wantModule(name string) {
	if _, known := s.moduleIndex(name); known {
		return
	}
	if i, ok := s.moduleSlot(name); ok {
		s.modules = slices.Insert(s.modules, i, module{Name: name, wanted: s.tick})
	}
}

// barred says why the module that handles an event does not run; "" when it
// does.
func (s *Sim) barred(t *Thing, module string) string {
	if module == t.Script() {
		return s.refused(t)
	}
	if err := s.usable(module); err != nil {
		return err.Error()
	}
	return ""
}
