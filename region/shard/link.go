package shard

import (
	"cmp"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

// link is what is remembered about one neighbour.
type link struct {
	Neighbour
	clock clock
	trust trust

	// What this region tells.
	Next  uint64 // handle of the next body told of
	told  []told // sorted by id
	gone  []parting
	tied  []tied // sorted by id
	Reach uint8  // the neighbour's, in 1/4 m
	own   uint8  // this region's

	// What this region was told.
	known    []known    // sorted by handle
	later    []deferred // words of ticks that are not over here
	miss     []uint64   // handles to ask for, sorted
	awaits   []await    // bodies whose geometry is not here, sorted by handle
	fetches  []fetch    // geometries on their way, sorted by id
	askAt    base.Tick
	askTries uint8
	parses   uint8     // geometries of its that may be made at once
	owes     []ask     // pieces that it asked for
	odd      uint8     // digests in a row that differed
	asked    base.Tick // when all was asked for because of one; 0: not

	full  base.Tick // tick in which there was no room for another geometry
	words int       // that came in this tick
	meets []meeting // waiting for the other side's
	says  []meeting // to tell in the next word

	// Follows from the sites.
	plane  spatial.Plane
	normal det.Vec     // from here to there
	shift  spatial.Vec // added to a place of theirs it is a place of ours
	middle float32     // of the border along normal, m from this site
}

// told is a body of this region that the neighbour knows of.
type told struct {
	ID     base.ID
	Handle uint64
	Intros uint8     // introductions still to send
	Rests  uint8     // words of rest still to send
	Since  base.Tick // last within reach
	SaidAt base.Tick // tick of Said
	Car    uint64    // mark of the car last told of
	Said   motion
}

// known is a body of the neighbour.
type known struct {
	Handle uint64
	ID     base.ID
	At     base.Tick // of this region, when it was last spoken of
	Said   motion
}

// parting is a body that the neighbour need not know any more.
type parting struct {
	Handle uint64
	Left   uint8 // times to say so
}

// deferred is a word from ahead of this region's time.
type deferred struct {
	Got  base.Tick // tick in which it came
	Data []byte
}

func (s *Shard) newLink(n Neighbour) *link {
	l := &link{Neighbour: n, Next: 1, parses: maxParses}
	s.place(l)
	return l
}

// place derives what follows from the sites.
func (s *Shard) place(l *link) {
	here, there := spatial.Site{ID: s.cfg.ID, Pos: s.cfg.Site}, spatial.Site{ID: l.ID, Pos: l.Site}
	l.plane = spatial.Border(here, there)
	l.normal = det.Vec(l.plane.Normal())
	l.shift = l.Site.Sub(s.cfg.Site)
	l.middle = float32(0.5 * det.Vec(l.shift).Len())
}

// beyond is how far a place of ours lies on the neighbour's side, m.
func (l *link) beyond(p spatial.Vec) float32 { return l.normal.Dot(det.Vec(p)) - l.middle }

// forget drops the ghosts of a link that ends.
func (s *Shard) forget(l *link) {
	for _, b := range slices.Clone(s.bodies) {
		if b.ghost != nil && b.ghost.From == l.ID {
			s.remove(b)
		}
	}
}

func (l *link) tellsAt(id base.ID) (int, bool) {
	return slices.BinarySearchFunc(l.told, id, func(t told, id base.ID) int { return t.ID.Compare(id) })
}

func (l *link) knownAt(handle uint64) (int, bool) {
	return slices.BinarySearchFunc(l.known, handle, func(k known, h uint64) int { return cmp.Compare(k.Handle, h) })
}

// bind makes handle the neighbour's name of a body, and of no other.
func (l *link) bind(now base.Tick, handle uint64, id base.ID, said motion) {
	l.known = slices.DeleteFunc(l.known, func(k known) bool { return k.ID == id && k.Handle != handle })
	i, ok := l.knownAt(handle)
	if ok {
		l.known[i] = known{handle, id, now, said}
	} else if len(l.known) < MaxGhosts {
		l.known = slices.Insert(l.known, i, known{handle, id, now, said})
	}
	l.miss = slices.DeleteFunc(l.miss, func(h uint64) bool { return h == handle })
}

// ask notes that a handle is not known here.
func (l *link) ask(handle uint64) {
	if i, ok := slices.BinarySearch(l.miss, handle); !ok && len(l.miss) < maxMiss {
		l.miss = slices.Insert(l.miss, i, handle)
	}
}

// handle is the neighbour's name for a body of its own.
func (l *link) handle(id base.ID) uint64 {
	for i := range l.known {
		if l.known[i].ID == id {
			return l.known[i].Handle
		}
	}
	return 0
}

// digests sums up what the neighbour was told, or what it told.
func (l *link) digestTold() (sum uint64) {
	for i := range l.told {
		sum += l.told[i].Said.digest(l.told[i].Handle)
	}
	return sum
}

// settled reports whether all that the neighbour should know was said.
func (l *link) settled() bool {
	return len(l.gone) == 0 && !slices.ContainsFunc(l.told, func(t told) bool { return t.Intros > 0 })
}

func (l *link) digestKnown() (sum uint64) {
	for i := range l.known {
		sum += l.known[i].Said.digest(l.known[i].Handle)
	}
	return sum
}
