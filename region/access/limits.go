package access

// Bounds of the state.
const (
	// MaxMembers bounds the players that something is kept about: 2 MB.
	MaxMembers = 16384

	// MaxInvited bounds the players that something is kept about when others than
	// admins invite: what is left is for roles, mutes and bans.
	MaxInvited = MaxMembers / 4 * 3

	// MaxAdmitted bounds the tickets in force.
	MaxAdmitted = 4096

	// MaxBackoffs bounds the peers and networks that wait after wrong passwords.
	MaxBackoffs = 1024

	// MaxAudit bounds the audit trail; older lines are in the log only.
	MaxAudit = 512

	// maxDepth bounds how far up the tree of invitations anything looks.
	maxDepth = 64
)

// Bounds of an entry.
const (
	MaxEntry = 1024 // bytes
	MaxText  = 120  // bytes of a reason
)

// Times, in ticks of 1/20 s.
const (
	Second = 20
	Minute = 60 * Second
	Hour   = 60 * Minute

	// MaxAhead bounds how long a signed command may wait to be counted.
	MaxAhead = Hour

	// MaxTicket bounds the life of a ticket.
	MaxTicket = 24 * Hour

	// KickTicks is how long who was kicked stays away at least, so that a node
	// that joins by itself does not undo it.
	KickTicks = 10 * Second

	// MaxMute bounds a mute with an end.
	MaxMute = 366 * 24 * Hour
)

// Bounds of password tries.
const (
	TriesPeer   = 5  // a minute, of one peer
	TriesNet    = 5  // a minute, of one network
	TriesRegion = 50 // a minute, of all

	backoffAfter = 5        // wrong ones in a row, from which on it doubles
	backoffMost  = 6        // doublings of a minute
	backoffLife  = 2 * Hour // after which it is forgotten
)

// RecordBytes is an OPAQUE record of ristretto255-SHA512 (RFC 9807).
const RecordBytes = 192
