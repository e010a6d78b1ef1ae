package world

import (
	"errors"
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/spatial"
)

// Why a Directory refuses a record.
var (
	ErrOtherWorld = errors.New("world: site record belongs to another world")
	ErrOutside    = errors.New("world: site lies outside the world's box")
	ErrTooClose   = errors.New("world: site is closer to an older site than the world's spacing")
	ErrStale      = errors.New("world: a newer record of this region is known")
	ErrBackdated  = errors.New("world: site claims to be older than the world")
	ErrFull       = errors.New("world: directory is full")
)

// Directory holds the site records of one world that fit together: no two
// sites closer than the spacing. Of two that clash, the one founded earlier
// stays, ties broken by region id, whatever order they arrive in. Not safe
// for concurrent use.
type Directory struct {
	world   lumps.Ref
	charter *Charter
	sites   map[base.ID]*SiteRecord
}

// NewDirectory makes an empty directory for a checked charter.
func NewDirectory(c *Charter) *Directory {
	return &Directory{world: c.ID(), charter: c, sites: map[base.ID]*SiteRecord{}}
}

// older is the total order in which clashes are decided. Founding times are
// what owners say, so the founder of the world comes before them all.
func (d *Directory) older(a, b *SiteRecord) bool {
	if x, y := a.Owner == d.charter.Founder, b.Owner == d.charter.Founder; x != y {
		return x
	}
	if a.Founded != b.Founded {
		return a.Founded < b.Founded
	}
	return a.Region().Compare(b.Region()) < 0
}

// Fits tells whether Add would take the record, or has it already.
func (d *Directory) Fits(r *SiteRecord) bool {
	_, err := d.check(r)
	return err == nil
}

// check gives the sites that would have to give way to r, or why it is not
// taken.
func (d *Directory) check(r *SiteRecord) (dropped []base.ID, err error) {
	if r.World != d.world {
		return nil, ErrOtherWorld
	}
	if !d.charter.Box.Contains(r.Site) {
		return nil, ErrOutside
	}
	if r.Founded < d.charter.Founded*1000 {
		return nil, ErrBackdated
	}
	if old := d.sites[r.Region()]; old != nil {
		switch {
		case r.Epoch < old.Epoch || r.Seq < old.Seq || (r.Seq == old.Seq && r.Sig != old.Sig):
			return nil, ErrStale
		case r.Founded != old.Founded:
			return nil, fmt.Errorf("%w: its founding time moved", ErrStale)
		}
		return nil, nil
	}
	s := uint64(d.charter.Spacing)
	for _, o := range d.All() {
		if r.Site.Dist2(o.Site) >= s*s {
			continue
		}
		if d.older(o, r) {
			return nil, ErrTooClose
		}
		dropped = append(dropped, o.Region())
	}
	if len(d.sites)-len(dropped) >= MaxSites {
		return nil, ErrFull
	}
	return dropped, nil
}

// Add takes a parsed record. changed tells whether the directory is different
// now; dropped names the regions that had to give way.
func (d *Directory) Add(r *SiteRecord) (changed bool, dropped []base.ID, err error) {
	if dropped, err = d.check(r); err != nil {
		return false, nil, err
	}
	id := r.Region()
	if old := d.sites[id]; old != nil && old.Seq == r.Seq {
		return false, nil, nil
	}
	for _, o := range dropped {
		delete(d.sites, o)
	}
	d.sites[id] = r
	return true, dropped, nil
}

// Get gives the record of a region, or nil.
func (d *Directory) Get(id base.ID) *SiteRecord { return d.sites[id] }

// All lists the records sorted by region id.
func (d *Directory) All() []*SiteRecord {
	out := make([]*SiteRecord, 0, len(d.sites))
	for _, r := range d.sites { //lint:sorted below
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b *SiteRecord) int { return a.Region().Compare(b.Region()) })
	return out
}

// Owner gives the record of the region that owns a position, or nil while no
// site is known.
func (d *Directory) Owner(p spatial.Pos) *SiteRecord {
	var best *SiteRecord
	for _, r := range d.All() {
		if best == nil || r.Site.Dist2(p) < best.Site.Dist2(p) {
			best = r
		}
	}
	return best
}
