package base

// Rand is PCG-XSH-RR 64/32 (O'Neill 2014): small, seekable by seed and the
// same on every CPU. It is not for secrets.
type Rand struct{ state, inc uint64 }

// NewRand gives the stream named by (seed, stream).
func NewRand(seed, stream uint64) *Rand {
	r := &Rand{inc: stream<<1 | 1}
	r.Uint32()
	r.state += seed
	r.Uint32()
	return r
}

// State exposes the two words for canonical snapshots.
func (r *Rand) State() (state, inc uint64) { return r.state, r.inc }

// SetState restores what State gave.
func (r *Rand) SetState(state, inc uint64) { r.state, r.inc = state, inc|1 }

func (r *Rand) Uint32() uint32 {
	old := r.state
	r.state = old*6364136223846793005 + r.inc
	x := uint32(((old >> 18) ^ old) >> 27)
	rot := uint32(old >> 59)
	return x>>rot | x<<((-rot)&31)
}

func (r *Rand) Uint64() uint64 { return uint64(r.Uint32())<<32 | uint64(r.Uint32()) }

// IntN is uniform in [0, n); it panics when n <= 0.
func (r *Rand) IntN(n int) int {
	if n <= 0 {
		panic("base: IntN of a bound that is not positive")
	}
	bound := uint64(n)
	// Rejection keeps it unbiased: the top partial block is thrown away.
	limit := ^uint64(0) - (^uint64(0)%bound+1)%bound
	for {
		if v := r.Uint64(); v <= limit {
			return int(v % bound)
		}
	}
}

// Float64 is uniform in [0, 1) with 53 bits.
func (r *Rand) Float64() float64 { return float64(r.Uint64()>>11) / (1 << 53) }
