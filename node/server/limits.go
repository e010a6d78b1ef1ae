package server

import "time"

const (
	tickLength = time.Second / 20

	// groupTicks is how many ticks may wait for the disk when none of them
	// has to be durable: half a second of walking.
	groupTicks = 10
	// checkpointTicks bounds the log, and so the time of a restart: 30 s of
	// ticks replay in less than a second.
	checkpointTicks = 600
	// checkpointBytes bounds the log when players write much: the file does
	// not shrink again.
	checkpointBytes = 16 << 20
	// writeQueue bounds the ticks the disk may lag behind. Beyond it the sim
	// waits: its time slips, nothing is lost.
	writeQueue = 64

	maxClients       = 256
	maxClientsPerKey = 4
	// maxPending bounds the inputs one client may have waiting for a tick.
	// Its reader stops taking frames until the next one.
	maxPending = 32
	// maxBorderPending bounds one neighbour's messages waiting for a tick; a
	// neighbour sends about a dozen a second, and may lose any.
	maxBorderPending = 128
	// maxBorderBytes is the same in bytes: a border full of moving bodies
	// takes 60 kB in a tick. All neighbours together leave room for players.
	maxBorderBytes = 128 << 10
	maxInbox       = 4096
	maxInboxBytes  = 3 << 20
	// keptInbox and keptInboxBytes are kept for control entries, so that no
	// flood keeps the owner from acting.
	keptInbox      = 512
	keptInboxBytes = 512 << 10
	// outQueue bounds the messages waiting for one client. Views are not
	// queued: a slow client gets the newest, less often.
	outQueue = 256
	// talkQueue is how many may wait when another spoken line is left out:
	// the rest is for answers.
	talkQueue = outQueue / 2
	// stuckTicks is how long a client may take to accept one write.
	stuckTicks = 200
	// helloWait is how long a stream may be silent at first.
	helloWait = 10 * time.Second
	// farewellWait is how long a client may take to accept why it is refused.
	farewellWait = 2 * time.Second
	// awayTicks is how long an avatar stays when no stream of its player is
	// open here: the node is gone, or has not found this region yet.
	awayTicks = 600
	// beatTicks is how often a client whose view does not change is told the
	// tick.
	beatTicks = 20

	// A module that cannot be loaded (its provider is not connected yet) is
	// tried so often, with a pause that doubles.
	loadTries = 6
	loadPause = 2 * time.Second
)
