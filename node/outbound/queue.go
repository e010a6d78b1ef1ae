package outbound

import (
	"context"
	"encoding/binary"
	"io"
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/base"
)

const (
	// maxQueued bounds what waits for a server, beside Config.MaxBytes.
	maxQueued = 4096
	// maxWrite is what one write to a stream carries, or one message.
	maxWrite = 256 << 10
)

// Config of a Queue. Self, To, MaxBytes, Open and Heard are required.
type Config struct {
	Self base.Key // this server
	To   base.Key // the one that is sent to
	// MaxBytes bounds the messages that wait. One alone always has room.
	MaxBytes int
	// Open opens a stream to To, dialling when needed.
	Open func(ctx context.Context) (io.ReadWriteCloser, error)
	// Heard tells whether To has a stream to here, and so a connection.
	Heard func() bool
	// After is the clock; nil: the real one.
	After func(d time.Duration) <-chan time.Time
	// Lost says that messages which Put took may not have come there; nil: they
	// are not asked for. It is called by Run's goroutine, with no lock held.
	Lost func()
}

// Queue is what waits for one server. Its methods may be called from any
// goroutine, Run by one.
type Queue struct {
	cfg  Config
	wake chan struct{}

	mu   sync.Mutex
	list [][]byte
	size int
}

// New makes a queue that nothing is sent from before Run.
func New(cfg Config) *Queue {
	if cfg.After == nil {
		cfg.After = time.After
	}
	if cfg.Lost == nil {
		cfg.Lost = func() {}
	}
	return &Queue{cfg: cfg, wake: make(chan struct{}, 1)}
}

// Put queues a message, which nobody may change any more, and never waits. It
// tells whether there was room; if not, all that waits is dropped: what is old is
// of no use to an agreement, which sends again.
func (q *Queue) Put(b []byte) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	ok := len(q.list) < maxQueued && q.size+len(b) <= q.cfg.MaxBytes
	if !ok {
		q.list, q.size = nil, 0
	}
	q.list = append(q.list, b)
	q.size += len(b)
	select {
	case q.wake <- struct{}{}:
	default:
	}
	return ok
}

// Waiting is how many messages wait.
func (q *Queue) Waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.list)
}

// Clear drops what waits, and tells whether anything did.
func (q *Queue) Clear() (any bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	any = len(q.list) > 0
	q.list, q.size = nil, 0
	return any
}

// take frames what waits, up to maxWrite: the length of each as u32, and it.
func (q *Queue) take(b []byte) []byte {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := 0
	for _, m := range q.list {
		if len(b) > 0 && len(b)+len(m) > maxWrite {
			break
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(len(m)))
		b = append(b, m...)
		q.size -= len(m)
		n++
	}
	q.list = q.list[n:]
	if len(q.list) == 0 {
		q.list = nil
	}
	return b
}
