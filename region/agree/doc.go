// Package agree finds out whether the replicas of a region are in the same
// state, and proves it. Every eight ticks each server signs what it has come to;
// more than half of the servers with the same answer are a certificate, which
// anybody checks who knows the region's genesis. A replica with another answer
// than that is wrong and halts. When no answer can get more than half, nobody is
// right: all halt and go back to the last tick with a certificate. There is never
// a tie-break.
//
// Two signed votes of one server for one tick that differ are a proof against
// it. Servers that have no vote may be drawn as witnesses: their votes count
// nothing, but are asked for, compared and told of.
//
// The driver owes: Applied for every tick in order; the votes of others as they
// come, in any order; a Verify that checks Ed25519; and that a server signs
// nothing for a tick that it may have signed for in an earlier life (Config.From).
package agree
