package overlay

import (
	"sync"

	"github.com/metatopia/metatopia/raynet"
)

// inbox holds what the core has not taken yet: messages of peers, of which
// those over the bound are dropped, and everything else, which comes first.
type inbox struct {
	wake chan struct{} // holds a token while there is something

	mu       sync.Mutex
	control  []raynet.Input
	messages []raynet.Input
}

func (b *inbox) put(in raynet.Input, message bool) bool {
	b.mu.Lock()
	lane, limit := &b.control, maxControl
	if message {
		lane, limit = &b.messages, maxMessages
	}
	ok := len(*lane) < limit
	if ok {
		*lane = append(*lane, in)
	}
	b.mu.Unlock()
	select {
	case b.wake <- struct{}{}:
	default:
	}
	return ok
}

// take moves everything into batch.
func (b *inbox) take(batch []raynet.Input) []raynet.Input {
	b.mu.Lock()
	defer b.mu.Unlock()
	batch = append(append(batch, b.control...), b.messages...)
	clear(b.control)
	clear(b.messages)
	b.control, b.messages = b.control[:0], b.messages[:0]
	return batch
}
