package ports

import "time"

const (
	// maxPorts bounds the peers with which something is open, or was lately.
	maxPorts = 64
	// idleAfter is when a port without anything open is forgotten.
	idleAfter = 30 * time.Second

	// A peer's packets are read at this rate at most; what is beyond waits, in
	// the network and then at the peer, whose senders are told.
	packetRate  = 20_000
	packetBurst = 4_000

	// maxUnsent is how many packets may wait to be written: a window and
	// answers. A peer that reads none loses its stream.
	maxUnsent = 2_048
	// maxWrite is about what one write carries, in bytes.
	maxWrite = 64 << 10

	// stashPause is how often mailboxes that were full are tried again.
	stashPause = 20 * time.Millisecond

	// dialPause is the first pause after a stream that could not be opened or
	// broke at once; it doubles up to dialPauseMost.
	dialPause     = 100 * time.Millisecond
	dialPauseMost = 4 * time.Second

	// SpawnWait bounds how long a spawn on another node waits for its answer:
	// that node may have to fetch the module.
	SpawnWait = 45 * time.Second

	// byeWait is how long a node that stops waits for its last words to go.
	byeWait = 500 * time.Millisecond
)
