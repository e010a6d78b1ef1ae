package exchange_test

import (
	"sync"
	"testing"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/lumpstest"
)

// TestBuffersAreNotMixedUp: many readers at a time, some of them of the same
// content and some by bitswap, get the right bytes out of buffers that are used
// again and again.
func TestBuffersAreNotMixedUp(t *testing.T) {
	a, b := newNode(t, newHost(t), withStore(diskStore(t, t.TempDir()))), newNode(t, newHost(t))
	c := newNode(t, newHost(t), withoutStreams)
	for _, n := range []*node{b, c} {
		connect(t, n.host, a.host)
	}
	connect(t, c.host, b.host)
	var work sync.WaitGroup
	for i := range 4 {
		content := lumpstest.Bytes(uint64(50+i), 8<<20+i*lumps.ChunkSize/3)
		ref := add(t, a, content, false).Ref
		for _, n := range []*node{b, b, c} {
			work.Go(func() { read(t, n, ref, content) })
		}
	}
	work.Wait()
}
