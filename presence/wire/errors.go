package wire

import "errors"

// What Parse reports, besides the errors of base.Decoder. All of them mean
// that the peer sent something no correct node sends.
var (
	ErrVersion = errors.New("presence/wire: unknown version")
	ErrType    = errors.New("presence/wire: unknown message type")
	ErrField   = errors.New("presence/wire: field out of range")
	ErrSize    = errors.New("presence/wire: message too long")
)
