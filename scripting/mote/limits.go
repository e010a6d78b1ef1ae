package mote

// Bounds on a program.
const (
	MaxSource = 64 << 10  // bytes of its text: what a message holds
	MaxModule = 512 << 10 // bytes of the module

	maxNest    = 64  // expressions or statements within each other
	maxLocals  = 256 // of a function, with its parameters
	maxParams  = 32
	maxFuncs   = 1024 // with imports
	maxGlobals = 256  // with constants
	maxName    = 64   // bytes
	maxImport  = 64   // bytes of an interface's name
	maxPages   = 64   // of 64 KiB that a program may ask for: what a handler has

	dataStart = 16 // no text is at address 0
)
