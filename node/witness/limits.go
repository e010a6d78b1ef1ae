package witness

import (
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/agree"
)

const (
	// keepPoints is for how many votes the hashes of the parts are kept: so long
	// others can ask.
	keepPoints = 32
	// keepHashes is for how many ticks the state hash is kept.
	keepHashes = 512
	// baseTicks is how often a state is kept from which ticks are made again,
	// keepBases how many of them.
	baseTicks = base.Tick(160)
	keepBases = 3
	// maxRecords bounds the records kept since the oldest of them, in bytes.
	maxRecords = 64 << 20
	// keepCertificates is for how many votes certificates are kept: a checkpoint
	// of the last minutes has its own among them.
	keepCertificates = 512

	// MaxMessage bounds a message, MaxAnswer an answer, in bytes.
	MaxMessage = agree.MaxCertificate + 16
	MaxAnswer  = 40 << 10

	maxPart    = 128 // bytes of a part's name
	maxBuckets = 64  // in an answer
	maxHashes  = 64
	// maxQuestions bounds what all others together may ask between two votes.
	maxQuestions = 128

	// askWait is how long another server may take to answer, asks how many
	// questions one investigation puts to a server.
	askWait = 5 * time.Second
	asks    = 256
	// maxFound bounds the parts that a report names.
	maxFound = 32
	// keepReports is how many divergences stay on the disk.
	keepReports = 8
)
