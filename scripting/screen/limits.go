package screen

const (
	// MaxCols and MaxRows bound a grid: more than a large terminal has.
	MaxCols = 240
	MaxRows = 100

	// MaxWidth and MaxHeight bound a picture, in pixels. A whole one is 1.2 MB,
	// thirty of which a second a browser still takes from its own machine.
	MaxWidth  = 640
	MaxHeight = 480

	// MaxTitle bounds a title, in bytes.
	MaxTitle = 80

	// MaxReach bounds the coordinates of what is drawn, which may lie outside.
	MaxReach = 1 << 14

	// MaxTone bounds a tone in seconds, MaxHertz what is heard.
	MaxTone  = 10
	MinHertz = 20
	MaxHertz = 16000

	// MinRate and MaxRate bound the samples of a second.
	MinRate = 8000
	MaxRate = 48000

	// MaxAhead bounds how much sound may wait, in seconds: what comes later
	// would be heard after what it belongs to.
	MaxAhead = 2.0

	// MaxChunk bounds the samples given at once, in bytes.
	MaxChunk = 16 << 10

	// MaxWatchers bounds those who watch one screen.
	MaxWatchers = 16

	// MaxEvent bounds what a person does at once, in bytes.
	MaxEvent = 256

	keptSounds = 32   // for those who watch; a chunk each at most
	toneAhead  = 0.01 // seconds that a tone counts: a hundred a second go on for ever
)
