package exchange

import (
	"context"
	"errors"
	"fmt"

	"github.com/ipfs/boxo/blockstore"
	blocks "github.com/ipfs/go-block-format"
	"github.com/ipfs/go-cid"
	ipld "github.com/ipfs/go-ipld-format"

	"github.com/metatopia/metatopia/lumps"
)

// blockAdapter lets bitswap serve from a lumps.Store. Bitswap asks with CIDs
// that peers sent: those that are no Ref are simply not here.
type blockAdapter struct{ store lumps.Store }

var _ blockstore.Blockstore = blockAdapter{}

// foreign turns our errors into those bitswap knows. A corrupt lump has been
// set aside, so it is not here either.
func foreign(c cid.Cid, err error) error {
	if errors.Is(err, lumps.ErrNotFound) || errors.Is(err, lumps.ErrCorrupt) || errors.Is(err, lumps.ErrBadRef) {
		return ipld.ErrNotFound{Cid: c}
	}
	return err
}

func (a blockAdapter) Has(ctx context.Context, c cid.Cid) (bool, error) {
	r, err := lumps.FromCID(c)
	if err != nil {
		return false, nil
	}
	return a.store.Has(ctx, r)
}

func (a blockAdapter) Get(ctx context.Context, c cid.Cid) (blocks.Block, error) {
	r, err := lumps.FromCID(c)
	if err != nil {
		return nil, foreign(c, err)
	}
	b, err := a.store.Get(ctx, r)
	if err != nil {
		return nil, foreign(c, err)
	}
	return blocks.NewBlockWithCid(b, c)
}

func (a blockAdapter) GetSize(ctx context.Context, c cid.Cid) (int, error) {
	r, err := lumps.FromCID(c)
	if err != nil {
		return 0, foreign(c, err)
	}
	n, err := a.store.Size(ctx, r)
	return int(n), foreign(c, err)
}

func (a blockAdapter) Put(ctx context.Context, b blocks.Block) error {
	r, err := lumps.FromCID(b.Cid())
	if err != nil {
		return err
	}
	return a.store.Put(ctx, r, b.RawData())
}

func (a blockAdapter) PutMany(ctx context.Context, bs []blocks.Block) error {
	for _, b := range bs {
		if err := a.Put(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

// DeleteBlock is refused: nothing that talks to peers may remove lumps.
func (a blockAdapter) DeleteBlock(_ context.Context, c cid.Cid) error {
	return fmt.Errorf("lumps/exchange: delete %s: not through bitswap", c)
}

func (a blockAdapter) AllKeysChan(ctx context.Context) (<-chan cid.Cid, error) {
	out := make(chan cid.Cid)
	go func() {
		defer close(out)
		for e, err := range a.store.List(ctx) {
			if err != nil {
				return
			}
			select {
			case out <- e.Ref.CID():
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, nil
}
