// Package wire holds the byte formats of the overlay: it appends and parses,
// and does nothing else. Every message is flat and little-endian:
//
//	byte 0   version, 1
//	byte 1   type
//	...      the fields of the type, in the order docs/protocol/raynet.md gives
//
// Counts are one byte, lengths two. A message has exactly one encoding: what
// Parse accepts, Append writes again byte for byte. Framing (a length before
// each message) belongs to whoever carries the bytes.
//
// Parse never allocates more than the message's own length asks for; see
// limits.go. Nothing here checks a signature: a parsed Record is a claim.
package wire
