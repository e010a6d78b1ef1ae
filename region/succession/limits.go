package succession

const (
	// MaxServers bounds the servers of a region.
	MaxServers = 16

	// MaxPlayers bounds the players that are remembered: some 8 MB. When there
	// are so many, nobody new becomes a player.
	MaxPlayers = 65536

	// MaxJoined bounds those whom a login makes players: what is left is for bans
	// of keys that are not known.
	MaxJoined = MaxPlayers / 8 * 7

	// MaxHeads bounds how far back a login may name a head, in entries: with an
	// entry a minute five days.
	MaxHeads = 8192

	// MaxSuccessors bounds Settings.Successors.
	MaxSuccessors = 16

	// MaxDays bounds every number of days in Settings.
	MaxDays = 3660

	// MaxEntry bounds one entry, in bytes.
	MaxEntry = 5632

	// MaxBody bounds the body of an Act, in bytes: a slot of the largest value fits.
	MaxBody = 4608

	// MaxSnapshot bounds a snapshot, in bytes: all players and all heads.
	MaxSnapshot = 8 << 20

	// maxWall bounds the servers' clocks, in ms since 1970: some 9,000 years, so
	// that sums do not overflow.
	maxWall = 1 << 48
)

// Time of a region is counted in milliseconds.
const (
	Day = 86_400_000

	// gap is the most that one beat counts, and so the most that a jump of all
	// clocks, a backup or a time without servers does.
	gap = 3_600_000
)
