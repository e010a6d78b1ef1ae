package scripting

import (
	"sync"

	"github.com/tetratelabs/wazero/experimental"
)

// allocator gives one instance its linear memory, at most limit bytes.
type allocator struct {
	limit uint64
	pool  *sync.Pool // of *[]byte all zero, for short-lived instances; may be nil
}

func (a *allocator) Allocate(_, _ uint64) experimental.LinearMemory { return &linear{a: a} }

type linear struct {
	a   *allocator
	buf []byte
	got *[]byte // what to give back
}

// Reallocate never gives less than it gave before and fills with zeros. nil
// makes memory.grow answer -1; the first call cannot fail, because the limit
// is checked against the module's minimum before.
func (l *linear) Reallocate(size uint64) []byte {
	if size > l.a.limit {
		return nil
	}
	if l.buf == nil && l.a.pool != nil {
		if b, ok := l.a.pool.Get().(*[]byte); ok {
			l.got, l.buf = b, (*b)[:0]
		}
	}
	if uint64(cap(l.buf)) < size {
		// Doubling keeps the copies of a growing guest linear in its size.
		grown := make([]byte, size, min(max(size, 2*uint64(cap(l.buf))), l.a.limit))
		copy(grown, l.buf)
		l.buf = grown
	}
	l.buf = l.buf[:size]
	return l.buf
}

func (l *linear) Free() {
	if l.a.pool != nil && l.buf != nil {
		clear(l.buf)
		if l.got == nil {
			l.got = new([]byte)
		}
		*l.got = l.buf
		l.a.pool.Put(l.got)
	}
	l.buf, l.got = nil, nil
}
