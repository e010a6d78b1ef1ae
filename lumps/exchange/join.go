package exchange

import (
	"context"
	"fmt"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/unixfs"
)

// Join makes one content of several that are whole here: its bytes are theirs,
// in order, and its root links to their roots. So a pin of it keeps them all,
// an archive of it holds them all, and what two joined contents share is stored
// once. Empty contents must be left out. It is neither pinned nor announced.
//
// Errors: ErrNotFound when a part is not whole here; ErrTooLarge for more than
// lumps.MaxLinks parts, or for parts so small that no reader would take the
// whole (see lumps.MinMeanLeaf).
func (x *Exchange) Join(ctx context.Context, parts []lumps.Ref) (lumps.Stat, error) {
	st, err := x.join(ctx, parts)
	if err != nil {
		return lumps.Stat{}, fmt.Errorf("lumps/exchange: join: %w", err)
	}
	return st, nil
}

func (x *Exchange) join(ctx context.Context, parts []lumps.Ref) (lumps.Stat, error) {
	if len(parts) == 0 || len(parts) > lumps.MaxLinks {
		return lumps.Stat{}, fmt.Errorf("%d parts, 1 to %d allowed: %w", len(parts), lumps.MaxLinks, lumps.ErrTooLarge)
	}
	ctx, cancel, err := x.begin(ctx)
	if err != nil {
		return lumps.Stat{}, err
	}
	defer cancel()
	n := unixfs.Node{Kind: unixfs.File}
	st := lumps.Stat{Blocks: 1, Local: true}
	for _, p := range parts {
		part, err := x.stat(ctx, p)
		switch {
		case err != nil:
			return st, fmt.Errorf("%s: %w", p, err)
		case !part.Local:
			return st, fmt.Errorf("%s is not whole: %w", p, lumps.ErrNotFound)
		case part.Size == 0:
			return st, fmt.Errorf("%s is empty: %w", p, lumps.ErrBadRef)
		}
		l := unixfs.Link{Ref: p, Size: part.Size, Total: uint64(part.Size)}
		if p.IsNode() {
			if l.Total, err = x.total(ctx, p); err != nil {
				return st, err
			}
		}
		n.Links = append(n.Links, l)
		st.Blocks += part.Blocks
	}
	enc := n.Append(nil)
	// What a reader would refuse is refused here.
	if _, err := unixfs.Decode(enc); err != nil {
		return st, fmt.Errorf("%w: %v", lumps.ErrTooLarge, err)
	}
	st.Ref, st.Size = lumps.OfNode(enc), n.Size()
	if most := unixfs.MaxLumps(st.Size); st.Blocks > most {
		return st, fmt.Errorf("%d lumps for %d bytes, at most %d: %w", st.Blocks, st.Size, most, lumps.ErrTooLarge)
	}
	if err := x.keep(ctx, st.Ref, enc, nil); err != nil {
		return st, err
	}
	return st, x.store.Flush(ctx, []lumps.Ref{st.Ref})
}

// total is the bytes of all lumps of a content, as other tools count them.
func (x *Exchange) total(ctx context.Context, r lumps.Ref) (uint64, error) {
	b, err := x.store.Get(ctx, r)
	if err != nil {
		return 0, err
	}
	n, err := unixfs.Decode(b)
	if err != nil {
		return 0, err
	}
	t := uint64(len(b))
	for _, l := range n.Links {
		t += l.Total
	}
	return t, nil
}

// Parts are the links of a content's root, which must be here: nil when the
// content is one lump.
func (x *Exchange) Parts(ctx context.Context, ref lumps.Ref) ([]unixfs.Link, error) {
	if !ref.IsNode() {
		return nil, nil
	}
	b, err := x.store.Get(ctx, ref)
	if err != nil {
		return nil, fmt.Errorf("lumps/exchange: parts of %s: %w", ref, err)
	}
	n, err := unixfs.Decode(b)
	if err != nil {
		return nil, fmt.Errorf("lumps/exchange: parts of %s: %w", ref, err)
	}
	return n.Links, nil
}
