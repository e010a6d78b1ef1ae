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

// older is the total order in which clashes are decided.
func older(a, b *SiteRecord) bool {
	if a.Founded != b.Founded {
		return a.Founded < b.Founded
	}
	return a.Region().Compare(b.Region()) < 0
}

// Add takes a parsed record. changed tells whether the directory is different
// now; dropped names the regions that had to give way.
func (d *Directory) Add(r *SiteRecord) (changed bool, dropped []base.ID, err error) {
	if r.World != d.world {
		return false, nil, ErrOtherWorld
	}
	if !d.charter.Box.Contains(r.Site) {
		return false, nil, ErrOutside
	}
	id := r.Region()
	if old := d.sites[id]; old != nil {
		if r.Seq <= old.Seq {
			if r.Seq == old.Seq && r.Sig == old.Sig {
				return false, nil, nil
			}
			return false, nil, ErrStale
		}
		if r.Founded != old.Founded {
			return false, nil, fmt.Errorf("%w: its founding time moved", ErrStale)
		}
		d.sites[id] = r
		return true, nil, nil
	}
	s := uint64(d.charter.Spacing)
	for _, o := range d.All() {
		if r.Site.Dist2(o.Site) >= s*s {
			continue
		}
		if older(o, r) {
			return false, nil, ErrTooClose
		}
		dropped = append(dropped, o.Region())
	}
	if len(d.sites)-len(dropped) >= MaxSites {
		return false, nil, ErrFull
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
