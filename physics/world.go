package physics

import (
	"cmp"
	"slices"
)

// World is one space of bodies. One goroutine at a time may use it.
type World struct {
	cfg      Config
	solids   []solid   // in id order
	contacts []contact // in key order, as the last step left them

	scratch
}

// New makes an empty world. It fails when cfg is out of its limits.
func New(cfg Config) (*World, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	return &World{cfg: cfg}, nil
}

// Config is the configuration with its defaults filled in.
func (w *World) Config() Config { return w.cfg }

// Len is the number of bodies.
func (w *World) Len() int { return len(w.solids) }

// Body is a copy of a body's state.
func (w *World) Body(id BodyID) (Body, bool) {
	i, ok := w.find(id)
	if !ok {
		return Body{}, false
	}
	return w.solids[i].Body, true
}

// Each calls f with every body in id order until f returns false. f must not
// step the world.
func (w *World) Each(f func(Body) bool) {
	for i := range w.solids {
		if !f(w.solids[i].Body) {
			return
		}
	}
}

// Standing reports whether an upright body had ground under it after the last
// step: whether a jump would be obeyed.
func (w *World) Standing(id BodyID) bool {
	i, ok := w.find(id)
	return ok && w.solids[i].standing
}

// Resting reports whether a body has been still long enough to sleep. A
// resting body costs next to nothing and its state need not be sent again.
func (w *World) Resting(id BodyID) bool {
	i, ok := w.find(id)
	return ok && w.solids[i].rest >= restSteps
}

func (w *World) find(id BodyID) (int, bool) {
	return slices.BinarySearchFunc(w.solids, id, func(s solid, id BodyID) int { return cmp.Compare(s.ID, id) })
}

// Step applies cmds in the given order, advances the world by Config.Dt and
// appends to out what happened, sorted by (A, B, Kind). A command that is
// refused changes nothing and stops nothing: the error joins one CommandError
// for each. out may be nil; its contents are kept.
func (w *World) Step(cmds []Command, out []Event) ([]Event, error) {
	first := len(out)
	w.events = out
	err := w.apply(cmds)
	if w.anyAwake() {
		w.advance()
	}
	slices.SortStableFunc(w.events[first:], compareEvents)
	out, w.events = w.events, nil
	return out, err
}

// anyAwake is false when a step could change nothing: every body is still.
func (w *World) anyAwake() bool {
	for i := range w.solids {
		if w.solids[i].rest < restSteps {
			return true
		}
	}
	return false
}

// advance is one step of Config.Dt.
func (w *World) advance() {
	w.begin()
	w.findPairs()
	w.findIslands()
	w.start()
	w.collide()
	w.solve()
	w.finish()
}
