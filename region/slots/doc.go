// Package slots keeps values under keys for longer than a region's memory
// reaches: accounts, cold slots and indices of a region's owner. The slots of
// things are not here: they are part of a region's replicated state
// (package region), and a script touches a store only through a request that
// is carried out on one node and answered by an entry of the log.
//
// # Contract
//
// Store is strictly serializable: there is one order of all transactions that
// explains every result, and a transaction that began after another was
// answered stands after it. Versions rise with every committed transaction, in
// that very order, so that the state at a version is one that there was.
//
// Run may call its function many times: it must be pure but for the Tx. A
// transaction whose reads have changed meanwhile runs again, with growing
// pauses, at most MaxAttempts times and for MaxTime. The idempotency key is
// written in the transaction that it names: a second Run with that key does
// nothing and gives the first one's version, for as long as the key is not
// compacted. That is how a commit whose answer was lost is found out.
//
// # How
//
// The transactions are the same over every Engine (optimistic concurrency
// control with backward validation, Kung and Robinson 1981): reads come from
// one snapshot, writes wait in memory, and Commit is told the snapshot's
// version and what was read. The engine checks that none of it has been
// written since, and writes, in one atomic step of its own. Engines are in
// packages of their own: bolt, postgres, etcd; package open picks one by a
// text, package slotstest holds all of them to this contract.
//
// Everything here may be called from several goroutines at once, but for a Tx,
// which belongs to the call that it was given to.
package slots
