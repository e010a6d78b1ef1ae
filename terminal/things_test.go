package terminal

import (
	"context"
	"fmt"
	"testing"

	"github.com/metatopia/metatopia/node/control"
)

// asked writes down what a command asks the node for.
type asked struct {
	World
	what string
}

func (a *asked) ThingCreate(_ context.Context, r *control.ThingCreateRequest) (*control.ThingResponse, error) {
	a.what = "create " + r.Shape + " " + r.Name
	return &control.ThingResponse{}, nil
}

func (a *asked) ThingDo(_ context.Context, r *control.ThingDoRequest) (*control.ThingResponse, error) {
	a.what = fmt.Sprintf("%s %s to %s", r.Do, r.Thing, r.To)
	if r.At != nil {
		a.what += fmt.Sprintf(" at %g,%g", r.At.X, r.At.Z)
	}
	if r.Seconds > 0 {
		a.what += fmt.Sprintf(" for %g", r.Seconds)
	}
	return &control.ThingResponse{}, nil
}

func (a *asked) Tell(_ context.Context, r *control.TellRequest) (*control.ThingResponse, error) {
	a.what = fmt.Sprintf("tell %s %s %q", r.Thing, r.Verb, r.Text)
	return &control.ThingResponse{}, nil
}

func TestThingCommands(t *testing.T) {
	m := newModel()
	m.me = "me"
	for id, e := range map[string]control.Entity{"me": {Kind: kindAvatar, Name: "Ada"}, "b1": {Kind: kindAvatar, Name: "Bob"}, "c1": {Kind: "box", Name: "old chest"}, "l1": {Kind: "lamp", Name: "lamp"}} {
		e.ID = id
		m.entities[id] = e
	}
	for _, c := range []struct{ typed, want string }{
		{"tell lamp on", `tell l1 on ""`},
		{"tell old chest Open very wide", `tell c1 open "very wide"`},
		{"tell nobody x", ""},
		{"tell lamp", ""},
		{"make hat", "create box hat"},
		{"make ball red ball", "create sphere red ball"},
		{"make", ""},
		{"take old chest", "take c1 to "},
		{"drop lamp", "give l1 to "},
		{"give old chest to Bob", "give c1 to b1"},
		{"give old chest to lamp", ""},
		{"give old chest", ""},
		{"thing give old chest Bob", "give c1 to b1"},
		{"thing give old chest --nobody", "give c1 to "},
		{"lend lamp to Bob for 10m", "lend l1 to b1 for 600"},
		{"thing lend old chest Bob --for 10m", "lend c1 to b1 for 600"},
		{"thing create hat", "create box hat"},
		{"thing create hat --fixed", ""},
		{"thing move old chest --to 3,0,-2", "move c1 to  at 3,-2"},
		{"thing undelete abcd", "undelete abcd to "},
		{"lend lamp to Bob", ""},
		{"return lamp", "return l1 to "},
		{"put old chest 3,-2", "move c1 to  at 3,-2"},
		{"undo", ""},
		{"delete lamp", "delete l1 to "},
		{"undo", "undelete l1 to "},
	} {
		var a asked
		o := m.run(c.typed)
		if o.job == nil {
			if c.want != "" || len(o.lines) == 0 {
				t.Errorf("%q asks for nothing and says %v", c.typed, o.lines)
			}
			continue
		}
		said, err := o.job(t.Context(), &a)
		if a.what != c.want || err != nil || len(said) == 0 {
			t.Errorf("%q asks for %q and says %v %v, want %q", c.typed, a.what, said, err, c.want)
		}
	}
}
