package door

import "time"

const (
	// Protocol is what streams are opened with; the region's id follows.
	Protocol = "/metatopia/access/3/"

	// patience bounds one stream. Argon2 takes the client seconds on a slow
	// machine.
	patience = 90 * time.Second

	// maxAtOnce bounds the streams that a region serves at once.
	maxAtOnce = 64

	// maxOfPeer bounds those of one peer.
	maxOfPeer = 4

	// tries to number an entry of one's own that others overtake.
	numberings = 4

	// maxDrawn bounds the keys that a server keeps. Only admins have some drawn,
	// and all but the last are forgotten when a password is set.
	maxDrawn = 64

	// MaxPassword and MinPassword bound a password, in bytes.
	MaxPassword = 1024
	MinPassword = 1

	// maxLines bounds a report.
	maxLines   = 512
	maxMembers = 1024
)

// Sizes of OPAQUE's messages with ristretto255-SHA512 (RFC 9807).
const (
	sizeKE1      = 96
	sizeKE2      = 320
	sizeKE3      = 64
	sizeRequest  = 32
	sizeResponse = 64
	sizeNonce    = 32
	sizeMAC      = 32
	sizeSeed     = 64
	sizeSecret   = 32
)
