package lumps

import "errors"

var (
	// ErrNotFound: no lump of that name here, or no node that has it could be
	// reached.
	ErrNotFound = errors.New("lump not found")

	// ErrCorrupt: the bytes a store held under a name do not hash to it. The
	// store has set them aside: the lump is now absent and may be fetched or
	// put again.
	ErrCorrupt = errors.New("lump corrupt")

	// ErrMismatch: the bytes offered for a name do not hash to it. Nothing
	// was stored.
	ErrMismatch = errors.New("bytes do not match the lump's name")

	// ErrTooLarge: bytes, content or a limit asked for go past a bound.
	ErrTooLarge = errors.New("lump too large")

	// ErrBadRef: not the canonical text or bytes of a CIDv1 with sha2-256 and
	// codec raw or dag-pb.
	ErrBadRef = errors.New("not a lump reference")

	// ErrFull: the store's byte bound is reached. Nothing was stored.
	ErrFull = errors.New("lump store full")

	// ErrClosed: the store or the exchange was closed.
	ErrClosed = errors.New("lumps closed")
)
