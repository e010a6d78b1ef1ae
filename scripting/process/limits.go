package process

const (
	// MaxLetters and MaxBytes bound what waits in a mailbox. Signals are not
	// counted: there is at most one for each link, monitor and timer.
	MaxLetters = 1024
	MaxBytes   = 1 << 20
	// MaxMessage bounds the data of one message, in bytes, and MaxCaps the
	// capabilities in it.
	MaxMessage = 64 << 10
	MaxCaps    = 16

	// MaxHandles bounds the capabilities that a process holds.
	MaxHandles = 4096
	// MaxLeash bounds how often what can be taken back is handed on so that
	// it can be taken back again: each use of a capability looks at all.
	MaxLeash = 16

	// MaxLinks, MaxMonitors and MaxTimers are for one process.
	MaxLinks    = 1024
	MaxMonitors = 1024
	MaxTimers   = 256

	// MaxNames bounds a registry, maxName the bytes of a name in it.
	MaxNames = 1 << 16
	maxName  = 128

	// turns is how often those of a higher priority may go first while one of
	// a lower waits.
	turns = 8

	// batch is how many letters a handler is given in one turn at most, if
	// they are cheap.
	batch = 64
)
