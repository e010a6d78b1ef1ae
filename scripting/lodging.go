package scripting

import (
	"fmt"
	"sync"

	"github.com/metatopia/metatopia/scripting/process"
)

// Bounds are what the processes that a peer may start here share: they are one
// tree, without grants, without the node's avatar and without its lumps.
type Bounds struct {
	Processes int    // at a time
	Memory    uint64 // bytes
	Gas       uint64 // from the agreement on; 0 for no bound
}

// Lodging is what a peer has of its bounds.
type Lodging struct {
	Bounds
	Alive int
	Used  uint64 // bytes
	Left  uint64 // of Gas
}

// lodgings are the trees of peers, by the text of their id.
type lodgings struct {
	mu sync.Mutex
	of map[string]*tree
}

// Lodge lets a peer start processes here, or changes its bounds: at once, but
// what lives beyond them stays. Gas is counted anew.
func (t *Processes) Lodge(peer string, b Bounds) error {
	if b.Processes <= 0 || b.Processes > defaultMax || b.Memory == 0 || b.Memory > MaxTreeMemory {
		return fmt.Errorf("scripting: %w: %d processes with %d bytes", ErrTooLarge, b.Processes, b.Memory)
	}
	t.lodgings.mu.Lock()
	defer t.lodgings.mu.Unlock()
	tr := t.lodgings.of[peer]
	if tr == nil {
		tr = &tree{grants: Grants{NoWorld: true, NoLumps: true}, memory: process.NewBudget(0), names: t.procs.NewNames(maxNames), lodger: peer}
		tr.gas.bounded = true
		if t.lodgings.of == nil {
			t.lodgings.of = map[string]*tree{}
		}
		t.lodgings.of[peer] = tr
	}
	tr.bounds = b
	tr.memory.SetMost(int64(b.Memory))
	tr.most.Store(int32(b.Processes))
	gas := int64(1 << 62)
	if b.Gas != 0 {
		gas = int64(min(b.Gas, 1<<62))
	}
	tr.gas.left.Store(gas)
	return nil
}

// Evict lets a peer start nothing more and ends all that it has here.
func (t *Processes) Evict(peer string) error {
	t.lodgings.mu.Lock()
	tr := t.lodgings.of[peer]
	delete(t.lodgings.of, peer)
	t.lodgings.mu.Unlock()
	if tr == nil {
		return nil
	}
	return t.killTree(tr)
}

// Lodged says how much of its bounds a peer uses.
func (t *Processes) Lodged(peer string) (l Lodging, ok bool) {
	t.lodgings.mu.Lock()
	defer t.lodgings.mu.Unlock()
	tr := t.lodgings.of[peer]
	if tr == nil {
		return l, false
	}
	return Lodging{Bounds: tr.bounds, Alive: int(tr.alive.Load()), Used: uint64(tr.memory.Used()), Left: uint64(max(tr.gas.left.Load(), 0))}, true
}

// SpawnFor starts a process for a peer. Of the spec its module, image, CID, name,
// argument, kind and priority count. Errors wrap ErrNoProcess when nothing is
// agreed, else as Spawn's.
func (t *Processes) SpawnFor(peer string, spec SpawnSpec, parent *process.Cap, trap bool) (*process.Cap, error) {
	t.lodgings.mu.Lock()
	tr := t.lodgings.of[peer]
	var b Bounds
	if tr != nil {
		b = tr.bounds
	}
	t.lodgings.mu.Unlock()
	if tr == nil {
		return nil, fmt.Errorf("scripting: spawn for %s: %w: nothing is agreed", peer, ErrNoProcess)
	}
	spec.Memory, spec.Gas, spec.Processes, spec.LogLevel, spec.Grants = b.Memory, 0, b.Processes, "", Grants{}
	if err := spec.check(); err != nil {
		return nil, fmt.Errorf("scripting: spawn for %s: %w", peer, err)
	}
	a, err := t.root(&spec, tr, parent, trap)
	if err != nil {
		return nil, fmt.Errorf("scripting: spawn for %s: %w", peer, err)
	}
	return a.proc.Cap(), nil
}

// reopen lets a peer's tree have processes again after all were killed.
func (t *Processes) reopen(tr *tree) {
	t.lodgings.mu.Lock()
	defer t.lodgings.mu.Unlock()
	if tr.lodger != "" && t.lodgings.of[tr.lodger] == tr {
		tr.most.Store(int32(tr.bounds.Processes))
	}
}

// told tells the ports of an end.
func (t *Processes) told(p *process.Process, r process.Reason) {
	if a := t.abroad.Load(); a != nil {
		a.Ports.Ended(p, r)
	}
}
