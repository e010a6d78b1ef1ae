// Package borderbench sends balls over the border between two regions, each
// served by a server with its own log on the disk, that reach each other over
// real network connections of this machine, in real time.
package borderbench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/server"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/spatial"
)

// Options of a run.
type Options struct {
	Dir  string        // for the logs of the two; must be empty
	Rate int           // balls a second; 0 = 100
	For  time.Duration // how long balls are sent; 0 = 60 s
	Tell func(string)  // progress; nil: nobody
}

// Result is what a run has seen.
type Result struct {
	Sent    int
	Crossed int // taken over by the other region
	Lost    int // in neither region at the end
	Doubled int // in both at the end, or taken over twice at one epoch
	// P50 and P99 are the ticks from the offer to the take-over: by the clock
	// from the release on. Gap50 and Gap99 are from the release alone: for so
	// long nobody steps the body.
	P50, P99     float64
	Gap50, Gap99 float64
	RoundTrip    float64 // between the two nodes, ms
	Jump         float64 // largest, m, between the ghost and what takes its place
	Place, Speed float64 // largest errors of those in free flight: m, and share of the speed
	Flights      int     // that were in free flight all the way
	Slipped      uint64  // ticks that a region was late by
	Forgotten    uint64  // border messages that were refused
}

const (
	border  = 32.0 // x of the plane, m
	due     = 0.5  // m beyond it a ball is due to be handed over
	gravity = 9.81
	lanes   = 60
	radius  = 0.15
	dwell   = 40          // ticks that a ball stays after it has crossed
	settle  = time.Minute // at most, for what is on its way at the end
)

// Run sends balls from one region to the other.
func Run(ctx context.Context, o Options) (res Result, err error) {
	if o.Rate == 0 {
		o.Rate = 100
	}
	if o.For == 0 {
		o.For = time.Minute
	}
	if o.Tell == nil {
		o.Tell = func(string) {}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	log := newJournal()
	p, err := open(ctx, o.Dir, log)
	if err != nil {
		return res, fmt.Errorf("borderbench: %w", err)
	}
	defer func() { err = errors.Join(err, p.close()) }()
	if err := p.meet(ctx); err != nil {
		return res, fmt.Errorf("borderbench: %w", err)
	}
	res.RoundTrip = p.roundTrip
	o.Tell(fmt.Sprintf("%d balls a second for %s", o.Rate, o.For))
	if res.Sent, err = p.send(ctx, o); err != nil {
		return res, fmt.Errorf("borderbench: %w", err)
	}
	if err := p.arrive(ctx); err != nil {
		return res, fmt.Errorf("borderbench: %w", err)
	}
	p.count(&res)
	log.judge(&res)
	res.Slipped, res.Forgotten = p.events[server.EventOverload].Load(), p.events[server.EventBorderBad].Load()
	return res, nil
}

// send creates balls at an even rate and removes those that have been over
// there for a while. Each is pushed towards the border by its script.
func (p *pair) send(ctx context.Context, o Options) (sent int, err error) {
	begin := time.Now()
	t := time.NewTicker(time.Second / region.TickRate)
	defer t.Stop()
	for time.Since(begin) < o.For {
		select {
		case <-ctx.Done():
			return sent, ctx.Err()
		case <-t.C:
		}
		want := int(time.Since(begin).Seconds() * float64(o.Rate))
		for ; sent < want; sent++ {
			p.control(p.a, region.ControlEntry{Kind: region.ControlCreate, Thing: ball(sent)})
		}
		p.sweep()
		if err := p.failed(); err != nil {
			return sent, err
		}
	}
	p.controls.Wait()
	return sent, p.failed()
}

// ball is the n-th ball: it stands in one of the lanes, the next in another
// one far away.
func ball(n int) region.ThingSpec {
	lane := n * 37 % lanes
	return region.ThingSpec{Kind: "ball", Name: fmt.Sprint("ball ", n), Shape: region.Sphere, Size: spatial.Vec{X: 2 * radius, Y: 2 * radius, Z: 2 * radius},
		Pos: spatial.Vec{X: 29, Y: radius + 0.02, Z: 1.5 * float32(lane-lanes/2)}, Mass: 0.5, Friction: 0.5,
		Slots: region.Slots{{Name: region.SlotEvery, Value: region.IntSlot(region.MinEvery)}, {Name: region.SlotScript, Value: region.LumpSlot("push")}}}
}

// pusher throws a ball towards the border at its first event.
type pusher struct{}

func (pusher) Handle(_ string, ev region.ScriptEvent, slots func(string) (region.SlotValue, bool), _, _ uint64) (r region.ScriptResult, err error) {
	if _, gone := slots("gone"); ev.Name == region.EventTick && !gone {
		r.Push = spatial.Vec{X: 7, Y: 5}
		r.Set = []region.SlotWrite{{Name: "gone", Value: region.BoolSlot(true)}}
	}
	return r, nil
}

// sweep removes the balls that have been over there for a while. They count as
// having arrived.
func (p *pair) sweep() {
	now := p.b.Status().Tick
	for _, s := range p.b.Things() {
		if id := s.Thing.ID; s.Thing.Since+dwell < now && !p.removed[id] {
			p.removed[id] = true
			p.control(p.b, region.ControlEntry{Kind: region.ControlRemove, ID: id})
		}
	}
}

// arrive waits until nothing is on its way any more.
func (p *pair) arrive(ctx context.Context) error {
	deadline := time.Now().Add(settle)
	for time.Now().Before(deadline) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second / region.TickRate):
		}
		if p.a.Status().Things == 0 && p.a.Status().Limbo == 0 {
			break
		}
	}
	return p.failed()
}

// count looks where everything is.
func (p *pair) count(res *Result) {
	var here, there []base.ID
	for _, s := range p.a.Things() {
		here = append(here, s.Thing.ID)
	}
	for _, s := range p.b.Things() {
		if !p.removed[s.Thing.ID] {
			there = append(there, s.Thing.ID)
		}
	}
	for _, id := range here {
		if slices.Contains(there, id) || p.removed[id] {
			res.Doubled++
		}
	}
	res.Lost = res.Sent - len(here) - len(there) - len(p.removed) + res.Doubled
}
