package wire

// Version is byte 0 of every message.
const Version = 1

// Bounds of what may arrive. A message over a bound is malformed as a whole.
const (
	// MaxMessage fits one datagram of the network (1,200 bytes less the
	// framing), so that no message needs more than one packet.
	MaxMessage = 1180
	// MaxEntries is the most avatars in one notice: 16 x 61 bytes.
	MaxEntries = 16
	// MaxMarks is the most avatars in one digest: 57 x 20 bytes.
	MaxMarks = 57
	// MaxKnown is the most avatars an asker may list: as many as a node
	// keeps direct relations with.
	MaxKnown = 256
	// MaxIDs is the most keys asked for at once; it equals MaxEntries, so
	// that one notice always answers.
	MaxIDs = MaxEntries
)

// Bytes of the fixed parts.
const (
	BodySize  = 28
	EntrySize = 32 + BodySize + 1
	MarkSize  = 20
)

// Sectors is the number of directions a node divides its surroundings into.
const Sectors = 24
