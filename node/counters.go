package node

import (
	"context"
	"log/slog"
	"maps"
	"sync"
)

// The counters that a node keeps of its own events since it started; they
// travel in StatusResponse.Counters.
const (
	countCrossings   = "crossings"     // avatars that came over a border into a region served here
	countHandoffs    = "handoffs"      // other bodies that came over a border into a region served here
	countArrivals    = "arrivals"      // all bodies that came over a border, avatars included
	countMessages    = "messages"      // lines of other nodes' people heard here
	countFetched     = "lumps_fetched" // lumps fetched from another node and verified
	countScripts     = "scripts_run"   // processes started, and events that scripts of things handled
	countErrors      = "errors"        // error lines of the log
	countRefused     = "refused"       // messages of peers that were refused as invalid
	countWentBack    = "went_back"     // times a region served here began again from a certified state
	countCheckpoints = "checkpoints"   // of regions served here, stored as lumps
	countFaults      = "script_faults" // scripts that trapped, ran out of gas or were killed
)

type counters struct {
	mu sync.Mutex
	m  map[string]uint64
}

func newCounters() *counters {
	c := &counters{m: map[string]uint64{}}
	for _, name := range []string{countCrossings, countArrivals, countMessages, countFetched, countScripts, countErrors} {
		c.m[name] = 0
	}
	return c
}

func (c *counters) add(name string, n uint64) {
	c.mu.Lock()
	c.m[name] += n
	c.mu.Unlock()
}

func (c *counters) snapshot() map[string]uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := maps.Clone(c.m)
	// Every body that arrives is reported once, and an avatar once more as a
	// crossing.
	m[countHandoffs] = m[countArrivals] - min(m[countArrivals], m[countCrossings])
	return m
}

// countingHandler passes records on and counts those at error level, so that
// nothing that was logged as an error can hide from a report.
type countingHandler struct {
	slog.Handler
	c *counters
}

func (h countingHandler) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelError {
		h.c.add(countErrors, 1)
	}
	return h.Handler.Handle(ctx, r)
}

func (h countingHandler) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelError || h.Handler.Enabled(ctx, l)
}

func (h countingHandler) WithAttrs(a []slog.Attr) slog.Handler {
	return countingHandler{h.Handler.WithAttrs(a), h.c}
}

func (h countingHandler) WithGroup(name string) slog.Handler {
	return countingHandler{h.Handler.WithGroup(name), h.c}
}
