package physics

import (
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics/shape"
)

// scratch is reused from step to step to allocate nothing. Nothing in it
// outlives a step but what EachTouch shows: a restored world starts with none
// of it.
type scratch struct {
	events   []Event
	near     near
	pairs    []uint64         // index of a << 32 | index of b, sorted
	met      []met            // where shapes meet, in key order
	found    []shape.Manifold // how: one for each of met
	parent   []int32          // union-find
	marks    []bool           // of islands, by root
	movers   []int32          // the awake, as indexes of solids
	slots    []int32          // index in rows by index of solids; 0 = cannot move
	rows     []row
	masses   []mass
	feet     []footing // by mover
	next     []contact
	outcomes []outcome
	used     []uint32 // colours taken, by row
	tint     []uint8  // colour and number of points of each contact
	order    []int32  // contacts by colour
	ends     [colours + 1]int32
	bundles  []bundle
	spans    [colours + 1]int
	joined   []uint64 // as pairs: bodies that pass through each other
	tips     []tip    // of w.links
	rigs     []rig
	treads   []tread // wheels that stand on something, in order
	shares   []float32
	least    []float32 // of islands, by root
	gone     []bool    // by mover: out of the bounds
	catches  [blocks]catch
	jobs     jobs
	task     task
	buf      []byte
	encoder  base.Encoder
	prints   prints
	rooting  *rooting // nil until the first Root
	roused   bool     // the rest of a sleeper was broken
	fresh    bool     // found is of the last step
}

// grown is a slice of n zero values in the memory of s where it fits.
func grown[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/4)
	}
	s = s[:n]
	clear(s)
	return s
}
