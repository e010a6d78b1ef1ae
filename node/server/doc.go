// Package server drives one region: it owns the goroutine that steps
// region.Sim at 20 Hz, the log on disk, the client streams and the border
// messages. The sim itself is pure; everything that waits is here.
//
// One goroutine (Run) owns the sim. A second one writes the log: a tick that
// took a durable input (join, leave, say, touch, throw, set) or that moved the
// border protocol is written and fsynced before its acknowledgements and its
// messages leave; other ticks are written in groups. Clients have bounded
// queues: a slow one gets fewer views, one that does not read at all is
// dropped, and the tick never waits for any of them.
package server
