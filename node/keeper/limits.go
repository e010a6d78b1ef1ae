package keeper

import "time"

const (
	// MaxRegions bounds the regions that a node keeps, its own included.
	MaxRegions = 256
	// generations is how many whole checkpoints of a region are kept: the
	// newest, and one more in case it proves to be of no use.
	generations = 2
	// DefaultQuota is what the checkpoints of other nodes' regions may take, in
	// bytes, unless the person says otherwise.
	DefaultQuota = 4 << 30

	// A region is asked about every askEvery; while that leads to nothing,
	// half as often each time, down to askSeldom.
	askEvery  = 15 * time.Second
	askSeldom = 2 * time.Minute
	// roundsAtOnce bounds the regions that are asked about and fetched at the
	// same time.
	roundsAtOnce = 4
	// forgetEvery is how often the lumps of checkpoints let go are deleted:
	// each time all pinned contents are looked through.
	forgetEvery = 10 * time.Minute
	// maxBad bounds the roots remembered as no checkpoints.
	maxBad = 16
)
