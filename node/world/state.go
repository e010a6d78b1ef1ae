package world

import (
	"errors"
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
)

const (
	refLen       = 36
	stateVersion = 2
)

// State is the first part of a checkpoint's content: what the other parts are.
// The content is a joined one (exchange.Join), its parts in this order: State,
// the region's snapshot, the charter of its world, Pad times 1 MiB of zeros
// (so that many small contents may follow: lumps.MinMeanLeaf), and the contents
// that the snapshot names.
//
// Layout: version u8, tick u64, state hash 32, site record (u32 length), pad u16,
// u32 count of contents carried, 36 bytes each; u32 count of contents that are
// named but not carried, 36 bytes each.
type State struct {
	Tick    base.Tick
	Hash    [32]byte // the state hash, that of the log
	Site    *SiteRecord
	Pad     int
	Carried []lumps.Ref // scripts, sources, assets
	Lacking []lumps.Ref // what the server did not have, or what is too large
}

// Encode gives the canonical bytes.
func (s *State) Encode() []byte {
	var e base.Encoder
	e.U8(stateVersion)
	e.U64(uint64(s.Tick))
	e.Raw(s.Hash[:])
	e.Bytes(s.Site.Encode())
	e.U16(uint16(s.Pad))
	for _, list := range [][]lumps.Ref{s.Carried, s.Lacking} {
		e.U32(uint32(len(list)))
		for _, r := range list {
			e.Raw(r.Bytes())
		}
	}
	return e.B
}

// ParseState reads what Encode writes; the site record's signature is checked.
func ParseState(b []byte) (*State, error) {
	s, err := parseState(b)
	if err != nil {
		return nil, fmt.Errorf("world: state: %w", err)
	}
	return s, nil
}

func parseState(b []byte) (*State, error) {
	if len(b) > MaxState {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", base.ErrBound, len(b), MaxState)
	}
	d := base.NewDecoder(b)
	if v := d.U8(); d.Err() == nil && v != stateVersion {
		return nil, fmt.Errorf("version %d is not known here", v)
	}
	s := &State{Tick: base.Tick(d.U64())}
	copy(s.Hash[:], d.Raw(len(s.Hash)))
	site := d.Bytes(MaxRecord)
	s.Pad = int(d.U16())
	var bad error
	read := func(limit int) (list []lumps.Ref) {
		for n := d.Count(limit, refLen); n > 0 && d.Err() == nil; n-- {
			r, err := lumps.FromBytes(d.Raw(refLen))
			if err != nil && bad == nil {
				bad = err
			}
			list = append(list, r)
		}
		return list
	}
	s.Carried, s.Lacking = read(MaxCarried), read(MaxLacking)
	if err := d.Done(); err != nil {
		return nil, err
	}
	if bad != nil {
		return nil, bad
	}
	if s.Pad > MaxPad {
		return nil, errors.New("too much padding")
	}
	var err error
	s.Site, err = ParseSite(site)
	return s, err
}

// Parts checks the links of a checkpoint's root against its State and gives
// the snapshot. It looks at names only.
func (s *State) Parts(links []lumps.Ref) (snapshot lumps.Ref, err error) {
	head := 3 + s.Pad
	if len(links) != head+len(s.Carried) || links[2] != s.Site.World {
		return snapshot, errors.New("world: state: the content has other parts than it says")
	}
	for i, r := range s.Carried {
		if links[head+i] != r {
			return snapshot, errors.New("world: state: the content has other parts than it says")
		}
	}
	return links[1], nil
}

// Rendezvous is the content under which those who keep a region's checkpoints
// announce themselves: nobody can know the newest root beforehand.
func Rendezvous(region base.ID) []byte {
	return []byte("metatopia checkpoints of region " + region.String() + "\n")
}
