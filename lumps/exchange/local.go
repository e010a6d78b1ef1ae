package exchange

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/unixfs"
)

// Has tells whether a whole content is here. Nodes are read, leaves only
// looked for.
func (x *Exchange) Has(ctx context.Context, ref lumps.Ref) (bool, error) {
	st, err := x.Stat(ctx, ref)
	if errors.Is(err, lumps.ErrNotFound) {
		return false, nil
	}
	return st.Local, err
}

// Stat describes a content from what is here; nothing is fetched. ErrNotFound
// when not even its root is.
func (x *Exchange) Stat(ctx context.Context, ref lumps.Ref) (lumps.Stat, error) {
	st, err := x.stat(ctx, ref)
	if err != nil {
		return lumps.Stat{}, fmt.Errorf("lumps/exchange: stat %s: %w", ref, err)
	}
	return st, nil
}

func (x *Exchange) stat(ctx context.Context, root lumps.Ref) (lumps.Stat, error) {
	st := lumps.Stat{Ref: root, Local: true}
	if x.ctx.Err() != nil {
		return st, lumps.ErrClosed
	}
	var err error
	if st.Pinned, err = x.store.Pinned(ctx, root); err != nil {
		return st, err
	}
	walk := unixfs.NewReader(root)
	for ref, more := walk.Next(); more; ref, more = walk.Next() {
		here, err := x.visit(ctx, walk, ref)
		if err != nil {
			return st, err
		}
		if here {
			st.Blocks++
		} else {
			st.Local = false
		}
	}
	st.Size, _ = walk.Size()
	return st, nil
}

// visit steps over one lump and tells whether it is here.
func (x *Exchange) visit(ctx context.Context, walk *unixfs.Reader, ref lumps.Ref) (bool, error) {
	var err error
	if ref.IsNode() {
		var b []byte
		if b, err = x.store.Get(ctx, ref); err == nil {
			_, err = walk.Give(b)
			return err == nil, err
		}
	} else {
		var n int64
		if n, err = x.store.Size(ctx, ref); err == nil {
			if want := walk.Expect(); want < 0 || want == n {
				return true, walk.Skip(n)
			}
			// The file does not have the length of the lump: it is damaged,
			// reading it will tell.
			return false, walk.Pass()
		}
	}
	if !missing(err) || walk.Expect() < 0 {
		return false, err
	}
	return false, walk.Pass()
}

// List yields the contents that are here: every lump that no node here links
// to, and every pinned one. It reads all nodes first and remembers what they
// link to (about 100 bytes per MiB of content). After a non-nil error nothing
// more is yielded.
func (x *Exchange) List(ctx context.Context) iter.Seq2[lumps.Stat, error] {
	return func(yield func(lumps.Stat, error) bool) {
		if err := x.list(ctx, yield); err != nil {
			yield(lumps.Stat{}, fmt.Errorf("lumps/exchange: list: %w", err))
		}
	}
}

func (x *Exchange) list(ctx context.Context, yield func(lumps.Stat, error) bool) error {
	inner, err := x.linked(ctx)
	if err != nil {
		return err
	}
	for e, err := range x.store.List(ctx) {
		if err != nil {
			return err
		}
		if _, ok := inner[e.Ref]; ok {
			if pinned, err := x.store.Pinned(ctx, e.Ref); err != nil {
				return err
			} else if !pinned {
				continue
			}
		}
		st, err := x.stat(ctx, e.Ref)
		switch {
		case missing(err), errors.Is(err, unixfs.ErrBadNode):
			continue // gone meanwhile, or a node that is no content
		case err != nil:
			return err
		}
		if !yield(st, nil) {
			return nil
		}
	}
	return nil
}

// linked collects what the nodes that are here link to.
func (x *Exchange) linked(ctx context.Context) (map[lumps.Ref]struct{}, error) {
	inner := map[lumps.Ref]struct{}{}
	for e, err := range x.store.List(ctx) {
		if err != nil {
			return nil, err
		}
		if !e.Ref.IsNode() {
			continue
		}
		b, err := x.store.Get(ctx, e.Ref)
		if missing(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		n, err := unixfs.Decode(b)
		if err != nil {
			continue
		}
		for _, l := range n.Links {
			inner[l.Ref] = struct{}{}
		}
	}
	return inner, nil
}

// Pin fetches whatever of a content is not here, verifies all of it, marks it
// durably, and announces it.
func (x *Exchange) Pin(ctx context.Context, ref lumps.Ref) (lumps.Stat, error) {
	r, info, err := x.Open(ctx, ref)
	if err != nil {
		return lumps.Stat{}, err
	}
	defer r.Close()
	if _, err := io.Copy(io.Discard, r); err != nil {
		return lumps.Stat{}, err
	}
	if err := x.store.Pin(ctx, ref); err != nil {
		return lumps.Stat{}, fmt.Errorf("lumps/exchange: pin: %w", err)
	}
	x.announceLater(ref)
	blocks := r.(*content).walk.Count()
	return lumps.Stat{Ref: ref, Size: info.Size, Blocks: blocks, Pinned: true, Local: true}, nil
}

// Unpin removes the mark; the content stays until something sweeps it.
func (x *Exchange) Unpin(ctx context.Context, ref lumps.Ref) error {
	if x.ctx.Err() != nil {
		return fmt.Errorf("lumps/exchange: unpin %s: %w", ref, lumps.ErrClosed)
	}
	return x.store.Unpin(ctx, ref)
}
