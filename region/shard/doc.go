// Package shard is the physics of one region as a state machine of its own:
// a physics.World, the ghosts of the neighbours' bodies, and the hand-off core
// that says whose each body is. Everything that decides its state is in the
// region's log, so every server of the region reaches the same bytes.
//
// A tick of the region (20 Hz) is
//
//	Begin(tick, mail)  the neighbours' messages: ghosts follow their owners,
//	                   bodies that were handed over arrive, bodies that
//	                   crossed are released
//	Do(input) ...      what the main sim wants: spawn, remove, commands
//	End()              Config.Steps steps of physics; contacts and the rest
//	                   as events; messages for the neighbours
//
// Bodies are named by base.ID and owned by epoch. A body of a neighbour that
// comes near the border is a ghost: it has its real mass and takes part like
// any other, but reports no events. What its owner says about it is compared
// with what it was here at the owner's tick, and only the difference counts;
// see docs/protocol/border.md and docs/decisions/0028.
//
// # What the driver owes
//
// One goroutine at a time. Mail and inputs in an agreed order, the same for
// every replica, mail only from neighbours that were authenticated. Messages
// with Sync set leave only when the log is on disk up to this tick; the others
// may leave at once. All of them may be lost, doubled, delayed and reordered.
package shard
