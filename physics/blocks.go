package physics

import "iter"

// blocks is how many parts a piece of work is cut into at most, when the
// driver lends workers: see World.SetParallel. The cuts follow from the work
// alone, and what the parts do does not depend on each other, so that neither
// the number of workers nor who takes which part can be seen in the result.
const blocks = 16

// jobs are the parts of a step that can be shared out, each for one block. They
// are made once: a method value made in a step would be garbage of that step.
type jobs struct {
	narrow, gather, match, start, prepare, pass, accelerate, travel, store, move func(block int)
}

// task is what the block functions of the moment are to do.
type task struct {
	from, to     int // bundles
	cuts         int // blocks of them
	pass         passKind
	rate, h      float32
	normal, firm soft
}

type passKind uint8

const (
	passWarm passKind = iota
	passBias
	passRelax
)

// hire makes the jobs of a new world.
func (w *World) hire() {
	if w.jobs.narrow != nil {
		return
	}
	w.jobs = jobs{w.narrowBlock, w.gatherBlock, w.matchBlock, w.startBlock, w.prepareBlock, w.passBlock, w.accelerateBlock, w.travelBlock, w.storeBlock, w.moveBlock}
}

// run calls f for each of n blocks.
func (w *World) run(n int, f func(int)) {
	if w.parallel == nil || n < 2 {
		for k := range n {
			f(k)
		}
		return
	}
	w.parallel(n, f)
}

// runBodies is run over the movers, of which few are not worth a worker.
func (w *World) runBodies(f func(int)) {
	const few = 256
	w.task.cuts = cuts(len(w.movers), few)
	w.run(w.task.cuts, f)
}

// runBundles is run over all bundles, see share.
func (w *World) runBundles(f func(int)) {
	w.task.cuts = cuts(len(w.bundles), 2*fewBundles)
	w.run(w.task.cuts, f)
}

// share gives the bundles of block k: of each colour the part that the same
// worker is likely to take in the passes. They are in its cache then; to fetch
// them from another processor's costs more than to work on them.
func (w *World) share(k int) iter.Seq[[]bundle] {
	return func(yield func([]bundle) bool) {
		from := 0
		for c, to := range w.spans {
			n := to - from
			lo, hi := 0, n
			switch {
			case c != colours && cuts(n, fewBundles) > 1:
				lo, hi = part(n, w.task.cuts, k)
			case k > 0:
				hi = 0
			}
			if lo < hi && !yield(w.bundles[from+lo:from+hi]) {
				return
			}
			from = to
		}
	}
}

// cuts is into how many blocks n pieces of work are cut when least of them are
// worth it.
func cuts(n, least int) int { return min(max(n/least, 1), blocks) }

// part k of n pieces of work that are cut into so many blocks.
func part(n, cuts, k int) (lo, hi int) { return n * k / cuts, n * (k + 1) / cuts }
