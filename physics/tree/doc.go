// Package tree finds what overlaps what: a binary tree of axis-aligned boxes
// over leaves that move.
//
// A leaf keeps a fat box, larger than what it stands for, so that most moves
// change nothing. Add, Move and Remove only note a change; Refit brings the tree
// up to date, by placing new leaves where they add least surface (surface-area
// heuristic; Goldsmith and Salmon, 1987; Catto, "Dynamic Bounding Volume
// Hierarchies", 2019), or by building the whole tree anew when that is cheaper
// or the tree got bad. Pairs and Cross find the overlaps in which at least one
// leaf changed since Settle: who keeps the pairs of the step before need not
// look for the others.
//
// The tree is a function of its history, and so is the order in which it visits
// leaves. What must not depend on history has to be sorted, and the exact test
// made, by the caller.
//
// Nothing is allocated once the tree has seen its most leaves. Depth is bounded
// by MaxDepth, so that walks need a bounded stack. One goroutine at a time may
// use a Tree; coordinates must be finite and of at most MaxCoord.
package tree
