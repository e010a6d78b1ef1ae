package raynet

import (
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

// Whoever tells each other node another place is closest to many targets, but
// only in the eyes of the one who asks: those around the target do not know
// it. So who is found counts only when those next to it, who answered too, have
// named it at that place.

const (
	// findWitnesses is how many of those that answered and are closest to
	// the target are looked at, findVouchers how many of them must have named
	// a result: one in five of them lies.
	findWitnesses = 6
	findVouchers  = 2
	// findDoubts is how many questions more a lookup asks to have enough
	// witnesses.
	findDoubts = 8
)

// word is that one node has named another in a lookup.
type word struct {
	by, of base.Key
	at     spatial.Pos
}

// careful says that the lookup takes nobody's word alone.
func (f *lookup) careful() bool { return f.kind == findUser || f.kind == findSure }

// note keeps whom an answer names. Nobody is asked twice.
func (f *lookup) note(from *peer, e *wire.Entry) {
	if r := e.Record; f.careful() && r.Key != from.rec.Key {
		f.words = append(f.words, word{from.rec.Key, r.Key, reckon(r.Pos, r.Vel.Vec(), e.Age.Ns())})
	}
}

// elsewhere is from how far apart two words about one node, metres, are about
// two places: more for one who moves while they travel.
func elsewhere(v wire.Velocity) float64 { return 2 + 4*float64(v.Vec().Len()) }

// trusts says that enough witnesses have named the one of them at i.
func (n *Node) trusts(f *lookup, cs []findCand, i int) bool {
	c := &cs[i]
	at, vel := n.placeOf(c)
	need, seen := findVouchers, 0
	for j := 0; j < len(cs) && seen < findWitnesses; j++ {
		if j == i {
			continue
		}
		seen++
		for k := range f.words {
			if w := &f.words[k]; w.of == c.key && w.by == cs[j].key && metres(w.at, at) <= elsewhere(vel) {
				need--
				break
			}
		}
	}
	return need <= max(findVouchers-seen, 0)
}

// trusted is who answered, without those that are closer than the closest whom
// others have named; all when there is none.
func (n *Node) trusted(f *lookup, cs []findCand) []findCand {
	if f.careful() {
		for i := range cs {
			if n.trusts(f, cs, i) {
				return cs[i:]
			}
		}
	}
	return cs
}

// settled says that the closest that answered is to be trusted.
func (n *Node) settled(f *lookup) bool {
	if !f.careful() || f.opened > 0 {
		return true
	}
	cs := n.heardOf(f)
	return len(cs) > 0 && n.trusts(f, cs, 0)
}
