package shard

import (
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/region/handoff"
)

const (
	maxSteps      = 12
	maxNeighbours = 16

	// MaxMessage bounds a border message: it must pass pubsub's 64 KiB with
	// its envelope.
	MaxMessage = 48 << 10

	// MaxGhosts bounds the ghosts of one neighbour, maxGhosts those of all.
	MaxGhosts = 256
	maxGhosts = 512

	// MaxPayload bounds what travels with one body.
	MaxPayload = 34 << 10

	// maxRelease bounds how long ago a body may have been released and still
	// be moved on to now, ticks.
	maxRelease = base.Tick(100)
	// maxReruns bounds the work of that in one tick, in steps of one body,
	// and maxStill what stands around it.
	maxReruns = 6000
	maxStill  = 256
)

// What counts as the same motion, in metres, m/s, rad/s and half radians: a
// little more than rounding on the wire makes.
const (
	samePlace = 0.001
	sameSpeed = 0.002
	sameSpin  = 0.01
	sameTurn  = 0.0005
)

// What a contact decides, in the same units: the solver leaves so much of the
// speed of a body that lies on something, and lets it sink so far.
const (
	trembleSpeed = 0.3
	tremblePlace = 0.01
	trembleSpin  = 0.3
	trembleTurn  = 0.005
	sameFace     = 0.95 // cosine from which on two directions are one
	maxFaces     = 3
)

// farOff is the difference, in metres, from which on a ghost is put where its
// owner says instead of being moved by the difference.
const farOff = 2

// Bounds on what one message says.
const (
	maxTick        = 1 << 48
	maxAge         = 1 << 20
	maxHandle      = 1 << 48 // handles are never used twice on a link
	maxIntros      = 128     // each about 120 bytes; the rest waits a tick
	maxMeets       = 64
	maxBonds       = 256
	maxTies        = 32   // each about 155 bytes
	maxGhostJoints = 4096 // of a whole world: above it no neighbour's joint is taken

	introBytes = 1 + 16 + 1 + physics.BodyBytes + 1
	moveBytes  = 1 + 1 + 3
	bondBytes  = 150
)

const (
	// maxTrip is the longest round trip that is believed, ticks: 10 s.
	maxTrip = 200
	// maxMiss bounds the handles asked for in one word.
	maxMiss = 64
	// maxLater bounds the words of one neighbour that wait for their tick.
	maxLater = 8
)

// restoreAfter is how long a ghost may lie elsewhere than its owner's last word
// of rest says, ticks: as long as a push takes to be known over there and back.
const restoreAfter = base.Tick(30)

// Geometries that come from neighbours.
const (
	pieceBytes = 32 << 10 // of a geometry in one message
	maxFetches = 8        // geometries on their way from one neighbour
	// maxForms and maxFormBytes bound what one neighbour may make this region
	// keep, maxAllForms and maxAllFormBytes what all may: a quarter of what
	// physics holds.
	maxForms        = 64
	maxFormBytes    = 4 << 20
	maxAllForms     = 512
	maxAllFormBytes = 16 << 20
	// maxKept bounds all that is kept: besides those, what was released.
	maxKept = maxAllForms + maxNeighbours*handoff.MaxOutstanding*handoff.MaxNeeds
	// maxFormTriangles bounds a mesh of a neighbour's: building it takes some
	// 3 µs a triangle, 12 ms, at most once in a tick, and once in parseEvery
	// ticks of one neighbour when maxParses are used up.
	maxFormTriangles = 4096
	parseEvery       = base.Tick(10)
	maxParses        = 32
	formKeep         = base.Tick(200) // ticks that a geometry is kept unused
	fetchKeep        = base.Tick(200) // and asked for when nothing wants it any more
	askAfter         = base.Tick(12)  // ticks without a piece after which it is asked for again
	retellWithin     = base.Tick(3)   // ticks after the last piece in which the bodies of a geometry are introduced
	askMost          = base.Tick(100) // the same after several times
	evidenceBytes    = 4 << 10        // of a geometry that is kept as evidence
)

