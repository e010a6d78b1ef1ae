package raynet

import (
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
)

// Score says what one candidate is worth to a view around an origin.
type Score struct {
	// Contribution is the volume the cell would grow by without the
	// candidate, in m³ up to a factor common to all candidates.
	Contribution float64
	// Rays is how many directions the candidate wins: 0 means that it is
	// not a neighbour as far as the selector can see.
	Rays int
	// Backup is how many directions it would win if their winner left.
	Backup int
}

// Selector judges candidates. Implementations are pure functions of their
// arguments: rng is the only source of chance, s only lends memory. dst has the length of cands
// and is overwritten. No candidate equals origin.
type Selector interface {
	Select(s *Scratch, dst []Score, origin spatial.Pos, box spatial.Box, cands []spatial.Pos, rng *base.Rand)
}
