// Package handoff decides which region owns an object when it moves over a
// border. It is a pure state machine: every region runs one Core, whose inputs
// are in the region's log. docs/protocol/handoff.md has the rules by number.
//
// An object is owned as (id, epoch). One transfer moves a group of 1 to
// MaxGroup objects, all or none:
//
//	old owner                                        new owner
//	Offer(n, [id, e]...)            ------------->
//	                                <-------------   Prepared(n, [id, e]...)
//	[release in the log]
//	Release(n, [id, e]..., state)   ------------->   [in the log: owns each id at e+1]
//	                                <-------------   Accepted(n, [id, e]...)
//
// The release in the old owner's log is the single commit point. Before it the
// old region owns the objects, and without it nothing happened, whatever was
// said. From it on the new region owns them at epoch e+1, even before it has
// heard: the old one repeats Release until it is Accepted, and a Release is
// never refused for want of room. A state that is too large for one message
// goes in parts; it is one record in both logs.
//
// n numbers the transfers from one region to another. Every message of the
// offering side carries its floor, the lowest n that is not settled. The
// receiver remembers what it accepted at and above the floor, so a message
// that comes twice, late or out of order does nothing, for ever, in bounded
// memory. Epochs fence against an owner that lost its log: a lower epoch than
// the highest one known for an object is refused. Lives fence against a server
// of the region that was succeeded: every message names the life of its sender
// and the one it believes its receiver to live.
//
// # What the driver owes
//
// Inputs come in the order of the log, Tick once for each tick. Messages in
// Send effects may leave only when the log is on disk up to the input that
// made them; they may then be lost, doubled, delayed and reordered at will.
//
// A group is what the driver says it is, an island or a jointed assembly. It
// may have grown or split between Begin and DoRelease. The driver looks when
// it is asked to release: if the group is not what should go it calls Cancel
// and, in the same tick, Begin for what should. The state is opaque here; it
// holds whatever the new owner needs of all the objects, joints and riders and
// scripts included.
//
// An offer may be made before the object has crossed. DoRelease then comes
// early, and Release may be called at any tick while the offer is open.
package handoff
