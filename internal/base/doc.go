// Package base holds the few value types that every core shares: identities,
// ticks, a seeded random source and the canonical byte encoding. It imports
// nothing of ours, starts no goroutine and reads no clock.
//
// All integers that are stored, hashed or sent are fixed width and
// little-endian; see Encoder and Decoder.
package base
