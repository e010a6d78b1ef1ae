// Package history keeps the log of a region beyond what a restart needs: states
// and the records between them, in files of a directory, within a bound of bytes
// and ticks. Past ticks are made again from it. It is a copy: when it is damaged
// or lost the region goes on, and the past begins anew.
//
// A file SEGMENT.past begins with the line "metatopia history 1" and holds
// frames: length u32 of what follows the checksum, CRC-32C u32, kind u8, body.
// The first is a state (kind 1: tick u64, record sum 32, state hash 32, then the
// snapshot), all others are records (kind 2) of the ticks after it, in order, or
// times (kind 3: tick u64, Unix milliseconds i64). A file whose end was cut off
// counts up to its last whole frame.
package history
