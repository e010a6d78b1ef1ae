package lumpbench

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

// memory measures what one transfer needs above what the two nodes need idle:
// both sides together, since both are in this process.
func (b *bench) memory(ctx context.Context) error {
	if rss() == 0 {
		b.Tell("memory is not measured on this system")
		return nil
	}
	p, err := b.newPair(ctx)
	if err != nil {
		return err
	}
	defer p.close()
	runtime.GC()
	debug.FreeOSMemory()
	idle, peak := rss(), int64(0)
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		t := time.NewTicker(2 * time.Millisecond)
		defer t.Stop()
		for {
			select {
			case <-stop:
				return
			case <-t.C:
				peak = max(peak, rss())
			}
		}
	}()
	_, err = b.over(p, true)(ctx)
	close(stop)
	<-done
	if err == nil {
		b.report.Set("memory_mb", float64(max(peak-idle, 0))/1e6)
	}
	return err
}

// rss is the resident memory of this process in bytes; 0 where it is not told.
func rss() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	f := strings.Fields(string(text))
	if len(f) < 2 {
		return 0
	}
	n, err := strconv.ParseInt(f[1], 10, 64)
	if err != nil {
		return 0
	}
	return n * int64(os.Getpagesize())
}
