package exchange

import (
	"context"
	"errors"
	"fmt"
	"io"

	blocks "github.com/ipfs/go-block-format"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/unixfs"
)

// Add stores the content of r, pins it when asked, and announces its root in
// the background. It returns when the content would survive a crash. Memory
// is constant. After an error lumps may remain that nothing names; adding the
// content again takes them up.
func (x *Exchange) Add(ctx context.Context, r io.Reader, pin bool) (lumps.Stat, error) {
	st, err := x.add(ctx, r, pin)
	if err != nil {
		return lumps.Stat{}, fmt.Errorf("lumps/exchange: add: %w", err)
	}
	x.announceLater(st.Ref)
	return st, nil
}

// AddQuiet is Add without pin and announcement, for what soon goes again.
func (x *Exchange) AddQuiet(ctx context.Context, r io.Reader) (lumps.Stat, error) {
	st, err := x.add(ctx, r, false)
	if err != nil {
		return lumps.Stat{}, fmt.Errorf("lumps/exchange: add: %w", err)
	}
	return st, nil
}

func (x *Exchange) add(ctx context.Context, r io.Reader, pin bool) (lumps.Stat, error) {
	ctx, cancel, err := x.begin(ctx)
	if err != nil {
		return lumps.Stat{}, err
	}
	defer cancel()
	w := newWriter(ctx, x)
	tree := unixfs.Builder{Put: func(ref lumps.Ref, b []byte) error {
		// Children first, also when the power fails.
		if err := w.flush(); err != nil {
			return err
		}
		return w.put(ref, b)
	}}
	size, leaves, err := w.cut(r, &tree)
	if err != nil {
		return lumps.Stat{}, errors.Join(err, w.flush())
	}
	root, err := tree.Root()
	if err == nil {
		err = w.flush()
	}
	if err != nil {
		return lumps.Stat{}, err
	}
	st := lumps.Stat{Ref: root.Ref, Size: size, Blocks: leaves + tree.Nodes, Local: true}
	if pin {
		if err := x.store.Pin(ctx, st.Ref); err != nil {
			return lumps.Stat{}, err
		}
	}
	if st.Pinned, err = x.store.Pinned(ctx, st.Ref); err != nil {
		return lumps.Stat{}, err
	}
	return st, nil
}

// keep stores a lump, without a promise, and hands it to those that wait for
// it: other nodes, and the readers here but for those of one swarm.
func (x *Exchange) keep(ctx context.Context, r lumps.Ref, b []byte, but *swarm) error {
	_, err := x.share(ctx, r, b, but)
	return err
}

// share is keep, and tells whether nobody here was given b, so that it is the
// caller's alone.
func (x *Exchange) share(ctx context.Context, r lumps.Ref, b []byte, but *swarm) (alone bool, err error) {
	if err := x.store.PutCached(ctx, r, b); err != nil {
		return true, err
	}
	alone = !x.jobs.came(r, b, but)
	blk, err := blocks.NewBlockWithCid(b, r.CID())
	if err != nil {
		return alone, err
	}
	if x.asking.Load() == 0 {
		// Its server only notes that the lump is here. Who asks from now on
		// looks into the store first.
		return alone, x.bs.Server.NotifyNewBlocks(ctx, blk)
	}
	return false, x.bs.NotifyNewBlocks(ctx, blk)
}

// cut reads r to its end and gives the tree its leaves.
func (w *writer) cut(r io.Reader, tree *unixfs.Builder) (size, leaves int64, err error) {
	for {
		buf := make([]byte, lumps.ChunkSize)
		n, err := io.ReadFull(r, buf)
		end := err == io.EOF || err == io.ErrUnexpectedEOF
		if err != nil && !end {
			return 0, 0, err
		}
		if n == 0 && leaves > 0 {
			return size, leaves, nil
		}
		if size += int64(n); size > lumps.MaxContent {
			return 0, 0, fmt.Errorf("more than %d bytes: %w", int64(lumps.MaxContent), lumps.ErrTooLarge)
		}
		leaves++
		chunk := buf[:n:n]
		ref := lumps.Of(chunk)
		if err := w.put(ref, chunk); err != nil {
			return 0, 0, err
		}
		if err := tree.Leaf(ref, n); err != nil {
			return 0, 0, err
		}
		if end {
			return size, leaves, nil
		}
	}
}
