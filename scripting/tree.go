package scripting

import (
	"fmt"
	"sync/atomic"

	"github.com/metatopia/metatopia/scripting/process"
)

// tree is a process that a person started and those that came of it: they share
// its budgets, its grants and its names.
type tree struct {
	root   uint64 // pid
	grants Grants
	level  int          // of the least lines that are logged
	most   atomic.Int32 // processes; 0 when the tree is being killed
	alive  atomic.Int32
	memory *process.Budget // linear memories, and messages that wait
	gas    gasPool
	web    webBudget
	names  *process.Names
	stored atomic.Int64 // bytes put into lumps
	lodger string       // peer for which it is; "" for this node itself
	bounds Bounds       // of a lodger; under lodgings.mu
}

// join counts one more process; ErrFull.
func (t *tree) join() error {
	if n, most := t.alive.Add(1), t.most.Load(); n > most {
		t.alive.Add(-1)
		return fmt.Errorf("%w: %d processes of one tree", ErrFull, most)
	}
	return nil
}

func (t *tree) leave() { t.alive.Add(-1) }

// close lets nobody in any more.
func (t *tree) close() { t.most.Store(0) }

// gasPool is a budget of gas.
type gasPool struct {
	bounded bool
	left    atomic.Int64
}

// take gives at most n, and less or nothing when there is no more.
func (p *gasPool) take(n int64) int64 {
	if !p.bounded {
		return n
	}
	for {
		left := p.left.Load()
		n = min(n, left)
		if n <= 0 || p.left.CompareAndSwap(left, left-n) {
			return max(n, 0)
		}
	}
}

// put gives back what was taken and not used.
func (p *gasPool) put(n int64) {
	if p.bounded {
		p.left.Add(n)
	}
}
