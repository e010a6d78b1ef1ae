package wire

import "errors"

// What Parse and ParseRecord report, besides the errors of base.Decoder. All
// of them mean that the peer sent something no correct node sends.
var (
	ErrVersion = errors.New("raynet/wire: unknown version")
	ErrType    = errors.New("raynet/wire: unknown message type")
	ErrField   = errors.New("raynet/wire: field out of range")
	ErrSize    = errors.New("raynet/wire: message too long")
)
