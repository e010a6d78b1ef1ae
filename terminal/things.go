package terminal

import (
	"context"
	"strings"
	"time"

	"github.com/metatopia/metatopia/node/control"
)

// withThings are the commands about things: false when it is none of them.
func (m *model) withThings(verb, arg string) (outcome, bool) {
	switch verb {
	case "tell":
		return m.tell(arg), true
	case "make", "create":
		return makeThing(arg), true
	case "take", "get":
		return m.doThing(arg, "take what?", "You take %.", control.ThingDoRequest{Do: control.DoTake}), true
	case "drop":
		return m.doThing(arg, "drop what?", "% is nobody's now.", control.ThingDoRequest{Do: control.DoGive}), true
	case "return":
		return m.doThing(arg, "return what?", "% is given back.", control.ThingDoRequest{Do: control.DoReturn}), true
	case "give":
		what, whom := m.whatWhom(undashed(arg))
		if strings.EqualFold(whom, "nobody") {
			return m.doThing(what, "give what to whom?", "% is nobody's now.", control.ThingDoRequest{Do: control.DoGive}), true
		}
		return m.toSomebody(what, whom, "give what to whom?", control.ThingDoRequest{Do: control.DoGive}), true
	case "lend":
		rest, long, _ := cutLast(undashed(arg), " for ")
		what, whom := m.whatWhom(rest)
		d, err := time.ParseDuration(strings.ReplaceAll(long, " ", ""))
		if err != nil || d <= 0 {
			return complain("for how long? lend THING to WHO for 10m"), true
		}
		return m.toSomebody(what, whom, "lend what to whom?", control.ThingDoRequest{Do: control.DoLend, Seconds: d.Seconds()}), true
	case "put", "move":
		return m.put(undashed(arg)), true
	case "delete":
		return m.delete(arg), true
	case "undo", "undelete":
		return m.undo(arg), true
	}
	return outcome{}, false
}

// cutLast is strings.Cut at the last separator.
func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return strings.TrimSpace(s[:i]), strings.TrimSpace(s[i+len(sep):]), true
	}
	return strings.TrimSpace(s), "", false
}

// whatWhom understands THING to WHO and, as on the command line, THING WHO: the
// last words that name somebody in view.
func (m *model) whatWhom(arg string) (what, whom string) {
	if what, whom, ok := cutLast(arg, " to "); ok {
		return what, whom
	}
	words := strings.Fields(arg)
	for n := 1; n < len(words); n++ {
		whom = strings.Join(words[n:], " ")
		if _, ok := m.find(whom, func(e control.Entity) bool { return e.ID != m.me && e.Kind == kindAvatar }); ok || strings.EqualFold(whom, "nobody") {
			return strings.Join(words[:n], " "), whom
		}
	}
	what, whom, _ = cutLast(arg, " ")
	return what, whom
}

// tell understands THING VERB TEXT: the thing is the longest run of words that
// names one and leaves a verb.
func (m *model) tell(arg string) outcome {
	words := strings.Fields(arg)
	if len(words) < 2 {
		return complain("tell what what? tell lamp on")
	}
	for n := len(words) - 1; n > 0; n-- {
		e, ok := m.find(strings.Join(words[:n], " "), func(e control.Entity) bool { return e.ID != m.me && e.Kind != kindAvatar })
		if !ok {
			continue
		}
		verb, text := strings.ToLower(words[n]), strings.Join(words[n+1:], " ")
		return outcome{job: func(ctx context.Context, w World) ([]line, error) {
			_, err := w.Tell(ctx, &control.TellRequest{Thing: e.ID, Verb: verb, Text: text})
			return lines(plain, "You tell "+the(e)+" to "+clean(verb)+"."), err
		}}
	}
	return complain("I see no %q here.", cut(clean(words[0]), 30))
}

func makeThing(arg string) outcome {
	shape := "box"
	for _, s := range []struct{ word, shape string }{{"ball ", "sphere"}, {"box ", "box"}} {
		if rest, ok := strings.CutPrefix(arg, s.word); ok {
			arg, shape = strings.TrimSpace(rest), s.shape
			break
		}
	}
	if arg == "" {
		return complain("make what? A name, or ball NAME")
	}
	if strings.Contains(arg, " --") {
		return complain("make takes a name only; metatopia thing create takes --size, --color and more")
	}
	return outcome{job: func(ctx context.Context, w World) ([]line, error) {
		_, err := w.ThingCreate(ctx, &control.ThingCreateRequest{Name: arg, Shape: shape})
		return lines(plain, "You make "+name(arg)+"."), err
	}}
}

// doThing does something with a thing; % in what is told is its name.
func (m *model) doThing(words, empty, told string, req control.ThingDoRequest) outcome {
	return m.onThing(words, empty, func(e control.Entity) outcome {
		req.Thing = e.ID
		return outcome{job: func(ctx context.Context, w World) ([]line, error) {
			_, err := w.ThingDo(ctx, &req)
			return lines(plain, capital(strings.ReplaceAll(told, "%", the(e)))), err
		}}
	})
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func (m *model) toSomebody(what, whom, empty string, req control.ThingDoRequest) outcome {
	if what == "" || whom == "" {
		return complain("%s", empty)
	}
	p, ok := m.find(whom, func(e control.Entity) bool { return e.ID != m.me && e.Kind == kindAvatar })
	if !ok {
		return complain("I see nobody called %q here.", cut(clean(whom), 30))
	}
	req.To = p.ID
	return m.doThing(what, empty, "You "+req.Do+" % to "+the(p)+".", req)
}

// put understands THING X,Z and THING NAME, by the last word.
func (m *model) put(arg string) outcome {
	i := strings.LastIndexByte(arg, ' ')
	if i < 0 {
		return complain("put what where? put box 3,-2")
	}
	what, where := strings.TrimSuffix(strings.TrimSpace(arg[:i]), " to"), arg[i+1:]
	me, ok := m.entities[m.me]
	if !ok {
		return complain("You are nowhere yet.")
	}
	to := control.Point{Y: me.Pos.Y}
	if x, z, ok := twoNumbers(where); ok {
		to.X, to.Z = x, z
	} else if e, ok := m.find(where, func(control.Entity) bool { return true }); ok {
		to = e.Pos
	} else {
		return complain("I see no place or thing called %q.", cut(clean(where), 30))
	}
	return m.doThing(what, "put what where?", "You put % there.", control.ThingDoRequest{Do: control.DoMove, At: &to})
}

func (m *model) delete(arg string) outcome {
	return m.onThing(arg, "delete what?", func(e control.Entity) outcome {
		m.deleted = e.ID
		return outcome{job: func(ctx context.Context, w World) ([]line, error) {
			_, err := w.ThingDo(ctx, &control.ThingDoRequest{Do: control.DoDelete, Thing: e.ID})
			return lines(plain, capital(the(e))+" is gone. undo has it back for ten minutes."), err
		}}
	})
}

// undo has a deleted thing back: the last one, or that of an id.
func (m *model) undo(id string) outcome {
	if id == "" {
		id = m.deleted
	}
	if id == "" {
		return complain("You have deleted nothing.")
	}
	return outcome{job: func(ctx context.Context, w World) ([]line, error) {
		_, err := w.ThingDo(ctx, &control.ThingDoRequest{Do: control.DoUndelete, Thing: id})
		return lines(plain, "It is back."), err
	}}
}
