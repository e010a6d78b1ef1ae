package lumpsbench

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"sync"
	"time"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/disk"
	"github.com/metatopia/metatopia/lumps/keep"
	"github.com/metatopia/metatopia/lumps/unixfs"
)

// SweepReport is a sweep of everything that no pin reaches, while writers put
// and pin.
type SweepReport struct {
	Took    time.Duration
	Marked  int64 // lumps that stay
	Deleted int64
	Heap    uint64 // bytes of heap at most, above what it was before
	Written int    // contents of the writers, every other one pinned
	Pinned  int    // lumps that pins reach, at the end
	Lost    int    // of those; anything but 0 is a fault
}

const (
	oldPins     = 1000 // contents pinned before the sweep
	pinLeaves   = 100  // lumps below each
	sweepers    = 2    // writers beside it
	writePause  = 50 * time.Millisecond
	leafMinimum = lumps.MinMeanLeaf
)

func sweep(ctx context.Context, cfg Config, s *disk.Store) (*SweepReport, error) {
	k, err := keep.New(keep.Config{Under: s})
	if err != nil {
		return nil, err
	}
	w := &writer{k: k, seed: cfg.Seed + 1<<20}
	cfg.Tell("pin", 0, oldPins)
	for range min(oldPins, cfg.Many/pinLeaves) {
		if err := w.content(ctx, true); err != nil {
			return nil, err
		}
	}
	cfg.Tell("age", 0, 1)
	if err := age(cfg.Dir); err != nil {
		return nil, err
	}
	runtime.GC()
	rep, base, began := &SweepReport{}, heap(), time.Now()
	wctx, stop := context.WithCancel(ctx)
	defer stop()
	var wg sync.WaitGroup
	errs := make([]error, sweepers)
	for g := range sweepers {
		wg.Go(func() {
			for i := 0; wctx.Err() == nil && errs[g] == nil; i++ {
				errs[g] = w.content(ctx, i%2 == 0)
				select {
				case <-wctx.Done():
				case <-time.After(writePause):
				}
			}
		})
	}
	done, err := k.Sweep(ctx, 0, func(p keep.Progress) {
		rep.Heap = max(rep.Heap, heap()-min(heap(), base))
		cfg.Tell("sweep", int(p.Looked), 2*cfg.Many)
	})
	rep.Took = time.Since(began)
	stop()
	wg.Wait()
	if err := errors.Join(append(errs, err)...); err != nil {
		return nil, err
	}
	rep.Marked, rep.Deleted, rep.Written = done.Marked, done.Deleted, w.n
	for _, r := range w.pinned {
		rep.Pinned++
		if ok, err := k.Has(ctx, r); err != nil {
			return nil, err
		} else if !ok {
			rep.Lost++
		}
	}
	return rep, nil
}

// writer assembles contents of pinLeaves lumps.
type writer struct {
	k    *keep.Store
	seed uint64

	mu     sync.Mutex
	n      int
	pinned []lumps.Ref
}

func (w *writer) content(ctx context.Context, pin bool) error {
	w.mu.Lock()
	w.n++
	cfg := Config{Size: leafMinimum, Seed: w.seed + uint64(w.n)}
	w.mu.Unlock()
	defer w.k.Hold()()
	var all []lumps.Ref
	put := func(r lumps.Ref, b []byte) error {
		all = append(all, r)
		return w.k.PutCached(ctx, r, b)
	}
	tree := unixfs.Builder{Put: put}
	for i := range pinLeaves {
		b := cfg.lump(i, nil)
		if err := put(lumps.Of(b), b); err != nil {
			return err
		}
		if err := tree.Leaf(lumps.Of(b), len(b)); err != nil {
			return err
		}
	}
	root, err := tree.Root()
	if err != nil || !pin {
		return err
	}
	if err := w.k.Pin(ctx, root.Ref); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pinned = append(w.pinned, all...)
	return nil
}

// age makes every lump look as if it was not used for two days.
func age(dir string) error {
	then := time.Now().Add(-48 * time.Hour)
	err := filepath.WalkDir(filepath.Join(dir, "lumps"), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		return os.Chtimes(path, then, then)
	})
	if err != nil {
		return fmt.Errorf("age: %w", err)
	}
	return nil
}

func heap() uint64 {
	m := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(m)
	return m[0].Value.Uint64()
}
