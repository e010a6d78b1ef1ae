package physics

// scratch is reused from step to step to allocate nothing. Nothing in it
// outlives a step: a restored world starts with none of it.
type scratch struct {
	events  []Event
	sweep   []uint64
	pairs   []uint64 // index of a << 32 | index of b, sorted
	parent  []int32  // union-find
	awake   []bool
	motions []motion // one per solid, and one more for the ground
	next    []contact
	joints  []joint
	late    []joint
	shares  []float32
	buf     []byte
}

// grown is a slice of n zero values in the memory of s where it fits.
func grown[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	s = s[:n]
	clear(s)
	return s
}
