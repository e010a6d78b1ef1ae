// Package region is the sim of one region: a pure state machine that turns
// the state at tick t and a batch of ordered inputs into the state at t+1.
// It runs at 20 ticks a second with three physics steps in each.
//
// # The execution rule
//
// State is immutable during a tick. Every actor (a thing, an avatar) sees the
// state at t and its own inbox, sorted by a canonical key that permutes the
// sources for each receiver and tick; see order.go. It returns writes to its
// own parts, which take effect at t+1, and events for others, which they see
// at t+1 at the earliest. Actors may run in any order on any number of
// workers: results are merged in actor order. A script that traps or runs out
// of gas leaves nothing but its fault.
//
// # What the driver owes
//
// The driver calls Step exactly once for each tick, with batches in the order
// of its log, from one goroutine. It makes the log durable up to the tick
// before it lets out what Output marks Durable, and stores the whole log since
// the last snapshot, for a restart is Restore plus the same Steps. It loads
// the modules that Output.Want names and logs ControlModule when it is done, or
// ControlHave where several servers keep the log:
// whether a module was there is an input, never a look at the disk.
//
// The package holds no goroutine, clock, socket, file or global random.
package region
