// Package handoff decides which region owns an object when it moves over a
// border. It is a pure state machine: every region runs one Core, whose inputs
// are in the region's log.
//
// An object is owned as (id, epoch). One transfer goes
//
//	old owner                                   new owner
//	Offer(n, id, e)            ------------->
//	                           <-------------   Prepared(n, id, e)
//	[release in the log]
//	Release(n, id, e, state)   ------------->   [in the log: owns id at e+1]
//	                           <-------------   Accepted(n, id, e)
//
// The release in the old owner's log is the single commit point. Before it the
// old region owns the object, and without it nothing happened, whatever was
// said. From it on the new region owns it at epoch e+1, even before it has
// heard: the old one repeats Release until it is Accepted, and a Release is
// never refused for want of room.
//
// n numbers the transfers from one region to another. Every message of the
// offering side carries its floor, the lowest n that is not settled. The
// receiver remembers what it accepted at and above the floor, so a message
// that comes twice, late or out of order does nothing, for ever, in bounded
// memory. Epochs fence against an owner that lost its log: a lower epoch than
// the highest one known for an object is refused.
//
// # What the driver owes
//
// Inputs come in the order of the log, Tick once for each tick. Messages in
// Send effects may leave only when the log is on disk up to the input that
// made them; they may then be lost, doubled, delayed and reordered at will.
package handoff
