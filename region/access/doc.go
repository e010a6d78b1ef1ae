// Package access decides who may do what in a region below its admins: roles
// and what each may do, who was invited by whom, the whitelist, mutes, kicks,
// the password and the tickets that stand for it. It is a pure function of the
// region's log (docs/protocol/access.md has the rules by number).
//
// A command at a place of the log counts if its signer has the right in the
// state before it. Who is an admin, who is banned by key and which nodes serve
// the region is not decided here: Rights tells, which region/succession
// fulfils.
//
// The driver owes: entries in the order of the log, a Verify that checks Ed25519
// signatures, and nothing else. Whether a password was right is decided by a
// server with OPAQUE; what comes in here is its signed word, the ticket.
package access
