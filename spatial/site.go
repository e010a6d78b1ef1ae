package spatial

import (
	"errors"
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

// Site is the fixed point of a region. The region owns every place nearer to
// its site than to any other.
type Site struct {
	ID  base.ID
	Pos Pos
}

// Sites is an immutable set of sites in id order. The zero Sites is empty.
type Sites struct{ all []Site }

// What NewSites and CheckSpacing refuse.
var (
	ErrSite    = errors.New("bad site")
	ErrSpacing = errors.New("sites are too close")
)

// NewSites makes a set. It refuses more than MaxSites, a zero id, an id or a
// position given twice and a position that is not Valid, all as ErrSite. The
// order of list does not matter and list is not kept.
func NewSites(list []Site) (Sites, error) {
	if len(list) > MaxSites {
		return Sites{}, fmt.Errorf("spatial: %w: %d sites, at most %d", ErrSite, len(list), MaxSites)
	}
	all := slices.Clone(list)
	slices.SortFunc(all, func(a, b Site) int { return a.ID.Compare(b.ID) })
	at := make(map[Pos]base.ID, len(all))
	for i, s := range all {
		switch other, twice := at[s.Pos]; {
		case s.ID.IsZero():
			return Sites{}, fmt.Errorf("spatial: %w: zero id", ErrSite)
		case !s.Pos.Valid():
			return Sites{}, fmt.Errorf("spatial: %w: %s is outside the coordinate range", ErrSite, s.ID)
		case i > 0 && all[i-1].ID == s.ID:
			return Sites{}, fmt.Errorf("spatial: %w: %s given twice", ErrSite, s.ID)
		case twice:
			return Sites{}, fmt.Errorf("spatial: %w: %s and %s at the same place", ErrSite, other, s.ID)
		}
		at[s.Pos] = s.ID
	}
	return Sites{all}, nil
}

// Len is the number of sites.
func (s Sites) Len() int { return len(s.all) }

// All is a copy in id order.
func (s Sites) All() []Site { return slices.Clone(s.all) }

// Get finds a site by id.
func (s Sites) Get(id base.ID) (Site, bool) {
	i, ok := slices.BinarySearchFunc(s.all, id, func(a Site, id base.ID) int { return a.ID.Compare(id) })
	if !ok {
		return Site{}, false
	}
	return s.all[i], true
}

// Owner is the site nearest to p by exact squared distance; of two at the same
// distance the lower id wins. It is false only for an empty set. p must be
// Valid.
func (s Sites) Owner(p Pos) (Site, bool) {
	if len(s.all) == 0 {
		return Site{}, false
	}
	best, at := s.all[0].Pos.Dist2(p), 0
	for i := 1; i < len(s.all); i++ {
		if d := s.all[i].Pos.Dist2(p); d < best {
			best, at = d, i
		}
	}
	return s.all[at], true
}

// Neighbours are the sites whose border with id could touch id's region,
// nearest first, ties by id, at most MaxNeighbours.
//
// It is an upper bound, not the exact set: every other site counts, also one
// that a third site hides. The exact set needs a Delaunay computation; a
// region that watches one neighbour too many loses only bandwidth.
func (s Sites) Neighbours(id base.ID) []Site {
	me, ok := s.Get(id)
	if !ok {
		return nil
	}
	out := make([]Site, 0, len(s.all)-1)
	for _, o := range s.all {
		if o.ID != id {
			out = append(out, o)
		}
	}
	// The input is in id order and the sort is stable: ties stay in id order.
	slices.SortStableFunc(out, func(a, b Site) int {
		return cmpU64(me.Pos.Dist2(a.Pos), me.Pos.Dist2(b.Pos))
	})
	return out[:min(len(out), MaxNeighbours)]
}

func cmpU64(a, b uint64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// CheckSpacing is ErrSpacing, naming both, when two sites are nearer than
// spacing units. With spacing kept, every owner surely owns the ball of radius
// spacing/2 around its site.
func (s Sites) CheckSpacing(spacing int64) error {
	least := uint64(min(max(spacing, 0), MaxCoord))
	least *= least
	for i, a := range s.all {
		for _, b := range s.all[:i] {
			if a.Pos.Dist2(b.Pos) < least {
				return fmt.Errorf("spatial: %w: %s and %s", ErrSpacing, b.ID, a.ID)
			}
		}
	}
	return nil
}

// AppendTo writes a count and 40 bytes a site, in id order.
func (s Sites) AppendTo(e *base.Encoder) {
	e.U32(uint32(len(s.all)))
	for _, x := range s.all {
		e.ID(x.ID)
		x.Pos.AppendTo(e)
	}
}

// ReadSites reads what AppendTo wrote and refuses what NewSites would, and a
// list that is not in id order.
func ReadSites(d *base.Decoder) Sites {
	n := d.Count(MaxSites, 40)
	list := make([]Site, 0, n)
	for i := 0; i < n && d.Err() == nil; i++ {
		list = append(list, Site{d.ID(), ReadPos(d)})
		if i > 0 && list[i-1].ID.Compare(list[i].ID) >= 0 {
			d.Fail(fmt.Errorf("%w: not in id order", ErrSite))
		}
	}
	if d.Err() != nil {
		return Sites{}
	}
	s, err := NewSites(list)
	if err != nil {
		d.Fail(err)
	}
	return s
}
