package keeper

import (
	"slices"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/node/world"
)

// Report is all that is kept.
type Report struct {
	World   bool  // every region of the world is followed
	Quota   int64 // bytes
	Used    int64 // of the quota
	Regions []Region
}

// Region is what is kept of one.
type Region struct {
	ID    base.ID
	Site  *world.SiteRecord // nil while nothing is known of it
	Own   bool
	At    *world.Checkpoint // the newest whole one, or the one under way; nil: none
	Whole bool
	Since time.Time // whole since
	From  string    // peer id, "" when it was made here
	Bytes int64     // of all its checkpoints, shared parts once
	Older []lumps.Ref
	Carry int // contents besides the state
	Lacks int // contents that the state names and that nobody put in
	Err   error
}

// List tells what is kept.
func (k *Keeper) List() Report {
	k.mu.Lock()
	defer k.mu.Unlock()
	rep := Report{World: k.world, Quota: k.quota, Used: k.used(nil)}
	for _, e := range k.sorted() {
		r := Region{ID: e.id, Site: e.site, Own: e.own, Err: e.err}
		h := e.newest()
		if h == nil && len(e.kept) > 0 {
			h = e.kept[0]
		}
		seen := map[lumps.Ref]struct{}{}
		for _, o := range e.kept {
			if o != h {
				r.Older = append(r.Older, o.at.Root)
			}
			for _, p := range o.parts {
				if _, twice := seen[p.Ref]; !twice {
					seen[p.Ref] = struct{}{}
					r.Bytes += p.Size
				}
			}
		}
		if h != nil {
			r.At, r.Whole, r.Since, r.From, r.Carry, r.Lacks = h.at, h.whole, h.noted, h.from, h.carry, h.lacks
		}
		rep.Regions = append(rep.Regions, r)
	}
	return rep
}

// Offers gives the newest whole checkpoint of a region, or of every region
// when id is zero, for others who ask.
func (k *Keeper) Offers(id base.ID) []Offer {
	k.mu.Lock()
	defer k.mu.Unlock()
	var out []Offer
	for _, e := range k.sorted() {
		if h := e.newest(); h != nil && e.site != nil && (id.IsZero() || e.id == id) && h.at.By(e.site) {
			out = append(out, Offer{Site: e.site, At: h.at})
		}
	}
	return slices.Clip(out)
}
