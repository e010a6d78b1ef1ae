package shard

import "github.com/metatopia/metatopia/internal/base"

// clock relates a neighbour's ticks to this region's. Both count 20 a second
// from a start of their own. The region with the lower id measures, from the
// tick that comes back in the neighbour's words, and says what it found; the
// other one believes it, so that both mean the same moment.
type clock struct {
	Ahead  int64     // this region's tick minus the neighbour's of the same moment
	Known  bool      // Ahead is measured or was told; until then it is a guess
	Heard  base.Tick // newest tick of the neighbour that counted
	At     base.Tick // tick of this region in which it counted
	Best   sample    // of this window
	Before sample    // of the window before
	N      uint8     // samples in this window
	Runs   uint8     // windows that were full, up to 2
}

// sample is one round trip.
type sample struct {
	Trip  uint32 // ticks; 0: none
	Ahead int64
}

// window is how many samples are compared: the quickest trip of the last two
// windows is the one least delayed on the way.
const window = 32

// here is the tick of this region at the end of which the neighbour ended t.
// ok is false when that is before this region began.
func (c *clock) here(t base.Tick) (base.Tick, bool) {
	at := int64(t) + c.Ahead
	return base.Tick(max(at, 0)), at > 0
}

// heard notes a word that came in tick now.
func (c *clock) heard(now base.Tick, w *word, measures bool) {
	if !c.Known && c.Heard == 0 {
		// Before anything came back: one tick old, as the nearest are.
		c.Ahead = int64(now) - 1 - int64(w.Tick)
	}
	if w.Echo == 0 && c.Known {
		return // it heard nothing, so it says nothing about time
	}
	if w.Tick > c.Heard {
		c.Heard, c.At = w.Tick, now
	}
	switch {
	case measures:
		c.measure(now, w)
	case w.Agreed:
		c.Ahead, c.Known = -w.Ahead, true
	}
}

// measure takes the round trip in w: this region's tick Echo counted over
// there Age ticks before the neighbour ended Tick, and that is here now. A
// word that takes no time at all counts in the tick after the one it tells of.
func (c *clock) measure(now base.Tick, w *word) {
	if w.Echo == 0 || uint64(w.Echo)+w.Age >= uint64(now) {
		return
	}
	trip := uint64(now) - uint64(w.Echo) - w.Age
	if trip > maxTrip {
		return
	}
	x := sample{uint32(trip), int64(now) - int64(w.Tick) - int64(trip/2)}
	if c.Known && c.slipped(&x) {
		c.Ahead, c.Best, c.Before, c.N = x.Ahead, sample{}, sample{}, 0
	}
	if c.Best.Trip == 0 || x.Trip < c.Best.Trip {
		c.Best = x
	}
	pick := c.Best
	if c.Before.Trip != 0 && c.Before.Trip < pick.Trip {
		pick = c.Before
	}
	c.N++
	over := c.N >= window
	if over {
		c.Before, c.Best, c.N = c.Best, sample{}, 0
	}
	// A change moves every ghost in time. Half of an odd trip is off by one
	// either way, so one tick is no reason once two windows are full.
	off := max(pick.Ahead-c.Ahead, c.Ahead-pick.Ahead)
	if !c.Known || c.Runs < 2 || over && off > 1 {
		c.Ahead, c.Known = pick.Ahead, true
	}
	if over && c.Runs < 2 {
		c.Runs++
	}
}

// slipped reports whether one of the two regions has not made the ticks it
// should have: a sample is wrong by at most half its trip, so two that are
// farther apart than both halves are of different times.
func (c *clock) slipped(x *sample) bool {
	old := c.Best
	if old.Trip == 0 || c.Before.Trip != 0 && c.Before.Trip < old.Trip {
		old = c.Before
	}
	if old.Trip == 0 {
		return false
	}
	off := max(x.Ahead-c.Ahead, c.Ahead-x.Ahead)
	return off > int64(x.Trip/2+old.Trip/2)+2
}
