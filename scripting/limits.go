package scripting

import (
	"time"

	"github.com/metatopia/metatopia/scripting/admit"
	"github.com/metatopia/metatopia/scripting/process"
)

// Bounds on an engine.
const (
	maxLoaded      = 64             // compiled modules kept when nothing uses them: native code is some 4 times the wasm
	maxLoadedWork  = 32 << 20       // their complexity together: hard code is some 14 bytes of native code a unit
	maxCache       = 1 << 30        // bytes of compiled modules kept on disk over a start
	maxModules     = 1024           // admitted modules remembered
	maxModuleBytes = 256 << 20      // their rewritten bytes together
	maxOwnWork     = maxHandlerWork // complexity that this process compiles itself: a tenth of a second; a child costs some 20 ms more
	maxHard        = 4096           // modules remembered as too hard to compile
	hardFor        = 10 * time.Minute
	defaultPages   = 1024 // pages of memory a module may ever have: 64 MiB
)

// Bounds on instances and images.
const (
	defaultBudget   = 1 << 30  // bytes of all memories, at least
	maxIdle         = 64       // instances of a module that wait for work
	maxIdleBytes    = 64 << 20 // what those of all modules keep
	idleWeight      = 32 << 10 // of one, besides its memory
	maxCalls        = 8        // calls that an instance keeps ready
	imageGas        = 20 << 20 // of a start that is kept: some 20 ms
	maxHandlerImage = 1 << 20  // bytes of a handler's image that are stored: pages of 4 KiB that are not zero
	imageSeed       = 1        // of the randomness in a handler's start
)

// Bounds on a handler. It is instantiated for every event, so it must be
// small; what it may do is bounded so that one thing cannot fill a region.
const (
	maxHandlerSize  = 256 << 10 // rewritten bytes
	maxHandlerPages = 64        // 4 MiB
	maxHandlerWork  = 1 << 18   // complexity: 0.1 s to compile, some 4 MB of native code; it may be loaded within a tick
	handlerDepth    = 1 << 17   // units of 8 bytes: 1 MB of native stack

	// A driver is one module for all scripts in its language, compiled once.
	// PUC Lua has 330 KB when it is rewritten, a complexity of 700,000 (0.3 s
	// to compile) and a machine whose every nested call may take 180 KB.
	maxDriverSize = 512 << 10
	maxDriverWork = 1 << 20
	driverDepth   = admit.Depth

	maxPush      = 10.0 // m/s added to the velocity of a thing by one event, each way
	maxSets      = 16
	maxSays      = 2
	maxLogs      = 8
	maxLogText   = 256 // bytes of a handler's log line
	maxSlotName  = 32
	maxSlotValue = 4 << 10
)

// maxTries bounds protected calls within each other, of any guest: each has a
// stack of the engine, 10 KB and more.
const maxTries = 200

// maxLibraryParams bounds the parameters of a library's function.
const maxLibraryParams = 16

// MaxText is the most bytes of a spoken line.
const MaxText = 512

// Bounds on a process.
const (
	DefaultMemory = 32 << 20 // bytes of a tree
	MaxTreeMemory = 64 << 30
	MaxMemory     = defaultPages << 16 // of one process
	MaxMessage    = process.MaxMessage // bytes
	MaxMailbox    = process.MaxLetters // messages
	maxArgs       = 64
	maxArgBytes   = 32 << 10 // all arguments together
	maxProcName   = 64
	maxLine       = 1 << 10 // bytes of a log line
	maxLines      = 256     // lines kept of a process,
	maxLineBytes  = 64 << 10
	maxTags       = 16       // of one receive
	maxWait       = 1 << 40  // milliseconds: 35 years
	maxCID        = 128      // bytes of its text
	maxNames      = 4096     // in a tree
	maxSupervised = 256      // children of a supervisor
	maxLump       = 4 << 20  // bytes of a lump a process reads
	maxPut        = 1 << 20  // bytes of a lump that a process stores
	maxStored     = 16 << 20 // of all that a tree stores,
	putWeight     = 1 << 10  // each with as much besides
	maxNearby     = 256
	maxSends      = 4        // lumps that a process sends at the same time
	maxSentText   = 1024     // bytes of the message about one that was sent
	maxSendNote   = 200      // bytes
	maxPeerText   = 128      // bytes of a peer id
	maxGrants     = 64       // peers that a process is granted
	maxRandom     = 64 << 10 // bytes of one request
	keepExited    = 64       // exited processes still listed
	defaultMax    = 1 << 20  // processes alive

	DefaultProcesses = 256 // of a tree

	maxSupervision = 16 << 10 // bytes of the text that says what to supervise
)

// Bounds on what processes ask of the web.
const (
	maxHost      = 253 // bytes of a name in the DNS
	maxURL       = 2048
	maxMediaType = 128
	maxWebBody   = 256 << 10 // bytes sent
	maxWebAnswer = 1 << 20
	maxWebOpen   = 4  // questions of a tree at a time
	webBurst     = 30 // that it may ask at once, and then one a second
	webTime      = 30 * time.Second
)

// Bounds on the lines of all processes together.
const (
	maxAllLines     = 1024
	maxAllLineBytes = 256 << 10
	journalFile     = 4 << 20 // bytes, about
	journalFiles    = 4
	journalQueue    = 1024
	journalPause    = 100 * time.Millisecond // between batches: 10,000 lines a second at most
)

// gasSlice is what a process runs before it lets others run and looks whether
// it was killed: a tenth of a millisecond on a fast machine.
const gasSlice = 100_000

// killWait is how long Kill waits for a process that does not stop: only one
// inside a call of World can take so long.
const killWait = 5 * time.Second

// Gas of host calls beyond the static cost of a call.
const (
	gasPerBytesShift = 3      // 8 bytes moved between guest and host
	gasWorld         = 2000   // a call of World, which takes locks and the network
	gasLine          = 500    // a line of a process's log
	gasSend          = 64     // a message
	gasSpawn         = 20_000 // a process
	gasVector        = 32     // a range of a scattered write

	gasStart        = 5000 // a handler's start: the instance,
	startGlobal     = 4    // a global,
	startMemory     = 6    // 64 bytes of memory,
	startCodeShift  = 2    // 4 bytes of the module when its start is run,
	startTableShift = 2    // 4 entries of tables
)
