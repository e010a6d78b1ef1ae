// Package wire holds the messages of the interest layer and their bytes: it
// parses and appends, and knows nothing of what they mean.
//
// A message is version u8, type u8, then the fields, little-endian, without
// varints. Anything after the last field is an error. What parses encodes to
// the same bytes again. docs/protocol/presence.md has the table.
//
// A message is immutable once built: a simulator hands the same pointer to
// many receivers.
package wire
