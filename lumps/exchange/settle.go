package exchange

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/unixfs"
)

// settler flushes lumps that are in the store, a batch at a time, while its
// caller goes on. Not for two goroutines at a time.
type settler struct {
	ctx   context.Context
	store lumps.Store
	batch []lumps.Ref
	busy  chan struct{} // closed when the batch before is done; nil: none
	err   error         // of it
}

func newSettler(ctx context.Context, store lumps.Store) *settler {
	return &settler{ctx: ctx, store: store}
}

// add takes a lump that is here. Errors are those of earlier batches.
func (w *settler) add(r lumps.Ref) error {
	if w.batch = append(w.batch, r); len(w.batch) < settleBatch {
		return nil
	}
	return w.turn()
}

// turn begins to flush what was added, when the batch before is done.
func (w *settler) turn() error {
	if err := w.wait(); err != nil || len(w.batch) == 0 {
		return err
	}
	batch, done := w.batch, make(chan struct{})
	w.batch, w.busy = make([]lumps.Ref, 0, settleBatch), done
	go func() {
		defer close(done)
		w.err = w.store.Flush(w.ctx, batch)
	}()
	return nil
}

func (w *settler) wait() error {
	if w.busy != nil {
		<-w.busy
		w.busy = nil
	}
	return w.err
}

// flush returns when everything that was added would survive a crash.
func (w *settler) flush() error {
	if err := w.turn(); err != nil {
		return err
	}
	return w.wait()
}

// writer stores the lumps of a content, several at a time, and flushes them in
// batches. Not for two goroutines at a time.
type writer struct {
	x       *Exchange
	ctx     context.Context
	group   *errgroup.Group
	gctx    context.Context
	fresh   []lumps.Ref // being put
	settler *settler
}

func newWriter(ctx context.Context, x *Exchange) *writer {
	w := &writer{x: x, ctx: ctx, settler: newSettler(ctx, x.store)}
	w.reset()
	return w
}

func (w *writer) reset() {
	w.group, w.gctx = errgroup.WithContext(w.ctx)
	w.group.SetLimit(addWorkers)
}

// put begins to store a lump; b is the writer's from now on. Errors may be
// those of earlier lumps.
func (w *writer) put(r lumps.Ref, b []byte) error {
	gctx := w.gctx
	if gctx.Err() != nil {
		return w.group.Wait()
	}
	w.group.Go(func() error { return w.x.keep(gctx, r, b, nil) })
	if w.fresh = append(w.fresh, r); len(w.fresh) < settleBatch {
		return nil
	}
	return w.stored()
}

// stored waits for every put so far and has them flushed.
func (w *writer) stored() error {
	err := w.group.Wait()
	w.reset()
	fresh := w.fresh
	w.fresh = w.fresh[:0]
	for _, r := range fresh {
		if err == nil {
			err = w.settler.add(r)
		}
	}
	return err
}

// flush returns when everything that was put would survive a crash.
func (w *writer) flush() error {
	err := w.stored()
	if settled := w.settler.flush(); err == nil {
		err = settled
	}
	return err
}

// Flush returns when a content that is here would survive a crash as if it had
// been added: whoever acknowledges what was fetched calls it first. ErrNotFound
// when a part is not here; leaves are not read.
func (x *Exchange) Flush(ctx context.Context, ref lumps.Ref) error {
	if err := x.flushAll(ctx, ref); err != nil {
		return fmt.Errorf("lumps/exchange: flush %s: %w", ref, err)
	}
	return nil
}

func (x *Exchange) flushAll(ctx context.Context, ref lumps.Ref) error {
	ctx, cancel, err := x.begin(ctx)
	if err != nil {
		return err
	}
	defer cancel()
	w := newSettler(ctx, x.store)
	seen := map[lumps.Ref]struct{}{}
	open := []lumps.Ref{ref}
	for err == nil && len(open) > 0 {
		r := open[len(open)-1]
		open = open[:len(open)-1]
		if _, twice := seen[r]; twice {
			continue
		}
		seen[r] = struct{}{}
		if r.IsNode() {
			if open, err = x.below(ctx, r, open); err != nil {
				break
			}
		}
		err = w.add(r)
	}
	if flushed := w.flush(); err == nil {
		err = flushed
	}
	return err
}

// below appends what a node that is here links to.
func (x *Exchange) below(ctx context.Context, r lumps.Ref, to []lumps.Ref) ([]lumps.Ref, error) {
	b, err := x.store.Get(ctx, r)
	if err != nil {
		return to, err
	}
	n, err := unixfs.Decode(b)
	if err != nil {
		return to, err
	}
	for _, l := range n.Links {
		to = append(to, l.Ref)
	}
	return to, nil
}
