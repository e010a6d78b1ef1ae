// Package stores carries out what scripts ask of a region's store
// (region/slots): on a node that has the store open, outside the sim, once for
// each request however often servers fail meanwhile. The answer goes back to the
// region as an entry of its log, so replicas and replays need no store.
//
// # Exactly once
//
// A request's id, which is made of the log, is the idempotency key of its
// transaction. What the transaction found is written with it, under the id too:
// who is asked again gives the same answer. Both are forgotten after Keep; a
// server that makes no ticks, or is late, carries nothing out after takenTime, so
// none comes back to a request that old.
//
// # Who carries it out
//
// Every server of the region may have the store open. The one whose answer came
// last goes on at once, or the leader when there was none; the others take what
// has waited for Patience ticks. That two do the same harms nothing, and the
// region takes the first answer.
//
// # Layout
//
// All keys of a region begin with its id in hexadecimal:
//
//	R/store             the id of this store, 16 bytes
//	R/o/OWNER/KEY       kind u8 (1 int, 2 text, 3 bytes, 4 lump, 5 bool), value
//	R/u/OWNER           bytes that an owner has taken, a number (slots.Number)
//	R/a/TICK/REQUEST    the answer given; TICK in 16 hexadecimal digits
//
// A Carrier may be called from several goroutines at once.
package stores
