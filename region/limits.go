package region

import "github.com/metatopia/metatopia/region/shard"

// Rates of the sim.
const (
	TickRate = 20 // ticks a second
	Substeps = 3  // physics steps in a tick, each 1/60 s
)

// Bounds on what a region holds. A thing costs about 1 kB of memory; one that
// lies still and has nothing to do costs next to nothing in a tick.
const (
	MaxThings     = 8192 // owned things, avatars included
	MaxPlayers    = 1024 // avatars
	MaxGhosts     = 512  // bodies of all neighbours together
	MaxNeighbours = 16
	MaxModules    = 256  // scripts known to be loaded, or known to be broken
	maxSaid       = 32   // servers whose word about a module is kept
	MaxGone       = 4096 // players who left, kept so that their inputs cannot be replayed

	// handoffSlack things may come on top of MaxThings: a released thing must
	// always find room, or it would be lost.
	handoffSlack = 256
)

// Bounds on what comes from outside.
const (
	MaxBatch      = 4096                  // entries in one batch
	MaxBatchBytes = 4 << 20               // all entry bodies of one batch
	MaxInputBytes = 8 << 10               // a signed input; the largest writes one slot
	MaxBorder     = shard.MaxMessage + 64 // a border message: must pass pubsub's 64 KiB with its envelope
	MaxSlotBytes  = 30 << 10              // all slots of a thing: with its session it must fit a border message, or it could not cross
	MaxControl    = 40 << 10              // a control entry: one thing, or all neighbours
	MaxSnapshot   = 320 << 20             // as many things as there may be, with all that they may hold

	MaxText       = 512 // bytes of a spoken line
	MaxName       = 64  // bytes of a name of a thing or a region
	MaxPlayerName = 32  // bytes of a player's name
	MaxKind       = 24
	MaxWorldName  = 128 // bytes of the world's id (a CID)

	MaxSlots     = 32
	MaxSlotName  = 32
	MaxSlotValue = 4 << 10
	MaxLumpName  = 128 // bytes of a CID in text form
)

// MaxSeq bounds a player's sequence number, so that the epoch of an avatar,
// which starts at seq<<16, never wraps. Unix milliseconds fit.
const MaxSeq = 1 << 47

// Bounds on what a tick does.
const (
	MaxInbox   = 64 // events an actor keeps; the excess is dropped and counted
	MaxFromOne = 16 // script events of one source that an actor keeps
	// A tick's scripts may take 16 M instructions, some 10 to 30 ms of one
	// core: what they leave of the 50 ms is for everything else.
	TickGas        = 16_000_000 // instructions of all scripts in a tick; the last one may go beyond
	ActorGas       = 4_000_000  // for one script event
	ActorShare     = 1_000_000  // after which an actor's other events wait for the next tick
	minFuel        = 20_000     // what a script is thought to take at least
	maxWave        = 16         // actors whose scripts run at the same time
	MaxScriptSets  = 16         // slot writes of one script event
	MaxScriptSays  = 2          // lines said by one script event
	MaxScriptLogs  = 8
	MaxScriptSends = 16      // messages of one script event
	MaxScriptTxns  = 4       // transactions of one script event
	MaxTimers      = 8       // that run for one thing
	MaxTimer       = 1 << 24 // ticks
	MaxTxnReads    = 16
	MaxTxnWrites   = 8

	MaxScriptProposals = 16 // of one script event

	// Requests to the region's store (ask.go).
	MaxScriptAsks = 4   // of one script event
	MaxThingAsks  = 8   // that wait for one thing
	MaxOwnerAsks  = 32  // that wait for things of one owner
	MaxAsks       = 256 // that wait in a region
	MaxStoreSteps = 8   // of one request
	MaxStoreKey   = 128 // bytes of a key
	MaxStoreList  = 64  // items of one list
	MaxStoreItems = MaxStoreSteps * MaxStoreList
	MaxAskBytes   = 8 << 10 // keys and values of one request
	MaxAnswer     = 8 << 10 // keys and values of one answer
	AskTicks      = 600     // for which a request waits: 30 s

	maxIdentity = 6                     // slots that say whose code it is
	maxChanges  = 4                     // changes of scripts tried in a tick
	changeTicks = 1200                  // how long a change waits for its script to be loaded: 60 s
	settleTicks = 6000                  // how long servers that disagree about a module may: 5 min
	MaxOwn      = 64                    // things of a player who makes, takes or is given more
	MaxMade     = 4.0                   // metres that a player's thing may be long
	MakeReach   = 8.0                   // metres from the avatar to where it puts a thing
	MoveReach   = 4.0                   // metres to what it moves, takes, gives or lends
	MaxLoan     = 30 * 86400 * TickRate // ticks
	UndoTicks   = 600 * TickRate        // for which a deleted thing can be had back
	maxBin      = 128                   // deleted things kept for that
	maxBinOne   = 8                     // of one owner
	MaxTies     = 8                     // joints that hold one thing
	maxTieArm   = 16.0                  // metres from the middle of a thing to where it is held
	TieReach    = 4.0                   // metres from the avatar to what it ties
	MaxLooks    = 8                     // looks of one script event
	MaxLook     = 32.0                  // metres that one may be long, and that it may begin from the thing
	MaxPush     = 10.0                  // m/s that a script may add to its thing's velocity in a tick
	MaxLogLine  = 256
	MinEvery    = 10 // ticks between "tick" events, at least
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

	// GhostBand is how far from a border plane a line is heard over it.
	GhostBand       = 12.0
	departedLife    = 60  // ticks for which a released thing stays as a ghost, unheard
	rollBrake       = 3.0 // m/s², what grass takes from a rolling ball
	bumpImpulse     = 0.4
	bumpEvery       = 20  // ticks between "touch" events by collision for one thing
	lineTicks       = 5   // ticks that a spoken line costs
	lineBurst       = 8   // lines a player may say at once
	borderLines     = 16  // lines of one neighbour in a tick; more come again as echoes
	hearEchoes      = 3   // times a line is sent over the border; pubsub may lose some
	maxRelays       = 64  // regions with which messages between things are counted
	maxRelayed      = 256 // such messages on their way to one neighbour
	maxRelayedOne   = 32  // of one source
	relayTick       = 64  // to one neighbour, or from one, in a tick
	relayAgain      = 6   // ticks until they are said again, doubling
	relayMost       = 100 // at most
	relayLife       = 600 // ticks without an acknowledgement until they are given up
	relayBytes      = 32 << 10
	maxLetters      = 64 // in one border message
	letterBytes     = 16 + 16 + 4 + 8 + 4 + 1
	maxHops         = 8 // borders that one crosses: its receiver may be on the way too
	maxRelayNumber  = 1 << 62
	maxEchoes       = 64      // lines waiting for their next sending
	hearWindow      = 64      // spoken lines of one neighbour told apart
	stuckTicks      = 15      // ticks without way before a walker steps aside
	asideTicks      = 18      // ticks it walks aside
	maxPending      = 1 << 15 // events waiting for the next tick, all actors together
	maxDeparted     = 256     // released things still shown
	maxWalk         = 4096.0  // metres to a walk target
	snapshotVersion = 15
	maxAccess       = 4 << 20             // bytes of region/access's state
	domainInput     = "metatopia/input/1" // domain of player signatures
)
