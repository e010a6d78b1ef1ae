package handoff

import (
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
)

// Config of a Core.
type Config struct {
	Self     base.ID
	Capacity int   // objects that may be owned or reserved by way of offers
	Slack    int   // objects that releases may bring on top; 0: as many as MaxOwned allows
	Times    Times // zero: DefaultTimes

	// Sound says whether a release can be carried out, before the core
	// commits to it: the state is that of these objects. items have the
	// epochs at which the other region owned them. It must not call the
	// core and must depend on nothing but the log. nil: all are.
	Sound func(from base.ID, items []Ref, state []byte) Verdict

	// Needs names what a receiver must have before it can take a group and
	// what is no part of its state: at most MaxNeeds numbers, rising. Has
	// says whether all of it is here; what is not, the driver gets from the
	// neighbour (see Lacks). Both must depend on nothing but the log, and the
	// numbers must mean the same in every region. nil: nothing is needed, and
	// everything is here.
	Needs func(ids []base.ID) []uint64
	Has   func(needs []uint64) bool
}

// Verdict of Config.Sound.
type Verdict uint8

const (
	Unsound Verdict = iota // never: a fault of the neighbour
	NotYet                 // something is not here yet: no answer, so that it is sent again
	Sound                  // it can be carried out
)

// EffectKind says what an Effect asks of its driver.
type EffectKind uint8

const (
	DoSend     EffectKind = iota + 1 // Peer, Msg: send when the log is durable
	DoRelease                        // Peer, Items: answer with Core.Release or Core.Cancel, now or while the offer is open
	DoAccept                         // Peer, Items (new epochs), State, Replaced: the objects are here now
	DoSettle                         // Peer, Items (new epochs): the new owner has confirmed
	DoGiveUp                         // Peer, Items, Reason: the transfer did not happen; the objects are still here
	DoPrepared                       // Peer, Items: objects are likely to come
	DoStale                          // Peer, Items: a higher epoch is elsewhere; they are not owned here any more
	DoRenew                          // Peer, Items: owned here as before, but from now on at these epochs
)

// Effect is what a Core wants done, in order.
type Effect struct {
	Kind     EffectKind
	Peer     base.ID
	Msg      Msg
	Items    []Ref // sorted by id; not to be changed
	State    []byte
	Reason   Reason
	Replaced []base.ID // of Items: an older epoch must go first
}

type object struct {
	Epoch  uint64
	Rest   base.Tick // no offers before
	Fails  uint8
	Yields bool    // to a higher epoch, whoever brings it
	To     base.ID // region it is being offered to, or zero
	N      uint64  // number of that transfer
}

// Core holds the ownership of one region's objects.
type Core struct {
	cfg      Config
	life     uint64
	owned    map[base.ID]object // written by keep and let alone
	order    []base.ID          // its keys, sorted
	links    map[base.ID]*link
	tombs    map[base.ID]tomb
	buried   []base.ID           // keys of tombs, oldest first
	wishes   []wish              // sorted by their first object
	doubts   map[base.ID]mention // owned since before a raise: perhaps they have moved on
	reserved int                 // objects
	effects  []Effect
	roots    *rooting // nil until the first Root
}

// New makes an empty Core in its first life.
func New(cfg Config) (*Core, error) {
	if cfg.Self.IsZero() || cfg.Capacity < 0 || cfg.Slack < 0 || cfg.Capacity > MaxOwned-cfg.Slack {
		return nil, fmt.Errorf("handoff: config: id is zero or capacity %d with slack %d is not within 0-%d", cfg.Capacity, cfg.Slack, MaxOwned)
	}
	if cfg.Slack == 0 {
		cfg.Slack = MaxOwned - cfg.Capacity
	}
	if cfg.Times == (Times{}) {
		cfg.Times = DefaultTimes
	}
	return &Core{cfg: cfg, life: 1, owned: map[base.ID]object{}, links: map[base.ID]*link{}, tombs: map[base.ID]tomb{}, doubts: map[base.ID]mention{}}, nil
}

// Effects gives what has to be done, in order, and forgets it.
func (c *Core) Effects() []Effect {
	e := c.effects
	c.effects = nil
	return e
}

