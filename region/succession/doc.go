// Package succession decides who administers a region. It is a pure function of
// the control log: every replica, and any client that has the log, computes the
// same roles from the same entries, and nobody appoints anybody outside of it.
//
// A permanent admin is appointed. When no permanent admin has been seen for
// Settings.VacantDays, the longest standing player who was seen within
// Settings.ActiveDays is the temporary admin, with all of an admin's powers,
// until an admin comes back or a player of longer standing does. Days are days
// of the region's own time: it passes only while the region runs, by the median
// of what its servers say (docs/protocol/succession.md has the rules by number).
//
// A command at an index counts if its signer has the right in the state before
// it. What is refused takes its place in the log and changes nothing.
//
// The driver owes: entries in the order of the log, all of them, also those
// that are refused; and a Verify that checks Ed25519 signatures.
package succession
