package keeper

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/unixfs"
	"github.com/metatopia/metatopia/node/world"
)

// errBad: what a root names is no checkpoint, or not the one that a server signed for.
var errBad = errors.New("no checkpoint of a region")

// round asks about a region once and fetches the newest checkpoint that is
// newer than what is here.
func (k *Keeper) round(ctx context.Context, e *entry) error {
	k.mu.Lock()
	site, have := e.site, e.newest()
	k.mu.Unlock()
	offers := slices.DeleteFunc(k.cfg.Ask(ctx, e.id, site, have == nil), func(o Offer) bool {
		return o.Site == nil || o.At == nil || o.Site.World != k.cfg.World || o.Site.Region() != e.id || !o.At.By(o.Site)
	})
	slices.SortFunc(offers, func(a, b Offer) int {
		switch {
		case a.At.Newer(b.At):
			return -1
		case b.At.Newer(a.At):
			return 1
		}
		return 0
	})
	k.mu.Lock()
	for _, o := range offers {
		if e.site == nil || e.site.Seq < o.Site.Seq {
			e.site = o.Site
		}
	}
	k.mu.Unlock()
	var first error
	for _, o := range offers {
		if have != nil && !o.At.Newer(have.at) || slices.Contains(e.bad, o.At.Root) {
			continue
		}
		err := k.take(ctx, e, o.At)
		if err == nil || ctx.Err() != nil {
			return err
		}
		if errors.Is(err, errBad) {
			e.bad = append(e.bad[max(0, len(e.bad)+1-maxBad):], o.At.Root)
		}
		if first == nil {
			first = err
		}
	}
	if first == nil && have == nil {
		first = ErrNothing
	}
	return first
}

// take fetches one checkpoint. What came before an error stays pinned, so that
// the next round goes on from there.
func (k *Keeper) take(ctx context.Context, e *entry, at *world.Checkpoint) error {
	h := &held{at: at}
	err := k.get(ctx, e, h)
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.regions[e.id] != e:
		k.letGo(h) // unfollowed meanwhile
		k.dropped = append(k.dropped, lumps.Of(world.Rendezvous(e.id)))
		return ErrUnknown
	case err != nil:
		return err
	}
	h.whole, h.noted = true, k.cfg.Now()
	k.trim(e)
	return k.save()
}

func (k *Keeper) get(ctx context.Context, e *entry, h *held) error {
	at := h.at
	// The first bytes bring the root, and with it the size of every part.
	r, info, err := k.cfg.Lumps.Open(ctx, at.Root)
	if err != nil {
		return err
	}
	r.Close()
	if info.Source != lumps.SourceDisk {
		h.from = info.Source
	}
	if info.Size != at.Size {
		return fmt.Errorf("%w: %d bytes, not %d", errBad, info.Size, at.Size)
	}
	if h.parts, err = k.cfg.Lumps.Parts(ctx, at.Root); err != nil {
		return err
	}
	if h.had, err = k.cfg.Pins.Pinned(ctx, at.Root); err != nil {
		return err
	}
	if err := k.admit(e, h); err != nil {
		return err
	}
	if err := k.cfg.Pins.Pin(ctx, at.Root); err != nil {
		return err
	}
	if _, err = k.cfg.Lumps.Fetch(ctx, at.Root); err != nil {
		return err
	}
	if err := k.inspect(ctx, h); err != nil {
		k.refuse(e, h)
		return err
	}
	// So that those who come later find who keeps the region.
	_, err = k.cfg.Lumps.Add(ctx, bytes.NewReader(world.Rendezvous(e.id)), true)
	return err
}

// admit makes h the entry's checkpoint under way if it fits the quota, or
// takes up the one that is under way already.
func (k *Keeper) admit(e *entry, h *held) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.regions[e.id] != e {
		return ErrUnknown
	}
	for _, o := range e.kept {
		if o.at.Root == h.at.Root {
			// Its pin is the keeper's own unless it was somebody's before.
			h.had, o.parts = o.had, h.parts
			if h.from == "" {
				h.from = o.from
			}
		}
	}
	if k.used(h) > k.quota {
		// Of this region the newest whole one must stay, the one before need not.
		all := e.kept
		e.kept = slices.DeleteFunc(slices.Clone(all), func(o *held) bool { return o != e.newest() && o.at.Root != h.at.Root })
		if n := k.used(h); n > k.quota {
			e.kept = all
			return fmt.Errorf("%w of %d bytes: the newest checkpoint has %d, and with it %d would be kept", ErrQuota, k.quota, h.at.Size, n)
		}
		for _, o := range all {
			if !slices.Contains(e.kept, o) {
				k.letGo(o)
			}
		}
	}
	k.add(e, h)
	return k.save()
}

// refuse takes out what proved to be no checkpoint.
func (k *Keeper) refuse(e *entry, h *held) {
	k.mu.Lock()
	defer k.mu.Unlock()
	e.kept = slices.DeleteFunc(e.kept, func(o *held) bool { return o == h })
	k.letGo(h)
	if err := k.save(); err != nil {
		k.cfg.Log.Error("what is kept cannot be noted", "err", err)
	}
}

// used is the bytes of all checkpoints of others' regions, those that a part
// is shared by counted once; more is one that may come.
func (k *Keeper) used(more *held) int64 {
	seen := map[lumps.Ref]struct{}{}
	var sum int64
	count := func(h *held) {
		for _, p := range h.parts {
			if _, twice := seen[p.Ref]; !twice {
				seen[p.Ref] = struct{}{}
				sum += p.Size
			}
		}
	}
	for _, e := range k.regions { //lint:sorted a sum has no order
		for _, h := range e.kept {
			if !e.own {
				count(h)
			}
		}
	}
	if more != nil {
		count(more)
	}
	return sum
}

// inspect holds a checkpoint, whole here, to what its record says. That the
// snapshot has the state hash is found out by who restores it.
func (k *Keeper) inspect(ctx context.Context, h *held) error {
	var err error
	if h.parts, err = k.cfg.Lumps.Parts(ctx, h.at.Root); err != nil {
		return err
	}
	s, _, err := ReadState(ctx, k.cfg.Lumps, h.parts)
	if err != nil {
		return err
	}
	if s.Site.Region() != h.at.Region || s.Tick != h.at.Tick || s.Hash != h.at.Hash || s.Site.World != h.at.World {
		return fmt.Errorf("%w: it is of another region or tick", errBad)
	}
	h.lacks, h.carry = len(s.Lacking), len(s.Carried)
	return nil
}

// ReadState reads the first part of a checkpoint's content and gives the name
// of its snapshot. The error wraps world's, or is that of a content not found.
func ReadState(ctx context.Context, x Lumps, parts []unixfs.Link) (s *world.State, snapshot lumps.Ref, err error) {
	if len(parts) < 3 || parts[0].Size > world.MaxState {
		return nil, snapshot, fmt.Errorf("%w: it has no state", errBad)
	}
	r, _, err := x.Open(ctx, parts[0].Ref)
	if err != nil {
		return nil, snapshot, err
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, world.MaxState+1))
	if err != nil {
		return nil, snapshot, err
	}
	if s, err = world.ParseState(b); err != nil {
		return nil, snapshot, fmt.Errorf("%w: %w", errBad, err)
	}
	refs := make([]lumps.Ref, len(parts))
	for i, p := range parts {
		refs[i] = p.Ref
	}
	if snapshot, err = s.Parts(refs); err != nil {
		return nil, snapshot, fmt.Errorf("%w: %w", errBad, err)
	}
	return s, snapshot, nil
}