// Owns gives the epoch at which this region owns the object.
func (c *Core) Owns(id base.ID) (epoch uint64, ok bool) {
	o, ok := c.owned[id]
	return o.Epoch, ok
}

// Len is the number of objects owned.
func (c *Core) Len() int { return len(c.owned) }

// Owned lists the objects owned, sorted by id.
func (c *Core) Owned() []Ref {
	list := make([]Ref, 0, len(c.order))
	for _, id := range c.order {
		list = append(list, Ref{id, c.owned[id].Epoch})
	}
	return list
}

// Room is how many more objects may be offered to this region.
func (c *Core) Room() int { return c.Free() - c.reserved }

// Free is how many more objects the region may make itself. What neighbours
// reserve does not count, or one that lies could fill the region with nothing.
func (c *Core) Free() int { return c.cfg.Capacity - len(c.owned) }

// Limbo is the number of objects released and not yet confirmed.
func (c *Core) Limbo() int {
	n := 0
	//lint:sorted a count has no order
	for _, l := range c.links {
		for i := range l.Out {
			if l.Out[i].Phase == released {
				n += len(l.Out[i].Items)
			}
		}
	}
	return n
}

// Known is the highest epoch this region knows of the object; 0 if none.
func (c *Core) Known(id base.ID) uint64 {
	return max(c.owned[id].Epoch, c.tombs[id].Epoch)
}

// Went is the region to which an object went that left here, as far as it is
// remembered.
func (c *Core) Went(id base.ID) (to base.ID, ok bool) {
	t, ok := c.tombs[id]
	return t.To, ok && !t.To.IsZero()
}

// Own registers a new object. It is ErrOwned or ErrStale when the object is
// here or was seen at this epoch or a higher one.
func (c *Core) Own(id base.ID, epoch uint64) error {
	switch {
	case id.IsZero() || epoch == 0 || epoch >= MaxEpoch:
		return fmt.Errorf("handoff: own %v: %w: epoch %d", id, ErrStale, epoch)
	case c.owned[id].Epoch != 0:
		return fmt.Errorf("handoff: own %v: %w", id, ErrOwned)
	case c.tombs[id].Epoch >= epoch:
		return fmt.Errorf("handoff: own %v: %w: %d, known %d", id, ErrStale, epoch, c.tombs[id].Epoch)
	case len(c.owned) >= MaxOwned:
		return fmt.Errorf("handoff: own %v: %w", id, ErrBusy)
	}
	c.unbury(id)
	c.keep(id, object{Epoch: epoch})
	return nil
}

// Yield says that a higher epoch of the object is to be believed, whichever
// neighbour brings it: something else than the neighbour's word proves it, as
// a player's signature proves a later life of an avatar. What does not yield
// is never taken away by a neighbour.
func (c *Core) Yield(id base.ID) {
	if o, ok := c.owned[id]; ok {
		o.Yields = true
		c.keep(id, o)
	}
}

// Drop forgets an object that ceased to be. An offer of its group is
// withdrawn; the others of the group stay.
func (c *Core) Drop(now base.Tick, id base.ID) {
	if _, ok := c.owned[id]; !ok {
		return
	}
	c.withdraw(now, id)
	c.lose(id)
}

// lose takes an object out of what is owned. It must not be on offer.
func (c *Core) lose(id base.ID) {
	o := c.owned[id]
	c.let(id)
	delete(c.doubts, id)
	c.bury(id, tomb{Epoch: o.Epoch})
	c.forgetWishes(id)
}

func (c *Core) emit(e Effect) { c.effects = append(c.effects, e) }

// Departure is an object released to a region that has not confirmed it.
type Departure struct {
	Ref // as it was owned here
	To  base.ID
}

// Released lists the objects on the way out, in the order of the receivers and
// then of the releases. An object is in it twice when it came back and went
// again meanwhile.
func (c *Core) Released() []Departure {
	var list []Departure
	for _, peer := range c.peers() {
		for _, t := range c.links[peer].Out {
			if t.Phase == released {
				for _, r := range t.Items {
					list = append(list, Departure{r, peer})
				}
			}
		}
	}
	return list
}
