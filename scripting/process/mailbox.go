package process

import (
	"slices"
	"sync"
	"sync/atomic"
)

// Pick says which letters a receive takes: those with one of the tags; the zero
// value takes any. A Down has the tag of its monitor, an Exit that of its link
// and a Timer its own number.
type Pick struct {
	Tags []int64
}

func (p *Pick) takes(l *Letter) bool {
	return len(p.Tags) == 0 || slices.Contains(p.Tags, l.Tag)
}

// mailbox is bounded in messages and bytes: a sender is told, never blocked,
// and what was refused is counted. Signals are bounded by who asks for them:
// see Process.hasRoom.
type mailbox struct {
	mu       sync.Mutex
	messages int32 // and room kept for more
	signals  int32
	bytes    int // of messages, and room kept
	shut     bool
	idle     bool // nobody works on it: whoever posts must wake
	refused  uint64
	taken    uint64
	queue    letters
}

// letterCost is what a message costs a budget besides its data: its place in
// the ring, and the headers.
const letterCost = 96

func (l *Letter) cost() int { return len(l.Data) + letterCost + 8*len(l.Caps) }

// post files a letter and says whether the owner must be woken.
func (b *mailbox) post(l *Letter, room *Budget) (wake bool, err error) {
	b.mu.Lock()
	switch {
	case b.shut:
		b.mu.Unlock()
		return false, ErrNoProcess
	case l.Signal != nil:
		b.signals++
	case !b.reserve(l.cost(), room):
		b.refused++
		b.mu.Unlock()
		return false, ErrFull
	}
	b.queue.push(l)
	wake, b.idle = b.idle, false
	b.mu.Unlock()
	return wake, nil
}

// reserve keeps room for a message of a cost. b.mu is held.
func (b *mailbox) reserve(cost int, room *Budget) bool {
	if b.messages >= MaxLetters || b.bytes+cost > MaxBytes || !room.Take(int64(cost)) {
		return false
	}
	b.messages++
	b.bytes += cost
	return true
}

// deliver puts a message into room of a cost that was reserved.
func (b *mailbox) deliver(l *Letter, cost int, room *Budget) (wake bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.shut {
		return false // close has given the room back
	}
	b.bytes -= cost - l.cost()
	room.Give(int64(cost - l.cost()))
	b.queue.push(l)
	wake, b.idle = b.idle, false
	return wake
}

// take gives the first letter that fits. When there is none and unless is given
// and holds nothing, the owner is idle from now on: the next post wakes it. Who
// stores into unless and then calls busy has been seen here, or sees idle there.
// pick may be nil for any.
func (b *mailbox) take(pick *Pick, unless *atomic.Pointer[Reason], room *Budget, l *Letter) (got, idle bool) {
	b.mu.Lock()
	for i := range b.queue.n {
		if pick != nil && !pick.takes(b.queue.nth(i)) {
			continue
		}
		b.queue.remove(i, l)
		if l.Signal == nil {
			b.messages--
			b.bytes -= l.cost()
			room.Give(int64(l.cost()))
		} else {
			b.signals--
		}
		b.taken++
		b.mu.Unlock()
		return true, false
	}
	b.idle = unless != nil && unless.Load() == nil
	idle = b.idle
	b.mu.Unlock()
	return false, idle
}

// busy marks the owner as awake.
func (b *mailbox) busy() (was bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	was, b.idle = b.idle, false
	return was
}

// waitingSignals is how many signals lie here.
func (b *mailbox) waitingSignals() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return int(b.signals)
}

// close drops what waits; later posts find nobody.
func (b *mailbox) close(room *Budget) {
	b.mu.Lock()
	room.Give(int64(b.bytes))
	b.queue, b.messages, b.signals, b.bytes, b.shut = letters{}, 0, 0, 0, true
	b.mu.Unlock()
}
