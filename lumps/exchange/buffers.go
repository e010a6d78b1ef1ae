package exchange

import (
	"sync"

	"github.com/metatopia/metatopia/lumps"
)

// buffers hold lumps on their way and are used again: new memory has to be
// cleared, and costs the processor's caches what they hold. Whoever frees one
// must be the only one that has it; who is not sure leaves it to the collector.
var buffers = sync.Pool{New: func() any { return new([lumps.ChunkSize]byte) }}

// takeBuffer gives n bytes, not cleared.
func takeBuffer(n int) []byte {
	if n > lumps.ChunkSize || n < lumps.ChunkSize/2 {
		return make([]byte, n)
	}
	return buffers.Get().(*[lumps.ChunkSize]byte)[:n]
}

// freeBuffer takes back what takeBuffer gave, whole; other slices are left
// alone.
func freeBuffer(b []byte) {
	if cap(b) == lumps.ChunkSize {
		buffers.Put((*[lumps.ChunkSize]byte)(b[:lumps.ChunkSize]))
	}
}
