// Package raysim runs overlay protocols at the size of a world: up to a
// million nodes in one process, with latency, loss, crashes and splits, and an
// oracle that knows the exact Voronoi neighbours of everybody.
//
// A protocol is a Machine for each node. The Engine gives it events and takes
// its effects; time is simulated. Nodes are divided among shards that run at
// the same time. A message takes at least the link's least latency, so within
// a window of that length no shard can affect another, and a run gives the
// same result whatever the number of shards.
//
// A scenario builds a world, lets time pass, disturbs it and measures; see
// Scenarios. A cycle is one second of simulated time.
package raysim
