package keeper

import (
	"context"
	"errors"
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/node/world"
)

// saved is keep.json.
type saved struct {
	World   string        `json:"world"`
	Quota   int64         `json:"quota"` // bytes
	All     bool          `json:"all"`   // every region of the world is followed
	Regions []savedRegion `json:"regions"`
}

type savedRegion struct {
	ID    base.ID     `json:"id"`
	Asked bool        `json:"asked,omitempty"`
	Own   bool        `json:"own,omitempty"`
	Site  []byte      `json:"site,omitempty"`
	Kept  []savedHeld `json:"kept,omitempty"` // newest first
}

type savedHeld struct {
	Record []byte `json:"record"`
	From   string `json:"from,omitempty"`
	Had    bool   `json:"had,omitempty"`
}

// save writes everything down; mu is held. It is called before anything that
// must survive is acknowledged.
func (k *Keeper) save() error {
	s := saved{World: k.cfg.World.String(), Quota: k.quota, All: k.world, Regions: []savedRegion{}}
	for _, e := range k.sorted() {
		r := savedRegion{ID: e.id, Asked: e.asked, Own: e.own}
		if e.site != nil {
			r.Site = e.site.Encode()
		}
		for _, h := range e.kept {
			r.Kept = append(r.Kept, savedHeld{Record: h.at.Encode(), From: h.from, Had: h.had})
		}
		s.Regions = append(s.Regions, r)
	}
	if err := k.cfg.Save(s); err != nil {
		return fmt.Errorf("keeper: what is kept cannot be noted: %w", err)
	}
	return nil
}

// load takes up what save wrote. What of it is whole is looked at anew: the
// store may have lost something.
func (k *Keeper) load(ctx context.Context) error {
	var s saved
	found, err := k.cfg.Load(&s)
	if err != nil || !found {
		return err
	}
	if s.World != k.cfg.World.String() {
		return fmt.Errorf("the checkpoints kept here are of another world, %s", s.World)
	}
	k.quota, k.world = s.Quota, s.All
	for _, r := range s.Regions {
		e := &entry{id: r.ID, asked: r.Asked, own: r.Own}
		if len(r.Site) > 0 {
			if e.site, err = world.ParseSite(r.Site); err != nil {
				return err
			}
		}
		for _, x := range r.Kept {
			h := &held{from: x.From, had: x.Had}
			if h.at, err = world.ParseCheckpoint(x.Record); err != nil {
				return err
			}
			if err := k.find(ctx, h); err != nil {
				return err
			}
			e.kept = append(e.kept, h)
		}
		k.regions[r.ID] = e
	}
	return nil
}

// find looks what of a checkpoint is here.
func (k *Keeper) find(ctx context.Context, h *held) error {
	st, err := k.cfg.Lumps.Stat(ctx, h.at.Root)
	if err == nil && st.Local {
		if err = k.inspect(ctx, h); err == nil {
			h.whole, h.noted = true, h.at.When()
			return nil
		}
	}
	if err == nil {
		h.parts, err = k.cfg.Lumps.Parts(ctx, h.at.Root)
	}
	if errors.Is(err, lumps.ErrNotFound) || errors.Is(err, lumps.ErrCorrupt) || errors.Is(err, errBad) {
		err = nil // the next round fetches it
	}
	return err
}
