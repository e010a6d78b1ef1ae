package scripting

import (
	"runtime"
)

// grant gives the next slice of gas and remembers it; 0 when the budget is
// spent.
func (a *actor) grant() int64 {
	n := a.tree.gas.take(gasSlice)
	a.granted += n
	return n
}

// slice is called when a slice is used up: the point where a process can be
// killed and lets others run.
func (g *guest) slice() {
	a := g.p
	now := a.table.now()
	if a.since != 0 {
		a.cpu.Add((now - a.since) * a.weight)
	}
	a.note(g.left())
	if a.proc.Yield() != nil {
		panic(ErrKilled)
	}
	runtime.Gosched() // the node's own work is not in the process's line
	a.since, a.weight = a.table.now(), 1
	// One instruction may take more than a slice: to grow the memory by 1 MiB.
	left, more := g.left(), int64(0)
	for left < 0 || more == 0 {
		if more = a.grant(); more == 0 {
			break
		}
		left += more
	}
	g.gas.Set(uint64(left))
	if left < 0 {
		panic(ErrOutOfGas)
	}
}

// note publishes what was used; left is of the gas that was granted.
func (a *actor) note(left int64) {
	a.gas.Store(a.granted - left)
	if a.g.memory {
		a.bytes.Store(int64(a.g.mod.Memory().Size()))
	}
}

// sampling is how many stretches of work there are for one that is timed: to
// look at the clock costs as much as a small handler.
const sampling = 16

// resume begins a stretch of work: after a wait, or with a letter.
func (a *actor) resume() {
	a.turns++
	if (a.turns+uint32(a.proc.ID()))%sampling == 0 {
		a.since, a.weight = a.table.now(), sampling
	}
}

// pause ends it. What is left of the slice goes back if the tree's gas is
// bounded, so that one that waits holds none; else a slice that is half used up
// is filled up.
func (a *actor) pause() {
	if a.since != 0 {
		a.cpu.Add((a.table.now() - a.since) * a.weight)
		a.since = 0
	}
	if a.g.mod == nil {
		return
	}
	left := a.g.left()
	a.note(left)
	a.hogged = left < gasSlice/2
	switch {
	case a.tree.gas.bounded && left > 0:
		a.tree.gas.put(left)
		a.granted -= left
		a.g.gas.Set(0)
	case !a.tree.gas.bounded && a.hogged:
		a.g.gas.Set(uint64(left + a.grant()))
	}
}
