package pkg

import (
	"crypto/ed25519"
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
)

// History are the releases of one key, and evidence against it if there is any.
// It only grows. The zero value but for Author is an author nobody has heard
// of.
type History struct {
	Author   base.Key
	Releases []*Release // number i+1 at i
	Against  *Evidence
}

// Add takes the releases that follow, in order; those that are known already
// are compared. It tells whether anything is new. ErrConflict when a release
// contradicts what is known: Against is then set and stays. ErrManifest when a
// release is missing between. What comes before a fault is kept.
func (h *History) Add(list ...*Release) (changed bool, err error) {
	for _, r := range list {
		switch {
		case r.Author != h.Author:
			return changed, fmt.Errorf("pkg: history: %w: a release of %s among those of %s", ErrManifest, r.Author.Short(), h.Author.Short())
		case r.Seq <= uint64(len(h.Releases)):
			if old := h.Releases[r.Seq-1]; old.Hash() != r.Hash() {
				return h.convict(&Evidence{old, r}) || changed, fmt.Errorf("pkg: history: release %d: %w", r.Seq, ErrConflict)
			}
			continue
		case r.Seq > uint64(len(h.Releases))+1:
			return changed, fmt.Errorf("pkg: history: %w: release %d after %d", ErrManifest, r.Seq, len(h.Releases))
		}
		if old := h.Find(r.Name, r.Version); old != nil {
			return h.convict(&Evidence{old, r}) || changed, fmt.Errorf("pkg: history: %s: %w", r.ID(), ErrConflict)
		}
		if r.Prev != h.Tip() {
			// Another history, whose earlier releases were not shown: the one
			// that this one follows would be the evidence.
			return changed, fmt.Errorf("pkg: history: %w: release %d does not follow the one before", ErrManifest, r.Seq)
		}
		h.Releases = append(h.Releases, r)
		changed = true
	}
	return changed, nil
}

// Convict takes evidence from elsewhere.
func (h *History) Convict(e *Evidence) (changed bool) {
	return e.Valid() && e.A.Author == h.Author && h.convict(e)
}

// convict keeps the evidence that reaches back farthest.
func (h *History) convict(e *Evidence) bool {
	if h.Against != nil && h.Against.Seq() <= e.Seq() {
		return false
	}
	h.Against = e
	return true
}

// Tip is the hash that the next release names.
func (h *History) Tip() [32]byte {
	if len(h.Releases) == 0 {
		return [32]byte{}
	}
	return h.Releases[len(h.Releases)-1].Hash()
}

// Find gives the release of a version, or nil.
func (h *History) Find(name string, v Version) *Release {
	for _, r := range h.Releases {
		if r.Name == name && r.Version == v {
			return r
		}
	}
	return nil
}

// Certain tells whether a release may be relied on: not from the number on at
// which the author signed two things.
func (h *History) Certain(r *Release) bool { return h.Against == nil || r.Seq < h.Against.Seq() }

// Versions are the releases of a name, newest version first.
func (h *History) Versions(name string) []*Release {
	var out []*Release
	for _, r := range h.Releases {
		if r.Name == name {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b *Release) int { return b.Version.Compare(a.Version) })
	return out
}

// Newest is the one to install when no version is named: the highest that is
// certain; one with a part after the dash only if pre, or if there is no other.
func (h *History) Newest(name string, pre bool) *Release {
	var best *Release
	for _, r := range h.Versions(name) {
		if !h.Certain(r) {
			continue
		}
		if best == nil {
			best = r
		}
		if pre || r.Version.Pre == "" {
			return r
		}
	}
	return best
}

// Next makes and signs the release that follows. ErrConflict when the version
// is out already with another content, or the author is convicted.
func (h *History) Next(priv ed25519.PrivateKey, name string, v Version, root lumps.Ref, time int64) (*Release, error) {
	if h.Against != nil {
		return nil, fmt.Errorf("pkg: release %s@%s: %w, release %d", name, v, ErrConflict, h.Against.Seq())
	}
	if old := h.Find(name, v); old != nil && old.Package != root {
		return nil, fmt.Errorf("pkg: release %s@%s: %w: it is out as %s", name, v, ErrConflict, old.Package)
	}
	r := &Release{Seq: uint64(len(h.Releases)) + 1, Prev: h.Tip(), Name: name, Version: v, Package: root, Time: time}
	if err := r.Sign(priv); err != nil {
		return nil, err
	}
	return r, nil
}

// Append appends the encoding: version u8 (1), author 32, count u32 and each
// release with a u32 length, then the evidence with one (0: none).
func (h *History) Append(b []byte) []byte {
	e := base.Encoder{B: b}
	e.U8(1)
	e.Key(h.Author)
	e.U32(uint32(len(h.Releases)))
	for _, r := range h.Releases {
		e.Bytes(r.Encode())
	}
	if h.Against == nil {
		e.U32(0)
	} else {
		e.Bytes(h.Against.Encode())
	}
	return e.B
}

// ReadHistory reads what Append writes and checks every signature and the
// chain.
func ReadHistory(b []byte) (*History, error) {
	if len(b) > MaxReleases*(MaxRelease+4)+2*MaxRelease {
		return nil, fmt.Errorf("pkg: history: %w: %d bytes", ErrManifest, len(b))
	}
	d := base.NewDecoder(b)
	if v := d.U8(); d.Err() == nil && v != 1 {
		return nil, fmt.Errorf("pkg: history: %w: version %d of the format is not known here", ErrManifest, v)
	}
	h := &History{Author: d.Key()}
	for n := d.Count(MaxReleases, 150); n > 0; n-- {
		raw := d.Bytes(MaxRelease)
		if d.Err() != nil {
			break
		}
		r, err := ParseRelease(raw)
		if err != nil {
			return nil, err
		}
		if changed, err := h.Add(r); err != nil || !changed {
			return nil, fmt.Errorf("pkg: history: %w: release %d", ErrManifest, r.Seq)
		}
	}
	against := d.Bytes(2 * (MaxRelease + 4))
	if err := d.Done(); err != nil {
		return nil, fmt.Errorf("pkg: history: %w: %w", ErrManifest, err)
	}
	if len(against) > 0 {
		e, err := ParseEvidence(against)
		if err != nil {
			return nil, err
		}
		if e.A.Author != h.Author {
			return nil, fmt.Errorf("pkg: history: %w: evidence against somebody else", ErrManifest)
		}
		h.Against = e
	}
	return h, nil
}
