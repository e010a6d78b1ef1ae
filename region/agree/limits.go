package agree

import (
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/succession"
)

const (
	// Every is the ticks between two votes: 0.4 s.
	Every base.Tick = 8

	// Window bounds the votes that are collected at a time: the newest tick
	// applied and so many before and after it.
	Window = 32

	// Patience is for how many ticks a tick whose votes differ may wait for the
	// votes that are missing. Then nobody is right.
	Patience base.Tick = 64

	// MaxMembers bounds the servers with and without a vote, each.
	MaxMembers = succession.MaxServers

	// MaxWitnesses is how many servers without a vote are drawn for each vote.
	MaxWitnesses = 2

	// MaxVote and MaxCertificate bound the encodings, in bytes.
	MaxVote        = 256
	MaxCertificate = MaxVote + MaxMembers*96
)
