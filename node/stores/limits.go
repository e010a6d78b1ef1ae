package stores

import (
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
)

const (
	// OwnerBytes and RegionBytes are what things of a player, and of the
	// region's owner, may keep. A value takes its bytes, its key's and
	// itemBytes.
	OwnerBytes  = 4 << 20
	RegionBytes = 256 << 20
	itemBytes   = 64

	// Patience is for how many ticks a server leaves a request to the one that
	// answers.
	Patience base.Tick = 40
	// Keep is for how many ticks of the region answers and idempotency keys
	// are kept: an hour.
	Keep base.Tick = 3600 * region.TickRate
	// sweepTicks is how often what is older is looked for.
	sweepTicks base.Tick = 600 * region.TickRate
	// again is when an answer that the region has not taken is sent once more.
	again base.Tick = 20

	// workers are the owners whose requests are carried out at the same time.
	workers = 4
	// doTime bounds one request. A region gives up after AskTicks.
	doTime = 20 * time.Second
	// takenTime is for how long a request is tried without another look whether
	// it still waits: a server that is cut off is told of no ticks.
	takenTime = time.Minute
	// sweepMost bounds the answers forgotten in one transaction.
	sweepMost = 90
)
