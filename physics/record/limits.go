package record

const (
	// MaxBytes bounds a recording: an hour of a thousand bodies that rarely
	// get a command, with a state each second, has 360 MB.
	MaxBytes = 512 << 20

	// MaxSteps is two hours at 60 Hz.
	MaxSteps = 2 * 3600 * 60

	// MaxState bounds one snapshot: a full world (16,384 bodies, all touching)
	// has 25 MB.
	MaxState = 64 << 20

	// MaxLabel bounds the words that say whose recording it is, in bytes.
	MaxLabel = 256
)
