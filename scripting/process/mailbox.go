package process

import (
	"slices"
	"sync"
	"sync/atomic"
)

// Pick says which letters a receive takes; the zero value takes any.
type Pick struct {
	Tags []int64 // of messages and exits; empty is any
	// Signals says that signals are taken as well when Tags are given.
	Signals bool
}

func (p *Pick) takes(l *Letter) bool {
	if len(p.Tags) == 0 {
		return true
	}
	if l.Signal != nil && l.Signal.Kind != Exit {
		return p.Signals
	}
	return slices.Contains(p.Tags, l.Tag) || (l.Signal != nil && p.Signals)
}

// mailbox is bounded in messages and bytes: a sender is told, never blocked,
// and what was refused is counted.
type mailbox struct {
	mu       sync.Mutex
	queue    letters
	messages int
	bytes    int
	refused  uint64
	posted   uint64 // letters ever
	taken    uint64
	shut     bool
	idle     bool // nobody works on it: whoever posts must wake
}

// post files a letter and says whether the owner must be woken.
func (b *mailbox) post(l Letter) (wake bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.shut:
		return false, ErrNoProcess
	case l.Signal == nil && (b.messages >= MaxLetters || b.bytes+len(l.Data) > MaxBytes):
		b.refused++
		return false, ErrFull
	}
	if l.Signal == nil {
		b.messages++
		b.bytes += len(l.Data)
	}
	b.queue.push(l)
	b.posted++
	wake, b.idle = b.idle, false
	return wake, nil
}

// take gives the first letter that fits. When there is none and unless is given
// and holds nothing, the owner is idle from now on: the next post wakes it. Who
// stores into unless and then calls busy has been seen here, or sees idle there.
func (b *mailbox) take(pick *Pick, unless *atomic.Pointer[Reason]) (l Letter, got, idle bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.queue.n {
		if !pick.takes(b.queue.nth(i)) {
			continue
		}
		l = b.queue.remove(i)
		if l.Signal == nil {
			b.messages--
			b.bytes -= len(l.Data)
		}
		b.taken++
		return l, true, false
	}
	b.idle = unless != nil && unless.Load() == nil
	return Letter{}, false, b.idle
}

// busy marks the owner as awake.
func (b *mailbox) busy() (was bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	was, b.idle = b.idle, false
	return was
}

// close drops what waits; later posts find nobody.
func (b *mailbox) close() {
	b.mu.Lock()
	b.queue, b.messages, b.bytes, b.shut = letters{}, 0, 0, true
	b.mu.Unlock()
}
