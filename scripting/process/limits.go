package process

const (
	// MaxLetters and MaxBytes bound the messages that wait in a mailbox. A
	// message counts with its data and 96 bytes.
	MaxLetters = 1024
	MaxBytes   = 1 << 20
	// MaxSignals bounds the signals that wait and those that may still come:
	// nobody gets a link, monitor or timer for whose signal there is no room.
	MaxSignals = 4096
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

	// MaxName bounds a name, in bytes.
	MaxName = 128

	// turns is how often those of a higher priority may go first while one of
	// a lower waits.
	turns = 8

	// batch is how many letters a handler is given in one turn at most, if
	// they are cheap.
	batch = 64
)
