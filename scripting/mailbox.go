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
	wake  chan struct{} // holds one token when a message came
}

func newMailbox() *mailbox { return &mailbox{wake: make(chan struct{}, 1)} }

func (b *mailbox) put(m message) error {
	b.mu.Lock()
	if len(b.queue) >= MaxMailbox || b.bytes+len(m.data) > maxMailBytes {
		b.mu.Unlock()
		return ErrFull
	}
	b.queue = append(b.queue, m)
	b.bytes += len(m.data)
	b.mu.Unlock()
	select {
	case b.wake <- struct{}{}:
	default:
	}
	return nil
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