// What a neighbour may do. An honest one stays far below; see
// docs/protocol/border.md.
const (
	maxMass  = 1e5                      // kg of one body that moves
	maxHalf  = 64                       // m, half size of one that moves
	maxSpeed = physics.MaxSpeed * 1.001 // m/s of a ghost
	// releaseReach is how far behind the border a body may be that is handed
	// over, m: at the highest speed it goes so far during a slow hand-off.
	releaseReach = 80
	maxStray     = 16 // m on this side of the border up to which a ghost counts
	maxReach     = 24 // m over the border that a ghost may stretch
	fixedStray   = 1  // the same of one that nothing pushes
	fixedReach   = 8
	ghostFlags   = physics.Static | physics.Upright | physics.Sensor | physics.Bullet
	maxJump      = 3               // m that a ghost may be from where it was thought, for whatever reason
	freePush     = 5               // N·s that any word may add
	pushBudget   = 100000          // N·s that words may add in pushTicks
	pushTicks    = 100             // ticks
	forgive      = 20              // ticks after which a strike is forgiven
	maxStrikes   = 20              // that make a neighbour judged
	judgedFor    = base.Tick(600)  // ticks
	maxEvidence  = 8               // messages kept before a judgement
	maxOdd       = 20              // digests in a row that differ
	maxWords     = 8               // words of one neighbour that count in one tick
	spokenFor    = base.Tick(8)    // ticks after a word of its owner in which no other is believed about a ghost
	askEvery     = 20              // ticks between questions after a ghost that was let out
	maxEarly     = base.Tick(20)   // ticks that a word may wait for its time
	wallAfter    = base.Tick(10)   // ticks of silence after which ghosts are walls: 0.5 s
	vanishAfter  = base.Tick(60)   // and after which they vanish: 3 s
	fixedAfter   = base.Tick(1200) // and those that never move: a minute
)

// How bodies near a border are told.
const (
	maxLag      = 20 // ticks of lag that widen the band
	shapeAhead  = 3  // times as early is a body with a geometry told of: that takes two questions
	bandMargin  = 3  // m between the nearest bodies of both sides
	bandKeep    = 2  // m farther away before a body is forgotten
	maxBand     = 32 // m
	bandTicks   = 20 // ticks out of reach before a body is forgotten
	introTimes  = 2  // times that an introduction and a parting are said
	restTimes   = 3  // times that a body at rest is told of
	steerEvery  = 3  // ticks between words about how a vehicle is steered
	flightEvery = 5  // ticks between words about a body in free flight
	heartbeat   = 4  // ticks between words that say nothing
	digestEvery = 20 // ticks between sums of all bodies
)

// Who owns what touches across a border.
const (
	// mixedFor is how long an island must have had two owners before one of
	// them gets the rest, ticks: a ball that bounces off is not worth it.
	mixedFor = base.Tick(5)
	// maxIsland bounds the bodies that are judged as one, and maxMoved those
	// of them that one region hands over at once. What hangs together in
	// greater numbers stays where it is, with two owners: see hugeBeyond.
	maxIsland = 128
	maxMoved  = 32
	// hugeBeyond is how far a body of a greater island must be past the
	// border to be handed over alone, m.
	hugeBeyond = 3
	// slowest is how fast what is offered before it crosses must go, m/s.
	slowest = 0.25
	// maxLead bounds the lag that such offers make up for.
	maxLead = base.Tick(10)
	// maxAhead bounds the transfers to one neighbour beside which there are
	// such offers: the rest of handoff.MaxOutstanding is for what has crossed.
	maxAhead = handoff.MaxOutstanding * 3 / 4
	// earlyFor is how long such an offer, or one of what came back a little,
	// stays open, and earlyPause how long after it there is no other, ticks.
	earlyFor   = base.Tick(40)
	earlyPause = base.Tick(40)
	// maxOffers bounds the groups offered in one tick.
	maxOffers = 16
)

// crossing is when a body, or the centre of an island, has crossed.
var crossing = handoff.Policy{Distance: 0.5, Far: 4, Dwell: 10}

// Touches across a border, reported by both sides.
const (
	pairWithin   = base.Tick(3)  // ticks that the two reports may differ by
	pairDeadline = base.Tick(40) // ticks after which the other side's is given up
	maxMeetings  = 256           // waiting, of one neighbour
	arbiterSpeed = 10            // m/s that an arbiter may add
)
