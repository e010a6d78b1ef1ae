package member

import "time"

const (
	// MaxRequest bounds an encoded request: a site record and a little.
	MaxRequest = 2 << 10
	// MaxReply bounds an encoded reply.
	MaxReply = 128 << 10
	maxText  = 512
	// maxPoints bounds the checkpoints that a server offers, maxBase the base
	// of the log that goes with each, maxCertificate what proves its state.
	maxPoints      = 8
	maxBase        = 16 << 10
	maxCertificate = 1 << 10
	// MaxPresent bounds the players that a server names.
	MaxPresent = 512
	maxMembers = 32

	// MaxVoters bounds the servers that decide.
	MaxVoters = 7
	// NearTicks is how little a learner may lag before it gets a vote.
	NearTicks = 40
	// MinRate is how much faster than real time a learner must have replayed,
	// in hundredths: one that is slower would fall behind under load, unless it
	// keeps up for SteadyFor.
	MinRate   = 150
	SteadyFor = 2 * time.Minute
	// ProvenFor is enough for one that came from behind at ProvenRate or more: what
	// it has made since it came tells more than the seconds in which it waits for
	// the next tick.
	ProvenFor  = 4 * time.Second
	ProvenRate = 300
)

// Times are what a leader goes by when it changes the servers. Usual are those
// that regions run with.
type Times struct {
	Near time.Duration // how long a learner must have lagged less than NearTicks
	Dead time.Duration // how long a voter may be silent before a learner takes its place
}

// Usual times.
var Usual = Times{Near: 10 * time.Second, Dead: 60 * time.Second}
