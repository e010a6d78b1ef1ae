package main

import (
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// leastGarbage and mostGarbage bound the garbage that may lie about before
	// it is collected, in percent of what is in use.
	leastGarbage = 8
	mostGarbage  = 50
	// usableMemory is the part of a limit that the heap may take: the
	// collector's own tables and half-empty spans need the rest.
	usableMemory = 0.93
)

// stayBelow collects garbage the earlier the nearer what is in use comes to a
// limit, in bytes. debug.SetMemoryLimit is no substitute: it counts the holes
// between objects as used, and a heap that once grew to the limit and was full
// of garbage is collected without a pause from then on.
func stayBelow(limit int64) (stop func()) {
	percent := debug.SetGCPercent(mostGarbage)
	done := make(chan struct{})
	go func() {
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		last := mostGarbage
		for t := time.NewTicker(time.Second); ; {
			select {
			case <-t.C:
			case <-done:
				t.Stop()
				return
			}
			metrics.Read(live)
			if want := garbage(live[0].Value.Uint64(), limit); want != last {
				last = want
				debug.SetGCPercent(want)
			}
		}
	}()
	return func() { close(done); debug.SetGCPercent(percent) }
}

// garbage is the percentage for so many bytes in use.
func garbage(live uint64, limit int64) int {
	if live == 0 {
		return mostGarbage
	}
	room := usableMemory*float64(limit)/float64(live) - 1
	return int(min(max(100*room, leastGarbage), mostGarbage))
}
