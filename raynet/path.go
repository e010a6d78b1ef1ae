package raynet

import (
	"cmp"
	"math"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

// A lookup that matters goes several disjoint ways (Baumgart and Mies,
// S/Kademlia, 2007): each path starts from other entries, follows only what it
// was told itself, and asks nobody whom another path has asked. A liar spoils
// the path that meets it; one clean path is enough, because the paths are
// merged by distance at the end and the closest must answer.

const (
	// findPaths is how many paths start at once: where two thirds of them
	// meet a liar, one lookup in 25 has no clean one. They come to up to
	// findMorePaths, findStep at a time, when their ends differ.
	findPaths     = 8
	findMorePaths = 16
	findStep      = 4
	// selfPaths is the same for the own place, which is looked up often,
	// and selfCloser how many entries an answer has there.
	selfPaths  = 3
	selfCloser = 2
	// pathBudget is how many queries one path may send, pathRoots how many
	// entries it starts from: the second serves when the first is dead.
	pathBudget = 8
	pathRoots  = 2
	// wideWidth and wideBudget are those of the paths that come later: they
	// ask on when the closest has answered, so that liars are used up.
	wideWidth  = 2
	wideBudget = 10
	// rootPool is how many of the closest known the first paths start from,
	// wideRoots the later ones.
	rootPool  = 16
	wideRoots = 32
)

type findState uint8

const (
	findNew findState = iota
	findAsked
	findAnswered
	findFailed
	findTaken // by another path
)

type findCand struct {
	key   base.Key
	d2    uint64
	state findState
	news  bool // unknown to this node until the lookup named it
	until int64
	rec   *wire.Record // nil when none is known
}

// path is one way of a lookup.
type path struct {
	cands  []findCand // closest first
	width  int        // queries in flight
	quorum int        // of the closest must have answered
	budget int        // queries left
	doubts int        // queries only to hear of the closest from others
	others int        // queries only to hear of others
	done   bool
	ok     bool
}

func (n *Node) candidateOf(f *lookup, p *peer) findCand {
	c := findCand{key: p.key(), d2: math.MaxUint64}
	if p.hasRec {
		c.d2, c.rec = f.target.Dist2(p.at(n.now)), p.rec
	}
	return c
}

// placeOf is where a candidate is thought to be and how fast it goes. The table
// may have forgotten it: a lookup meets more nodes than there is room for.
func (n *Node) placeOf(c *findCand) (spatial.Pos, wire.Velocity) {
	if p := n.holding(c.key); p != nil {
		return p.whereabouts(n.now), p.vel
	}
	return c.rec.Pos, c.rec.Vel
}

// add files a candidate by its distance; the farthest goes when there are too
// many.
func (w *path) add(c findCand) {
	if w.of(c.key) != nil {
		return
	}
	i, _ := slices.BinarySearchFunc(w.cands, c, compareCands)
	if w.cands = slices.Insert(w.cands, i, c); len(w.cands) > findKeep {
		w.cands = w.cands[:findKeep]
	}
}

func (w *path) of(key base.Key) *findCand {
	for i := range w.cands {
		if w.cands[i].key == key {
			return &w.cands[i]
		}
	}
	return nil
}

// hopeless says that a candidate so far away will not be asked: enough closer
// ones have answered or wait.
func (w *path) hopeless(d2 uint64) bool {
	closer := 0
	for i := range w.cands {
		if c := &w.cands[i]; c.d2 <= d2 && c.state != findFailed && c.state != findTaken {
			closer++
		}
	}
	return closer >= 2*w.quorum+2
}

// pumpPath advances one path.
func (n *Node) pumpPath(f *lookup, w *path) {
	flight, quorum, answered, open := 0, 0, 0, false
	for i := range w.cands {
		c := &w.cands[i]
		if c.state == findAsked && n.now >= c.until {
			c.state = findFailed
		}
		switch c.state {
		case findNew:
			if slices.Contains(f.asked, c.key) {
				c.state = findTaken
				continue
			}
			open = true
		case findAsked:
			flight++
			open = true
		case findAnswered:
			answered++
			if !open {
				quorum++
			}
		}
	}
	if quorum >= w.quorum {
		if !f.careful() || f.opened > 0 || !n.question(f, w, flight) {
			w.done, w.ok = true, true
		}
		return
	}
	for i := range w.cands {
		if flight >= w.width || w.budget == 0 {
			break
		}
		if c := &w.cands[i]; c.state == findNew && n.ask(f, c) {
			w.budget--
			flight++
		}
	}
	if flight == 0 {
		// Nobody is left to ask: complete if everybody known answered.
		w.done, w.ok = true, answered > 0 && w.budget > 0
	}
}

// spread starts the paths of a lookup that goes several ways; false when it
// does not, or when too few are known.
func (n *Node) spread(f *lookup) bool {
	switch f.kind {
	case findUser, findSure:
		if len(n.roots(f)) < findPaths*pathRoots {
			return false
		}
		for range findPaths {
			n.openPath(f)
		}
	case findSelf:
		// Through entries of the random view: the neighbours would only
		// say what is known.
		for _, p := range n.pickRandom(selfPaths, nil) {
			w := path{width: 1, quorum: 1, budget: pathBudget}
			w.add(n.candidateOf(f, p))
			f.paths = append(f.paths, w)
			f.opened++
		}
	}
	return f.opened > 0
}

// roots lists where a path may start, closest to the target first: among all
// that is known for every other path, among random and long views for the
// rest, because a ring of liars around this node is not in those.
func (n *Node) roots(f *lookup) []findCand {
	var cs []findCand
	for _, p := range n.table.all {
		if n.usable(p) && (f.opened%2 == 0 || p.inRandom || p.inLong) {
			cs = append(cs, n.candidateOf(f, p))
		}
	}
	slices.SortFunc(cs, compareCands)
	pool := rootPool
	if f.opened >= findPaths {
		pool = wideRoots
	}
	return cs[:min(len(cs), pool)]
}

// openPath starts one more path from entries that no other path has.
func (n *Node) openPath(f *lookup) bool {
	w := path{width: 1, quorum: 1, budget: pathBudget}
	if f.opened >= findPaths {
		w = path{width: wideWidth, quorum: wideWidth, budget: wideBudget}
	}
	for _, c := range n.roots(f) {
		if len(w.cands) < pathRoots && !f.has(c.key) {
			w.add(c)
		}
	}
	if len(w.cands) == 0 {
		return false
	}
	f.opened++
	f.paths = append(f.paths, w)
	return true
}

// has says that a path knows the key.
func (f *lookup) has(key base.Key) bool {
	for i := range f.paths {
		if f.paths[i].of(key) != nil {
			return true
		}
	}
	return false
}

// news says that the key was unknown until this lookup named it.
func (f *lookup) news(key base.Key) bool {
	for i := range f.paths {
		if c := f.paths[i].of(key); c != nil && c.news {
			return true
		}
	}
	return false
}

// divided says that the paths do not agree who is closest: some have met
// liars, or ended early.
func (f *lookup) divided() bool {
	var first *findCand
	for i := range f.paths {
		head := f.paths[i].head()
		if head == nil {
			return true
		}
		if first == nil {
			first = head
		}
		if head.key != first.key {
			return true
		}
	}
	return false
}

// head is the closest candidate that has answered some path.
func (w *path) head() *findCand {
	for i := range w.cands {
		if s := w.cands[i].state; s == findAnswered || s == findTaken {
			return &w.cands[i]
		}
	}
	return nil
}

func (n *Node) openMore(f *lookup) bool {
	if f.kind == findSelf || f.opened >= findMorePaths {
		return false
	}
	opened := false
	for range min(findStep, findMorePaths-f.opened) {
		opened = n.openPath(f) || opened
	}
	return opened
}

// merge makes one path of all, in which the closest must have answered.
func (f *lookup) merge() {
	if f.opened == 0 {
		return
	}
	var all []findCand
	for i := range f.paths {
		all = append(all, f.paths[i].cands...)
	}
	// Of one key the place counts that says most.
	worth := func(s findState) int {
		return slices.Index([]findState{findAnswered, findFailed, findAsked, findNew, findTaken}, s)
	}
	slices.SortStableFunc(all, func(a, b findCand) int { return cmp.Compare(worth(a.state), worth(b.state)) })
	w := path{width: findWidth, quorum: findQuorum, budget: findBudget / 2}
	for _, c := range all {
		w.add(c)
	}
	f.opened, f.paths = 0, append(f.paths[:0], w)
}
