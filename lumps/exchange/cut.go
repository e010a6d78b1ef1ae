package exchange

import (
	"context"
	"fmt"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/unixfs"
)

// Leaf is one of the lumps that a caller has cut a content into.
type Leaf struct {
	Ref  lumps.Ref // of raw bytes
	Size int       // at most lumps.MaxLump, not 0
	// Bytes makes the bytes; it is not called for a leaf that is here and Kept.
	Bytes func() []byte
	Kept  bool // a pin that stays until the content is pinned reaches it
}

// AddCut is AddQuiet of a content that is cut already, so that contents with the
// same leaves share them wherever those lie. It makes the bytes of one batch of
// leaves at a time.
func (x *Exchange) AddCut(ctx context.Context, leaves []Leaf) (lumps.Stat, error) {
	st, err := x.addCut(ctx, leaves)
	if err != nil {
		return lumps.Stat{}, fmt.Errorf("lumps/exchange: add: %w", err)
	}
	return st, nil
}

func (x *Exchange) addCut(ctx context.Context, leaves []Leaf) (st lumps.Stat, err error) {
	ctx, cancel, err := x.begin(ctx)
	if err != nil {
		return st, err
	}
	defer cancel()
	w := newWriter(ctx, x)
	tree := unixfs.Builder{Put: func(ref lumps.Ref, b []byte) error {
		if err := w.flush(); err != nil {
			return err
		}
		return w.put(ref, b)
	}}
	if len(leaves) == 0 {
		return st, lumps.ErrBadRef
	}
	for i := range leaves {
		l := &leaves[i]
		if l.Ref.IsNode() || l.Ref.IsZero() || l.Size <= 0 || l.Size > lumps.MaxLump {
			return st, fmt.Errorf("leaf %s of %d bytes: %w", l.Ref, l.Size, lumps.ErrBadRef)
		}
		st.Size += int64(l.Size)
		if err = x.putLeaf(ctx, w, l); err == nil {
			err = tree.Leaf(l.Ref, l.Size)
		}
		if err != nil {
			_ = w.flush() // what failed is told
			return st, err
		}
	}
	root, err := tree.Root()
	if err == nil {
		err = w.flush()
	}
	st.Ref, st.Blocks, st.Local = root.Ref, int64(len(leaves))+tree.Nodes, true
	if most := unixfs.MaxLumps(st.Size); err == nil && st.Blocks > most {
		err = fmt.Errorf("%d lumps for %d bytes, at most %d: %w", st.Blocks, st.Size, most, lumps.ErrTooLarge)
	}
	return st, err
}

func (x *Exchange) putLeaf(ctx context.Context, w *writer, l *Leaf) error {
	if l.Kept {
		if have, err := x.store.Has(ctx, l.Ref); err != nil || have {
			return err
		}
	}
	b := l.Bytes()
	if len(b) != l.Size {
		return fmt.Errorf("leaf %s has %d bytes, not %d: %w", l.Ref, len(b), l.Size, lumps.ErrBadRef)
	}
	return w.put(l.Ref, b) // its name is checked there
}
