package server

import "time"

const (
	tickLength = time.Second / 20

	// groupTicks is how many ticks may wait for the disk when none of them
	// has to be durable: half a second of walking.
	groupTicks = 10
	// showEvery: of ticks made one right after the other, every so many can be
	// seen.
	showEvery = 16
	// checkpointTicks bounds the log, and so the time of a restart: 30 s of
	// ticks replay in less than a second.
	checkpointTicks = 600
	// PointTicks divides the ticks of checkpoints that several servers make:
	// their votes certify the states after those.
	PointTicks = 8
	// checkpointBytes bounds the log when players write much: the file does
	// not shrink again.
	checkpointBytes = 16 << 20
	// writeQueue bounds the ticks the disk may lag behind. Beyond it the sim
	// waits: its time slips, nothing is lost.
	writeQueue = 64

	// maxWorkers bounds the goroutines that share the work of a tick.
	maxWorkers = 16

	maxClients       = 1024
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

	// What views may take, bytes a second: of all clients together, of one at
	// least and at most. firstView is what a client gets beyond that of things it
	// has not seen yet, to see where it is.
	viewBytes = 5_500_000
	leastView = 10_000
	mostView  = 256 << 10
	firstView = 512 << 10
	// nearView is how far is looked at in every tick, m, and farEvery how often
	// the rest is, ticks, when there is more than crowdedViews to look at.
	nearView     = 24
	farEvery     = 4
	crowdedViews = 100_000
	// seatTicks is how long the seat of who left stays empty: longer than a
	// client may be stuck.
	seatTicks = 2 * stuckTicks
	// poseBytes and entityBytes are what a pose and an entity without its texts
	// take.
	poseBytes   = 42
	deltaBytes  = 30 // of an empty delta
	entityBytes = 144

	// freezeAfter is how long a region with several servers may agree on no
	// tick before inputs are refused: choosing a new leader takes less.
	freezeAfter = 3 * time.Second
	// fetchWait bounds how long one server of several looks for a module that
	// the others run.
	fetchWait = 20 * time.Second
	// keepPoints is for how many checkpoints the log is kept: so long may a
	// server that joins take to fetch one.
	keepPoints = 4
	// presentFor is how long another server's word about its clients holds.
	presentFor = 20 * time.Second
	maxServers = 16 // those of the past included
	// againTicks is when a leader's own entry that had no effect is sent again.
	againTicks = 10

	// A module that cannot be loaded (its provider is not connected yet) is
	// tried so often, with a pause that doubles.
	loadTries = 6
	loadPause = 2 * time.Second
	// lackTicks is how soon one of several looks again for a module that it said
	// it lacks.
	lackTicks = 1200
)
