package arena

import (
	"errors"
	"fmt"
	"math/bits"
	"sync"
	"sync/atomic"
)

// ErrBudget: the memories of the arena may not grow together. ErrRefused: the
// operating system gives no more addresses or files.
var (
	ErrBudget  = errors.New("no memory left for guests")
	ErrRefused = errors.New("the system refuses memory for guests")
)

// Arena hands out memories.
type Arena struct {
	budget uint64
	used   atomic.Uint64 // bytes that memories and images could make resident
	live   atomic.Int64  // memories not given back
	maps   atomic.Int64  // slots with an image mapped into them
	files  atomic.Int64
	most   int64 // of maps
	closed atomic.Bool

	classes [maxClass + 1]class // by the logarithm of the slot's size
}

// New makes an arena whose memories have at most budget bytes together; 0
// means no bound.
func New(budget uint64) *Arena {
	if budget == 0 {
		budget = 1 << 62
	}
	a := &Arena{budget: budget, most: mapLimit()}
	for i := range a.classes {
		a.classes[i].size = 1 << i
	}
	return a
}

// Close gives the addresses back. While memories are in use it only stops
// handing out: a leak is better than a fault.
func (a *Arena) Close() error {
	a.closed.Store(true)
	if a.live.Load() != 0 {
		return nil
	}
	var err error
	for i := range a.classes {
		err = errors.Join(err, a.classes[i].close())
	}
	return err
}

// Stats is what an arena has handed out.
type Stats struct {
	Memories int    // in use
	Mapped   int    // slots with an image mapped into them
	Used     uint64 // bytes that could become resident, of memories and images
	Budget   uint64
}

// Stats looks at the arena.
func (a *Arena) Stats() Stats {
	return Stats{Memories: int(a.live.Load()), Mapped: int(a.maps.Load()), Used: a.used.Load(), Budget: a.budget}
}

// charge takes n bytes from the budget.
func (a *Arena) charge(n uint64, must bool) error {
	for {
		used := a.used.Load()
		if !must && n > a.budget-min(used, a.budget) {
			return fmt.Errorf("%w: %d MiB of %d are in use, %d KiB more are asked for", ErrBudget, used>>20, a.budget>>20, n>>10)
		}
		if a.used.CompareAndSwap(used, used+n) {
			return nil
		}
	}
}

// Room tells whether n bytes more could be had now: nil, or an error that wraps
// ErrBudget.
func (a *Arena) Room(n uint64) error {
	err := a.charge(n, false)
	if err != nil {
		return fmt.Errorf("arena: %w", err)
	}
	a.refund(n)
	return nil
}

func (a *Arena) refund(n uint64) { a.used.Add(-n) }

// class gives the size class for so many bytes.
func (a *Arena) class(n uint64) *class {
	n = max(n, minSlot)
	return &a.classes[bits.Len64(n-1)]
}

// class is the slots of one size.
type class struct {
	size int

	mu     sync.Mutex
	hot    [][]byte // zero, and their pages are there
	hotN   int      // of them, and of slots that are being cleared to become so
	free   [][]byte // zero, the last used last
	fresh  []byte   // of the last chunk: never used
	chunks [][]byte
	closed bool
}

// take gives a slot full of zeros.
func (c *class) take() ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.hot); n > 0 {
		slot := c.hot[n-1]
		c.hot = c.hot[:n-1]
		c.hotN--
		return slot, nil
	}
	if n := len(c.free); n > 0 {
		slot := c.free[n-1]
		c.free = c.free[:n-1]
		return slot, nil
	}
	if len(c.fresh) < c.size {
		chunk, err := reserve(c.size)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrRefused, err)
		}
		c.chunks = append(c.chunks, chunk)
		c.fresh = chunk
	}
	slot := c.fresh[:c.size:c.size]
	c.fresh = c.fresh[c.size:]
	return slot, nil
}

// put takes a slot back, which must be zero.
func (c *class) put(slot []byte) {
	c.mu.Lock()
	c.free = append(c.free, slot)
	c.mu.Unlock()
}

// putUsed takes a slot back of which the first n bytes may not be zero. A few
// are cleared and keep their pages: the next guest has them without a fault.
func (c *class) putUsed(slot []byte, n uint64) {
	c.mu.Lock()
	hot := c.size <= smallSlot && c.hotN < hotBytes/c.size
	if hot {
		c.hotN++
	}
	c.mu.Unlock()
	if !hot {
		// An error cannot be with these arguments; the slot would be lost.
		if discard(slot[:n]) == nil {
			c.put(slot)
		}
		return
	}
	clear(slot[:n])
	c.mu.Lock()
	c.hot = append(c.hot, slot)
	c.mu.Unlock()
}

// restore takes back a slot with a file mapped into its first n bytes.
func (c *class) restore(slot []byte, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed && unmapFile(slot[:n]) == nil { // else the slot is gone or lost
		c.free = append(c.free, slot)
	}
}

func (c *class) close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var err error
	for _, chunk := range c.chunks {
		err = errors.Join(err, release(chunk))
	}
	c.chunks, c.hot, c.free, c.fresh, c.closed = nil, nil, nil, nil, true
	return err
}
