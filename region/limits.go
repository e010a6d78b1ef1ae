package region

import "github.com/metatopia/metatopia/internal/base"

// Rates of the sim.
const (
	TickRate = 20 // ticks a second
	Substeps = 3  // physics steps in a tick, each 1/60 s
)

// Bounds on what a region holds. A thing costs about 1 kB of memory and a few
// microseconds a tick, so that a full region still fits a tick on one core.
const (
	MaxThings     = 1024 // owned things, avatars included
	MaxPlayers    = 128  // avatars
	MaxGhosts     = 512  // bodies of all neighbours together
	MaxNeighbours = 16
	MaxModules    = 256  // scripts known to be loaded, or known to be broken
	MaxGone       = 4096 // players who left, kept so that their inputs cannot be replayed

	// handoffSlack things may come on top of MaxThings: a released thing must
	// always find room, or it would be lost.
	handoffSlack = 256
)

// Bounds on what comes from outside.
const (
	MaxBatch      = 4096      // entries in one batch
	MaxBatchBytes = 4 << 20   // all entry bodies of one batch
	MaxInputBytes = 8 << 10   // a signed input; the largest writes one slot
	MaxBorder     = 48 << 10  // a border message: must pass pubsub's 64 KiB with its envelope
	MaxSlotBytes  = 30 << 10  // all slots of a thing: with its session it must fit a border message, or it could not cross
	MaxControl    = 40 << 10  // a control entry: one thing, or all neighbours
	MaxSnapshot   = 128 << 20 // refuses a damaged length before allocating

	MaxText       = 512 // bytes of a spoken line
	MaxName       = 64  // bytes of a name of a thing or a region
	MaxPlayerName = 32  // bytes of a player's name
	MaxKind       = 24
	MaxWorldName  = 128 // bytes of the world's id (a CID)

	MaxSlots      = 32
	MaxSlotName   = 32
	MaxSlotValue  = 4 << 10
	MaxLumpName   = 128 // bytes of a CID in text form
	maxBorderRefs = 256 // ghosts in one border message
)

// MaxSeq bounds a player's sequence number, so that the epoch of an avatar,
// which starts at seq<<16, never wraps. Unix milliseconds fit.
const MaxSeq = 1 << 47

// Bounds on what a tick does.
const (
	MaxInbox      = 64 // events an actor keeps; the excess is dropped and counted
	MaxEventsTick = 8  // script events one actor handles in a tick
	// A tick's scripts may take 16 M instructions, some 10 to 30 ms of one
	// core: what they leave of the 50 ms is for everything else.
	MaxScriptsTick = 32      // script events of all actors in a tick
	EventGas       = 500_000 // instructions for one script event
	MaxScriptSets  = 16      // slot writes of one script event
	MaxScriptSays  = 2       // lines said by one script event
	MaxScriptLogs  = 8
	maxIdentity    = 6    // slots that say whose code it is
	maxChanges     = 4    // changes of scripts tried in a tick
	changeTicks    = 1200 // how long a change waits for its script to be loaded: 60 s
	MaxPush        = 10.0 // m/s that a script may add to its thing's velocity in a tick
	MaxLogLine     = 256
	MinEvery       = 10 // ticks between "tick" events, at least
)

// Distances in metres, speeds in metres per second, times in ticks.
const (
	HearRadius    = 30.0
	ThrowReach    = 2.5
	TouchReach    = 3.0
	MaxThrowSpeed = 15.0
	MaxThrowMass  = 20.0 // kg
	WalkSpeed     = 3.0
	MaxSteerSpeed = 6.0
	arriveWithin  = 0.35
	avatarAccel   = 25.0 // m/s²
	avatarHalfY   = 0.9
	avatarHalfXZ  = 0.3

	SteerTicks = 40 // a steer input lapses after 2 s

	// GhostBand is how near to a border plane a body is told to the
	// neighbour: wider than what a body crosses while a message travels.
	GhostBand       = 12.0
	ghostStray      = 4.0 // metres on this side of the border up to which a neighbour's word about a body counts
	ghostReach      = 8.0 // metres by which its body may reach over the border
	maxGhostWords   = 512 // words of one neighbour in a tick: each is up to two commands, and physics takes 32,768
	ghostEvery      = 2   // ticks between messages about moving bodies
	ghostStill      = 10  // ticks between messages about standing ones
	ghostLife       = 24  // ticks of silence after which a ghost is forgotten
	ghostHold       = 3   // ticks for which a touched ghost ignores its owner's older word
	departedLife    = 60  // ticks for which a released thing stays as a ghost, unheard
	rollBrake       = 3.0 // m/s², what grass takes from a rolling ball
	bumpImpulse     = 0.4
	bumpEvery       = 20            // ticks between "touch" events by collision for one thing
	lineTicks       = 5             // ticks that a spoken line costs
	lineBurst       = 8             // lines a player may say at once
	borderLines     = 16            // lines of one neighbour in a tick; more come again as echoes
	hearEchoes      = 3             // times a line is sent over the border; pubsub may lose some
	maxEchoes       = 64            // lines waiting for their next sending
	hearWindow      = 64            // spoken lines of one neighbour told apart
	stuckTicks      = 15            // ticks without way before a walker steps aside
	asideTicks      = 18            // ticks it walks aside
	maxPending      = 1024          // events waiting for the next tick, all actors together
	maxDeparted     = 256           // released things still shown
	maxWalk         = 4096.0        // metres to a walk target
	handoffDwell    = base.Tick(10) // ticks between two hand-offs of one thing
	handoffBeyond   = 0.5           // metres past the plane before a thing is handed on
	snapshotVersion = 2
	snapshotRules   = 3                   // with rules in front
	domainInput     = "metatopia/input/1" // domain of player signatures
)
