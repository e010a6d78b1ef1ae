package raysim

import "math"

// Aim is what a figure should reach.
type Aim struct {
	Figure string
	Least  bool // at least Value; else at most
	Value  float64
	// Nodes limits the aim to worlds of about this size; 0 is any.
	Nodes int
}

// Aims are the figures this overlay is built to reach.
var Aims = []Aim{
	{"cold.solid_angle", true, 0.985, 0},
	{"cold.routing", true, 0.995, 0},
	{"cold8.solid_angle", true, 0.985, 0},
	{"cold8.routing", true, 0.995, 0},
	{"steady.coverage", true, 0.95, 0},
	{"steady.solid_angle", true, 0.998, 0},
	{"steady.routing", true, 0.9995, 0},
	{"steady.hops_mean", false, 5, 10_000},
	{"steady.hops_mean", false, 8, 100_000},
	{"steady.hops_mean", false, 11, 1_000_000},
	{"steady.components", false, 1, 0},
	{"steady.random_in_degree_skew", false, 4, 0},
	{"walking.recall", true, 0.995, 0},
	{"walking.awareness_p95_s", false, 1, 0},
	{"fast.recall", true, 0.97, 0},
	{"fast.awareness_p95_s", false, 1, 0},
	{"loss30.routing_after_5", true, 0.98, 0},
	{"loss50.routing_after_8", true, 0.98, 0},
	{"partition.one_component_cycles", false, 5, 0},
	{"partition.routing_after_15", true, 0.99, 0},
	{"malicious10.multipath", true, 0.99, 0},
	{"malicious20.multipath", true, 0.95, 0},
	{"sybil.honest_winners_min", true, 4, 0},
	{"slab.ground_routing", true, 0.99, 0},
	{"slab.offplane_routing", true, 0.98, 0},
	{"bytes_up_per_s", false, 4000, 0},
	{"bytes_up_max_over_mean", false, 4, 0},
	{"cpu_us_per_cycle", false, 60, 0},
}

// AimOf is the aim of a figure in a world of n nodes. Where aims depend on the
// size, the next larger one holds.
func AimOf(figure string, n int) (Aim, bool) {
	best, found := Aim{}, false
	size := math.MaxInt
	for _, a := range Aims {
		switch {
		case a.Figure != figure:
		case a.Nodes == 0:
			return a, true
		case n <= a.Nodes && a.Nodes < size:
			best, found, size = a, true, a.Nodes
		}
	}
	return best, found
}

// Reached says whether v is good enough.
func (a Aim) Reached(v float64) bool {
	if a.Least {
		return v >= a.Value
	}
	return v <= a.Value
}
