package physics

import (
	"slices"

	"github.com/metatopia/metatopia/spatial/det"
)

// World is one space of bodies. One goroutine at a time may use it.
type World struct {
	cfg      Config
	solids   []solid   // in id order
	contacts []contact // of the awake, in key order, as the last step left them
	dormant  []contact // of sleepers, in key order
	joints
	vehicles []vehicle // in the order of their bodies
	geometries
	fields
	walkable float32 // the cosine of Config.Slope
	parallel func(n int, f func(i int))
	scalar   bool

	scratch
}

// New makes an empty world. It fails when cfg is out of its limits.
func New(cfg Config) (*World, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	return &World{cfg: cfg, walkable: det.Cos(cfg.Slope)}, nil
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

// BodyNear is Body for who asks again and again: place is where it found the
// body last, as a hint.
func (w *World) BodyNear(id BodyID, place *int) (Body, bool) {
	if i := *place; i < len(w.solids) && w.solids[i].ID == id {
		return w.solids[i].Body, true
	}
	i, ok := w.find(id)
	if !ok {
		return Body{}, false
	}
	*place = i
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

// Resting reports whether a body sleeps. A sleeping body costs next to nothing
// and its state need not be sent again. A static body rests when nothing was
// done to it for a while.
func (w *World) Resting(id BodyID) bool {
	i, ok := w.find(id)
	return ok && !w.solids[i].stirs()
}

// SetParallel makes the steps to come run through parallel, which calls f once
// for each i in [0, n), in any order and at the same time as it likes, and
// returns when all are done. nil, the default, means one after the other. The
// result is the same bits, so it is no state: the driver sets it again after
// Restore.
func (w *World) SetParallel(parallel func(n int, f func(i int))) { w.parallel = parallel }

// SetLanes says whether contacts are solved eight at a time where this build
// and CPU can, see HasLanes; by default they are. The result is the same bits
// either way.
func (w *World) SetLanes(on bool) { w.scalar = !on }

// HasLanes reports whether this build, on this CPU, can solve eight contacts at
// a time: a build for amd64 with GOEXPERIMENT=simd, on a CPU with AVX2.
func HasLanes() bool { return hasLanes }

// find is the index of a body, or where it would be.
func (w *World) find(id BodyID) (int, bool) {
	lo, hi := 0, len(w.solids)
	for lo < hi {
		if mid := int(uint(lo+hi) >> 1); w.solids[mid].ID < id {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo, lo < len(w.solids) && w.solids[lo].ID == id
}

// Step applies cmds in the given order, advances the world by Config.Dt and
// appends to out what happened, sorted by (A, B, Kind). A command that is
// refused changes nothing and stops nothing: the error joins one CommandError
// for each. out may be nil; its contents are kept.
func (w *World) Step(cmds []Command, out []Event) ([]Event, error) {
	first := len(out)
	w.events = out
	w.near.current = false
	err := w.apply(cmds)
	w.rouse()
	if w.fresh = w.anyStirs(); w.fresh {
		w.advance()
	}
	slices.SortStableFunc(w.events[first:], compareEvents)
	out, w.events = w.events, nil
	return out, err
}

// anyStirs is false when a step could change nothing: every body rests.
func (w *World) anyStirs() bool {
	for i := range w.solids {
		if w.solids[i].stirs() {
			return true
		}
	}
	return false
}

// advance is one step of Config.Dt.
func (w *World) advance() {
	w.hire()
	w.begin()
	w.findPairs()
	w.dropJoined()
	w.narrow()
	w.castWheels()
	for w.rouse() {
		// Sleepers were met: the step is theirs too.
		w.begin()
		w.findPairs()
		w.dropJoined()
		w.narrow()
		w.castWheels()
	}
	w.start()
	w.findFootings()
	w.findPulls()
	w.collide()
	w.rigJoints()
	w.rigWheels()
	w.solve()
	w.finish()
	w.settle()
}
