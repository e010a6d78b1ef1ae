package keeper

import (
	"context"
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/node/world"
)

// SetQuota bounds the bytes of others' checkpoints.
func (k *Keeper) SetQuota(n int64) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if used := k.used(nil); n < used {
		return fmt.Errorf("keeper: quota of %d bytes: %w: %d bytes are kept already", n, ErrQuota, used)
	}
	old := k.quota
	k.quota = n
	if err := k.save(); err != nil {
		k.quota = old
		return err
	}
	return nil
}

// Follow keeps a region from now on and tries once to get its newest
// checkpoint. Unless the error is ErrFull or ErrRegion the region is followed,
// and is asked for again; site may be nil when only its id is known.
func (k *Keeper) Follow(ctx context.Context, id base.ID, site *world.SiteRecord) error {
	k.mu.Lock()
	e := k.regions[id]
	switch {
	case e != nil && e.own:
		k.mu.Unlock()
		return fmt.Errorf("keeper: follow %v: %w", id, ErrRegion)
	case e == nil && len(k.regions) >= MaxRegions:
		k.mu.Unlock()
		return fmt.Errorf("keeper: follow %v: %w", id, ErrFull)
	case e == nil:
		e = &entry{id: id}
		k.regions[id] = e
	}
	if site != nil && (e.site == nil || e.site.Seq < site.Seq) {
		e.site = site
	}
	e.asked = true
	if err := k.save(); err != nil {
		k.mu.Unlock()
		return err
	}
	busy := e.busy
	e.busy = true
	k.mu.Unlock()
	if busy {
		return nil // a round is under way
	}
	err := k.round(ctx, e)
	k.rest(e, err)
	return err
}

// FollowWorld keeps every region of the world that is known, now or later; the
// rounds of Run fetch them.
func (k *Keeper) FollowWorld(on bool) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.world = on
	if !on {
		for _, e := range k.sorted() {
			if !e.own && !e.asked {
				k.remove(e)
			}
		}
	}
	return k.save()
}

// Unfollow lets a region go, and all that was kept of it.
func (k *Keeper) Unfollow(ctx context.Context, id base.ID) error {
	k.mu.Lock()
	e := k.regions[id]
	if e == nil || e.own {
		k.mu.Unlock()
		return fmt.Errorf("keeper: unfollow %v: %w", id, ErrUnknown)
	}
	k.remove(e)
	err := k.save()
	k.mu.Unlock()
	if err != nil {
		return err
	}
	k.forget(ctx)
	return nil
}

// remove takes an entry out; a round that is under way finds it gone.
func (k *Keeper) remove(e *entry) {
	for _, h := range e.kept {
		k.letGo(h)
	}
	e.kept = nil
	k.dropped = append(k.dropped, lumps.Of(world.Rendezvous(e.id)))
	delete(k.regions, e.id)
}

// letGo queues a checkpoint to be deleted.
func (k *Keeper) letGo(h *held) {
	if !h.had {
		k.dropped = append(k.dropped, h.at.Root)
	}
}

// Publish takes a checkpoint that this node's own server has made: its content
// is whole here.
func (k *Keeper) Publish(ctx context.Context, site *world.SiteRecord, at *world.Checkpoint) error {
	h := &held{at: at, whole: true, noted: k.cfg.Now()}
	if err := k.inspect(ctx, h); err != nil {
		return fmt.Errorf("keeper: publish: %w", err)
	}
	had, err := k.cfg.Pins.Pinned(ctx, at.Root)
	if err == nil {
		err = k.cfg.Pins.Pin(ctx, at.Root)
	}
	if err != nil {
		return fmt.Errorf("keeper: publish: %w", err)
	}
	h.had = had
	k.mu.Lock()
	defer k.mu.Unlock()
	e := k.regions[at.Region]
	if e == nil {
		// An own region is never refused: there are few.
		e = &entry{id: at.Region}
		k.regions[at.Region] = e
	}
	e.own, e.site = true, site
	k.add(e, h)
	return k.save()
}

// add puts a checkpoint among the others and lets those go that are too old.
func (k *Keeper) add(e *entry, h *held) {
	at := 0
	for at < len(e.kept) && e.kept[at].at.Newer(h.at) {
		at++
	}
	if at < len(e.kept) && e.kept[at].at.Root == h.at.Root {
		h.had = e.kept[at].had
		e.kept[at] = h
	} else {
		e.kept = append(e.kept[:at:at], append([]*held{h}, e.kept[at:]...)...)
	}
	k.trim(e)
}

// trim keeps the newest whole checkpoints, and of those under way only what is
// newer than they are.
func (k *Keeper) trim(e *entry) {
	whole, under := 0, 0
	rest := e.kept[:0:0]
	for _, h := range e.kept {
		stay := false
		if h.whole {
			whole++
			stay = whole <= generations
		} else if whole == 0 {
			under++
			stay = under <= 1
		}
		if stay {
			rest = append(rest, h)
		} else {
			k.letGo(h)
		}
	}
	e.kept = rest
}

// Holds tells the region on whose behalf a root is pinned. claim makes the pin
// the person's own, which stays when the keeper lets go.
func (k *Keeper) Holds(r lumps.Ref, claim bool) (name string, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, e := range k.sorted() {
		for _, h := range e.kept {
			if h.at.Root != r {
				continue
			}
			if claim && !h.had {
				h.had = true
				if err := k.save(); err != nil {
					k.cfg.Log.Error("what is kept cannot be noted", "err", err)
				}
			}
			return e.name(), true
		}
	}
	return "", false
}
