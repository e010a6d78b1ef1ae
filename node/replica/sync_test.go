package replica

import (
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/metatopia/metatopia/region/order/raft"
)

// TestBarrierWaits: what is to be on the disk is there when write returns, also
// when the group's turn has begun to bring it there.
func TestBarrierWaits(t *testing.T) {
	w := &wal{dir: t.TempDir()}
	f, err := os.Create(w.dir + "/log")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w.file, w.dirty = f, true
	early := make(chan struct{})
	var there atomic.Bool
	barrier := func() {
		if err := w.write([]raft.Write{{Number: 1, Sync: true}}); err != nil {
			t.Error(err)
		}
		if !there.Load() {
			close(early)
		}
	}
	done := make(chan struct{})
	turn := 0
	w.fsync = func(*os.File) error {
		if turn++; turn > 1 {
			return nil
		}
		go func() { defer close(done); barrier() }()
		// A disk that takes its time. The other writer may run meanwhile, and
		// what it waits for is not there.
		select {
		case <-early:
		case <-time.After(50 * time.Millisecond):
		}
		there.Store(true)
		return nil
	}
	if err := w.sync(); err != nil {
		t.Fatal(err)
	}
	<-done
	select {
	case <-early:
		t.Fatal("the barrier does not wait for the disk")
	default:
	}
}
