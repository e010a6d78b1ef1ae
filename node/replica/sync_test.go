package replica

import (
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/metatopia/metatopia/internal/durable"
	"github.com/metatopia/metatopia/region/order/raft"
)

// TestBarrierWaits: what is to be on the disk is there when write returns, also
// when the group's turn has begun to bring it there.
func TestBarrierWaits(t *testing.T) {
	w := &wal{file: durable.NewFile(filepath.Join(t.TempDir(), walName))}
	if err := w.file.Replace(nil); err != nil {
		t.Fatal(err)
	}
	defer w.file.Close()
	if _, err := w.file.Write([]byte("before")); err != nil {
		t.Fatal(err)
	}
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
	w.file.Fsync = func(*os.File) error {
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
	if err := w.file.Sync(); err != nil {
		t.Fatal(err)
	}
	<-done
	select {
	case <-early:
		t.Fatal("the barrier does not wait for the disk")
	default:
	}
}
