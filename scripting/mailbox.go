package scripting

import "sync"

// message waits in a mailbox. from is the sending process, 0 for the node.
type message struct {
	from uint64
	data []byte
}

// mailbox is bounded in messages and bytes: a sender is told, never blocked.
type mailbox struct {
	mu    sync.Mutex
	queue []message
	bytes int
	// Room kept for messages that will come for certain.
	kept      int
	keptBytes int
	wake      chan struct{} // holds one token when a message came
}

func newMailbox() *mailbox { return &mailbox{wake: make(chan struct{}, 1)} }

func (b *mailbox) put(m message) error {
	b.mu.Lock()
	if !b.fits(len(m.data)) {
		b.mu.Unlock()
		return ErrFull
	}
	b.add(m)
	b.mu.Unlock()
	b.nudge()
	return nil
}

// fits tells whether there is room for one more message. b.mu is held.
func (b *mailbox) fits(n int) bool {
	return len(b.queue)+b.kept < MaxMailbox && b.bytes+b.keptBytes+n <= maxMailBytes
}

// add appends. b.mu is held.
func (b *mailbox) add(m message) {
	b.queue = append(b.queue, m)
	b.bytes += len(m.data)
}

func (b *mailbox) nudge() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// reserve keeps room for a message of at most n bytes, which deliver puts in;
// false when there is none.
func (b *mailbox) reserve(n int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.fits(n) {
		return false
	}
	b.kept++
	b.keptBytes += n
	return true
}

// deliver puts a message into the room of n bytes that reserve kept.
func (b *mailbox) deliver(m message, n int) {
	b.mu.Lock()
	b.kept--
	b.keptBytes -= n
	b.add(m)
	b.mu.Unlock()
	b.nudge()
}

// take gives the first message; one larger than size is given but stays.
func (b *mailbox) take(size int) (m message, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.queue) == 0 {
		return message{}, false
	}
	m = b.queue[0]
	if len(m.data) <= size {
		b.queue[0] = message{} // the array is reused; do not keep the bytes alive
		b.queue = b.queue[1:]
		b.bytes -= len(m.data)
	}
	return m, true
}

// empty drops what waits, for a process that has ended.
func (b *mailbox) empty() {
	b.mu.Lock()
	b.queue, b.bytes = nil, 0
	b.mu.Unlock()
}

func (b *mailbox) len() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.queue)
}
