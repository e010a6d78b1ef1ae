package node

import (
	"slices"

	"github.com/metatopia/metatopia/node/world"
	"github.com/metatopia/metatopia/spatial"
)

// savedPlace is place.json: where the avatar stood when the node last stopped.
type savedPlace struct {
	Pos spatial.Pos `json:"pos"`
}

// place is where the session looks from: the avatar, or where it would enter.
func (p *player) place() (spatial.Pos, bool) {
	p.mu.Lock()
	if p.placed {
		defer p.mu.Unlock()
		return p.pos, true
	}
	p.mu.Unlock()
	pos, ok := p.w.entrance()
	if !ok {
		return pos, false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.placed {
		p.pos, p.placed = pos, true
	}
	return p.pos, true
}

// entrance is where newcomers appear: on a ring around the oldest site of the
// world's founder, or of anybody while there is none (founding times are what
// owners say), at an angle that their key decides, so that they do not stand on each other.
func (w *worldState) entrance() (spatial.Pos, bool) {
	all := w.records()
	if len(all) == 0 {
		return spatial.Pos{}, false
	}
	oldest := slices.MinFunc(all, func(a, b *world.SiteRecord) int {
		x, y := a.Owner == w.charter.Founder, b.Owner == w.charter.Founder
		switch {
		case x != y && x:
			return -1
		case x != y:
			return 1
		case a.Founded < b.Founded:
			return -1
		case a.Founded > b.Founded:
			return 1
		}
		return a.Region().Compare(b.Region())
	})
	ring := [...][2]float32{{5, 0}, {4.6, 1.9}, {3.5, 3.5}, {1.9, 4.6}, {0, 5}, {-1.9, 4.6}, {-3.5, 3.5}, {-4.6, 1.9},
		{-5, 0}, {-4.6, -1.9}, {-3.5, -3.5}, {-1.9, -4.6}, {0, -5}, {1.9, -4.6}, {3.5, -3.5}, {4.6, -1.9}}
	o := ring[int(w.n.key[0])%len(ring)]
	pos := oldest.Site.Add(spatial.Vec{X: o[0], Y: 1, Z: o[1]})
	return w.charter.Box.Clamp(pos), true
}
