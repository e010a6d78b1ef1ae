// Package record keeps the history of a physics.World so that it can be run
// again and compared: a start state, the commands of every step and the hash
// of the state after it. It only appends and parses; its caller reads and
// writes the files.
//
// Replay runs a recording on this machine and names the first step after which
// the state is not the recorded one. Compare does so for the recordings of two
// replicas of one shard. Both then name the first body, contact and field in
// which the states differ, if the recording holds a state from that step on:
// a recorder that keeps every state (Options.Every = 1) shows the very step,
// one that keeps a state now and then what the difference grew into.
//
// # Format
//
// Little-endian; vec is 3 and quat 4 f32, whose bits are kept even when a world
// refuses them. A recording that ends within a record is good up to there: its
// writer crashed.
//
//	"MTREC", u8 version = 1
//	records  u8 kind, u32 length, body
//
//	1 start  label str, u64 steps before the first, config (f32 gravity,
//	         f32 dt, u32 substeps, u32 max bodies, bool sleepless, bool open,
//	         vec min, vec max), snapshot bytes; the first record and no other
//	2 step   u32 n, n commands (command.go), u64 hash of the state after it
//	3 state  snapshot bytes: the state after the last step
package record
