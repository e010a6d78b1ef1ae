package access

import "github.com/metatopia/metatopia/internal/base"

// Rights is what region/succession decides and this package builds on, as it is
// before the entry that is judged.
type Rights interface {
	// Epoch of the region, raised by each recovery.
	Epoch() uint64
	// Admin reports whether a key has an admin's powers, a temporary one's
	// included.
	Admin(base.Key) bool
	// Senior reports whether the second key may do nothing against the first: a
	// permanent admin who was appointed earlier.
	Senior(a, than base.Key) bool
	// MayBan reports whether an admin may ban: a temporary one may not everywhere.
	MayBan(base.Key) bool
	// Banned reports whether a key is banned. There is one list of banned keys,
	// and it is not in this package.
	Banned(base.Key) bool
	// Server reports whether a key is a server of the region.
	Server(base.Key) bool
}

// Verify checks a signature by Ed25519.
type Verify func(key base.Key, msg, sig []byte) bool

// Signature is Ed25519.
type Signature [64]byte
