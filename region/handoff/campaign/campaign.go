// Package campaign runs hand-offs by the million: many regions on a grid,
// whose groups of objects wander, merge and split, over a network that loses,
// doubles, delays and reorders, with servers that crash back to what their
// logs hold. After every tick it counts the owners of every object. It is one
// goroutine and a seeded random source: the same options give the same result.
package campaign

import (
	"context"
	"fmt"
)

// Options of a run; zero fields take the value in brackets.
type Options struct {
	Seed     uint64
	Handoffs int     // stop after so many transfers [1,000,000]
	Regions  int     // side of the square of regions [8, which is 64 regions]
	Objects  int     // [4,096]
	Loss     float64 // chance that a message vanishes [0.05]; below 0: none
	Double   float64 // chance that it comes twice [0.05]; below 0: none
	// DelayMin and DelayMax bound the way of a message, in ticks of 50 ms,
	// uniform between them and rounded up to the next tick [1 and 4: 50-200 ms].
	DelayMin, DelayMax float64
	// Crash is the chance of a crash of each region in each tick [0.001];
	// below 0: none. One in ten stays away for longer than an offer waits.
	Crash float64
	// Early is the share of groups that are offered before they cross, and
	// stay for a while when their receiver is ready [0.3]; below 0: none.
	Early float64
	// Shapes is the share of objects that need something which a region has to
	// get first [0.1]; below 0: none.
	Shapes float64
	// Progress is called about every 10,000 transfers; nil: never.
	Progress func(handoffs int)
}

// Result of a run.
type Result struct {
	Handoffs int // transfers that the new owner took over
	Objects  int // objects in them
	Lost     int // objects that nobody owns and that are not on the way, summed over all ticks, and missing at the end
	Doubled  int // objects with more than one owner or place, summed over all ticks
	Damaged  int // objects whose state does not fit their epoch, at the end, and groups prepared for without what they need
	Ticks    int
	// From the first offer of a group to the tick in which the new owner has
	// it, in ticks.
	P50, P99, Max int
	// From the release to the tick in which the new owner has it: for so
	// long nobody simulates the group.
	GapP50, GapP99, GapMax int

	Messages, LostMessages, DoubledMessages int
	Bytes                                   int64
	Crashes, Lapsed, Queued, Regrouped      int
	Held, Fetched                           int // groups that were ready early, and things that regions got to be able to take others
	Settled                                 int // ticks without faults after which nothing was on the way
}

func (o *Options) fill() error {
	def := func(p *float64, v float64) {
		if *p == 0 {
			*p = v
		}
		*p = max(*p, 0)
	}
	count := func(p *int, v int) {
		if *p == 0 {
			*p = v
		}
	}
	count(&o.Handoffs, 1_000_000)
	count(&o.Regions, 8)
	count(&o.Objects, 4096)
	def(&o.Loss, 0.05)
	def(&o.Double, 0.05)
	def(&o.DelayMin, 1)
	def(&o.DelayMax, 4)
	def(&o.Crash, 0.001)
	def(&o.Early, 0.3)
	def(&o.Shapes, 0.1)
	if o.Handoffs < 0 || o.Regions < 2 || o.Regions > 64 || o.Objects < 1 || o.Objects > 1<<16 || o.Loss >= 1 || o.Double > 1 ||
		o.DelayMax < o.DelayMin || o.DelayMax > 100 || o.Crash > 0.1 {
		return fmt.Errorf("campaign: options out of bounds: %+v", *o)
	}
	return nil
}

// Run makes hand-offs until there are enough, then stops all faults and lets
// everything settle. The error is that of ctx, of options out of bounds, or of
// a state that cannot be: a log that replays to another state, or a world that
// does not settle.
func Run(ctx context.Context, o Options) (Result, error) {
	if err := o.fill(); err != nil {
		return Result{}, err
	}
	w, err := newWorld(o)
	if err != nil {
		return Result{}, err
	}
	told := 0
	for w.res.Handoffs < o.Handoffs {
		if err := ctx.Err(); err != nil {
			return w.result(), err
		}
		if err := w.tick(); err != nil {
			return w.result(), err
		}
		w.census()
		if o.Progress != nil && w.res.Handoffs/10_000 > told {
			told = w.res.Handoffs / 10_000
			o.Progress(w.res.Handoffs)
		}
	}
	err = w.settle(ctx)
	return w.result(), err
}
