// Package sim runs protocol cores against each other in one goroutine: a
// seeded event queue with its own clock and a network that delays, loses,
// doubles, reorders, splits and crashes. It knows no core; a test binds its
// own with closures. The same seed gives the same run, and Trace proves it.
package sim
