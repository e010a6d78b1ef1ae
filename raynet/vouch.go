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
	// findOthers is how many it puts to strangers, whom no witness has named:
	// colluders name each other, and all paths may have met some. As long as
	// strangers lead closer there may be up to findLeads.
	findOthers, findLeads = 3, 10
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

// question looks into the result of a careful lookup; false when there is
// nothing more to ask.
func (n *Node) question(f *lookup, w *path, flight int) bool {
	for flight < w.width && w.budget > 0 {
		c := n.nextQuestion(f, w)
		if c == nil {
			break
		}
		if n.ask(f, c) {
			w.budget--
			flight++
		}
	}
	return flight > 0
}

// nextQuestion is whom to ask: one whom the closest has named, while that one
// has too few witnesses, and then strangers.
func (n *Node) nextQuestion(f *lookup, w *path) *findCand {
	cs := n.heardOf(f)
	if len(cs) > 0 && !n.trusts(f, cs, 0) && w.doubts < findDoubts {
		c := w.next(func(c *findCand) bool { return f.said(cs[0].key, c.key) })
		if c == nil {
			c = w.next(func(*findCand) bool { return true })
		}
		if c != nil {
			w.doubts++
			return c
		}
	}
	witnesses := cs[:min(len(cs), findWitnesses)]
	stranger := func(c *findCand) bool {
		for i := range witnesses {
			if witnesses[i].key == c.key || f.said(witnesses[i].key, c.key) {
				return false
			}
		}
		return true
	}
	c := w.next(stranger)
	if c == nil || w.others >= findLeads {
		return nil
	}
	if w.others >= findOthers {
		for i := range w.cands {
			if o := &w.cands[i]; o.state == findAnswered && o.d2 <= c.d2 && stranger(o) {
				return nil
			}
		}
	}
	w.others++
	return c
}

// next is the closest candidate not asked that is as wished.
func (w *path) next(wished func(*findCand) bool) *findCand {
	for i := range w.cands {
		if c := &w.cands[i]; c.state == findNew && wished(c) {
			return c
		}
	}
	return nil
}

// said says that one has named another.
func (f *lookup) said(by, of base.Key) bool {
	for k := range f.words {
		if w := &f.words[k]; w.by == by && w.of == of {
			return true
		}
	}
	return false
}
