package far

// Bounds of the protocol. Both sides keep to them; who does not is at fault.
const (
	MaxData  = 64 << 10 // bytes of a message
	MaxCaps  = 16       // capabilities in a message
	MaxText  = 512      // bytes of a reason's words
	MaxCID   = 128      // bytes of a CID as text
	MaxArg   = 32 << 10 // bytes of the argument of a spawn
	MaxName  = 64       // bytes of a process's name
	MaxHops  = 8        // nodes between a capability's user and its process
	MaxSpawn = 64       // spawns under way in each direction

	// MaxExports bounds the capabilities that one side holds of the other.
	MaxExports = 4096

	// Window and WindowBytes bound what is sent and not acknowledged.
	Window      = 256
	WindowBytes = 1 << 20
	// MaxPacket is the largest packet: a message with all that may be in it.
	MaxPacket = 96 << 10
)

// Bounds of one side's own.
const (
	// A message finds room while no more wait to be acknowledged. Links, ends
	// and the like find room up to maxControl: a peer that lets more pile up
	// is lost.
	maxQueue      = 1024
	maxQueueBytes = 2 << 20
	maxControl    = 16 << 10

	// What waits for mailboxes that are full, of one peer: its users' queues
	// when four of them fill. What is beyond is refused, and counted there.
	maxStash      = 4096
	maxStashBytes = 4 << 20

	// owed is how many packets are taken before an acknowledgement goes out
	// without waiting for ackAfter, in nanoseconds.
	owed     = 32
	ackAfter = 20e6
)

// Times, in nanoseconds, for Config. A side that has heard nothing for Dead
// while something is open takes the other for unreachable; it is asked for a
// sign of life every Beat.
const (
	DefaultBeat = 2e9
	DefaultDead = 10e9
	DefaultRest = 30e9
)
