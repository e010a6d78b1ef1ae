package exchange

import (
	"context"
	"fmt"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/unixfs"
)

// Leaves tells what the content is made of, in order, until upto bytes are told
// of: each leaf's name and length, so that bytes at hand can be held to them.
// Bytes that stand inside a node have a zero Ref. Of the lumps only the nodes
// are needed, and fetched. A content that is one lump has no leaves.
func (x *Exchange) Leaves(ctx context.Context, ref lumps.Ref, upto int64, tell func(unixfs.Link) error) error {
	if !ref.IsNode() {
		return nil
	}
	if err := x.leaves(ctx, ref, upto, tell); err != nil {
		return fmt.Errorf("lumps/exchange: leaves of %s: %w", ref, err)
	}
	return nil
}

func (x *Exchange) leaves(ctx context.Context, ref lumps.Ref, upto int64, tell func(unixfs.Link) error) error {
	f, err := newFetcher(ctx, x, ref, false)
	if err != nil {
		return err
	}
	defer f.close()
	walk := unixfs.NewReader(ref)
	for told := int64(0); told < upto; {
		r, more := walk.Next()
		if !more {
			return nil
		}
		l, passed := walk.Pass()
		if !passed {
			f.start(walk.Soon(1, lumps.MaxLump, nil))
			fl, err := f.wait(r)
			if err != nil {
				return err
			}
			in, err := walk.Give(fl.b)
			if err != nil {
				return err
			}
			l = unixfs.Link{Size: int64(len(in))}
		}
		if l.Size == 0 {
			continue
		}
		if err := tell(l); err != nil {
			return err
		}
		told += l.Size
	}
	return nil
}
