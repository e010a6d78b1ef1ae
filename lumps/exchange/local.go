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
	st := lumps.Stat{Ref: root}
	if x.ctx.Err() != nil {
		return st, lumps.ErrClosed
	}
	var err error
	if st.Pinned, err = x.store.Pinned(ctx, root); err != nil {
		return st, err
	}
	c := census{x: x, ctx: ctx, seen: map[lumps.Ref]part{}}
	all, err := c.count(root, 0)
	if err != nil {
		return st, err
	}
	if all.size < 0 {
		return st, lumps.ErrNotFound
	}
	if all.blocks > unixfs.MaxLumps(all.size) {
		return st, fmt.Errorf("%d lumps for %d bytes: %w", all.blocks, all.size, unixfs.ErrBadNode)
	}
	st.Size, st.Blocks, st.Local = all.size, all.blocks, all.local
	return st, nil
}

// census counts a tree, each different lump once: a few nodes that link to
// each other's copies can stand for 10^12 lumps.
type census struct {
	x    *Exchange
	ctx  context.Context
	seen map[lumps.Ref]part
}

// part is what is here below a lump; size -1: the lump itself is not.
type part struct {
	size, blocks int64
	local        bool
}

func (c *census) count(r lumps.Ref, depth int) (part, error) {
	if p, ok := c.seen[r]; ok {
		return p, nil
	}
	var p part
	var err error
	if r.IsNode() {
		p, err = c.node(r, depth)
	} else {
		p.size, err = c.x.store.Size(c.ctx, r)
		p.blocks, p.local = 1, true
	}
	if missing(err) {
		p, err = part{size: -1}, nil
	}
	if err == nil {
		c.seen[r] = p
	}
	return p, err
}

func (c *census) node(r lumps.Ref, depth int) (part, error) {
	b, err := c.x.store.Get(c.ctx, r)
	if err != nil {
		return part{}, err
	}
	n, err := unixfs.Decode(b)
	if err != nil {
		return part{}, err
	}
	if len(n.Links) > 0 && depth == lumps.MaxDepth {
		return part{}, fmt.Errorf("deeper than %d nodes: %w", lumps.MaxDepth, unixfs.ErrBadNode)
	}
	p := part{size: n.Size(), blocks: 1, local: true}
	for _, l := range n.Links {
		below, err := c.count(l.Ref, depth+1)
		if err != nil {
			return part{}, err
		}
		switch {
		case below.size == l.Size:
			p.blocks += below.blocks
			p.local = p.local && below.local
		case below.size >= 0 && l.Ref.IsNode():
			return part{}, fmt.Errorf("%s has %d bytes, its parent declares %d: %w", l.Ref, below.size, l.Size, unixfs.ErrBadNode)
		default:
			// Absent; or a leaf whose length is not what the parent says:
			// damaged, or a lie. Reading will tell, this does not read leaves.
			p.local = false
		}
	}
	return p, nil
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

// Pin marks a content durably, fetches whatever of it is not here, verifies all
// of it, and announces it. When that fails the mark is taken off again, unless
// it was there before.
func (x *Exchange) Pin(ctx context.Context, ref lumps.Ref) (lumps.Stat, error) {
	had, err := x.store.Pinned(ctx, ref)
	if err == nil {
		// First, so that nothing of it is swept meanwhile.
		err = x.store.Pin(ctx, ref)
	}
	if err != nil {
		return lumps.Stat{}, fmt.Errorf("lumps/exchange: pin: %w", err)
	}
	st, err := x.fetchAll(ctx, ref)
	if err == nil || had {
		return st, err
	}
	// Also when the caller has given up.
	if off := x.store.Unpin(context.WithoutCancel(ctx), ref); off != nil {
		err = errors.Join(err, fmt.Errorf("lumps/exchange: pin: %w", off))
	}
	return lumps.Stat{}, err
}

// fetchAll reads a whole content and flushes what it reads: some of it may have
// been put without a promise.
func (x *Exchange) fetchAll(ctx context.Context, ref lumps.Ref) (lumps.Stat, error) {
	st, _, err := x.fetchQuiet(ctx, ref)
	if err != nil {
		return lumps.Stat{}, fmt.Errorf("lumps/exchange: pin %s: %w", ref, err)
	}
	st.Pinned = true
	x.announceLater(ref)
	return st, nil
}

// Fetch gets whatever of a content is not here, verifies all of it, and returns
// when it would survive a crash. Unlike Pin it neither marks nor announces it.
func (x *Exchange) Fetch(ctx context.Context, ref lumps.Ref) (lumps.Info, error) {
	_, info, err := x.fetchQuiet(ctx, ref)
	if err != nil {
		return info, fmt.Errorf("lumps/exchange: fetch %s: %w", ref, err)
	}
	return info, nil
}

func (x *Exchange) fetchQuiet(ctx context.Context, ref lumps.Ref) (lumps.Stat, lumps.Info, error) {
	st := lumps.Stat{Ref: ref, Local: true}
	var info lumps.Info
	w := newSettler(ctx, x.store)
	c, err := x.open(ctx, ref, true, w.add)
	if err == nil {
		_, err = io.Copy(io.Discard, c)
		info = c.info()
		st.Size, st.Blocks = info.Size, c.walk.Count()
		err = errors.Join(err, c.Close())
	}
	if flushed := w.flush(); err == nil {
		err = flushed
	}
	return st, info, err
}

// Unpin removes the mark; the content stays until something sweeps it.
func (x *Exchange) Unpin(ctx context.Context, ref lumps.Ref) error {
	if x.ctx.Err() != nil {
		return fmt.Errorf("lumps/exchange: unpin %s: %w", ref, lumps.ErrClosed)
	}
	return x.store.Unpin(ctx, ref)
}
