package handoff

import (
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

// Config of a Core.
type Config struct {
	Self     base.ID
	Capacity int   // objects that may be owned or reserved by way of offers
	Slack    int   // objects that releases may bring on top; 0: as many as MaxOwned allows
	Times    Times // zero: DefaultTimes
}

// EffectKind says what an Effect asks of its driver.
type EffectKind uint8

const (
	DoSend     EffectKind = iota + 1 // Peer, Msg: send when the log is durable
	DoRelease                        // ID, Epoch, Peer: answer with Core.Release or Core.Cancel in this tick
	DoAccept                         // ID, Epoch (the new one), Peer, State, Replace: the object is here now
	DoSettle                         // ID, Epoch (the new one), Peer: the new owner has confirmed
	DoGiveUp                         // ID, Peer, Reason: the transfer did not happen; the object is still here
	DoPrepared                       // ID, Epoch, Peer: an object is likely to come
)

// Effect is what a Core wants done, in order.
type Effect struct {
	Kind    EffectKind
	Peer    base.ID
	Msg     Msg
	ID      base.ID
	Epoch   uint64
	State   []byte
	Reason  Reason
	Replace bool // an older epoch of the object must go first
}

type phase uint8

const (
	offered  phase = 1 // waiting for Prepared
	ready    phase = 2 // DoRelease was given
	released phase = 3 // committed; repeating Release until Accepted
)

// transfer is an object on its way out.
type transfer struct {
	N        uint64
	ID       base.ID
	Epoch    uint64
	To       base.ID
	Phase    phase
	Size     uint32
	State    []byte
	Deadline base.Tick // of the offer
	Again    base.Tick // next repetition
	Tries    uint8
	Next     base.ID // where to offer it when this does not happen
}

// reservation is an object that may come.
type reservation struct {
	N     uint64
	ID    base.ID
	Epoch uint64
	Until base.Tick
	Again base.Tick // next Ask
	Tries uint8
}

// link is what is remembered about one other region.
type link struct {
	Next     uint64 // number of the next transfer to it
	Out      []transfer
	Floor    uint64 // of its transfers to us
	Prepared []reservation
	Accepted []uint64 // numbers at or above Floor, sorted
}

type object struct {
	Epoch uint64
	Rest  base.Tick // no offers before
	Fails uint8
	To    base.ID // region it is being offered to, or zero
}

// Core holds the ownership of one region's objects.
type Core struct {
	cfg      Config
	owned    map[base.ID]object
	links    map[base.ID]*link
	tombs    map[base.ID]uint64 // highest epoch known of objects that left
	buried   []base.ID          // keys of tombs, oldest first
	reserved int
	effects  []Effect
}

// New makes an empty Core.
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
	return &Core{cfg: cfg, owned: map[base.ID]object{}, links: map[base.ID]*link{}, tombs: map[base.ID]uint64{}}, nil
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

// Room is how many more objects may be owned or offered to this region.
func (c *Core) Room() int { return c.cfg.Capacity - len(c.owned) - c.reserved }

// Limbo is the number of objects released and not yet confirmed.
func (c *Core) Limbo() int {
	n := 0
	//lint:sorted a count has no order
	for _, l := range c.links {
		for i := range l.Out {
			if l.Out[i].Phase == released {
				n++
			}
		}
	}
	return n
}

// Known is the highest epoch this region knows of the object; 0 if none.
func (c *Core) Known(id base.ID) uint64 {
	return max(c.owned[id].Epoch, c.tombs[id])
}

// Own registers a new object. It is ErrOwned or ErrStale when the object is
// here or was seen at this epoch or a higher one.
func (c *Core) Own(id base.ID, epoch uint64) error {
	switch {
	case id.IsZero() || epoch == 0 || epoch >= 1<<63:
		return fmt.Errorf("handoff: own %v: %w: epoch %d", id, ErrStale, epoch)
	case c.owned[id].Epoch != 0:
		return fmt.Errorf("handoff: own %v: %w", id, ErrOwned)
	case c.tombs[id] >= epoch:
		return fmt.Errorf("handoff: own %v: %w: %d, known %d", id, ErrStale, epoch, c.tombs[id])
	case len(c.owned) >= MaxOwned:
		return fmt.Errorf("handoff: own %v: %w", id, ErrBusy)
	}
	c.owned[id] = object{Epoch: epoch}
	return nil
}

// Drop forgets an object that ceased to be. An offer of it is withdrawn.
func (c *Core) Drop(now base.Tick, id base.ID) {
	o, ok := c.owned[id]
	if !ok {
		return
	}
	if !o.To.IsZero() {
		c.endOffer(id, o.To)
	}
	delete(c.owned, id)
	c.bury(id, o.Epoch)
}

// bury remembers the highest epoch of an object that is not here.
func (c *Core) bury(id base.ID, epoch uint64) {
	if old, ok := c.tombs[id]; ok {
		c.tombs[id] = max(old, epoch)
		return
	}
	if len(c.buried) >= MaxTombs {
		delete(c.tombs, c.buried[0])
		c.buried = slices.Delete(c.buried, 0, 1)
	}
	c.tombs[id] = epoch
	c.buried = append(c.buried, id)
}

func (c *Core) unbury(id base.ID) {
	if _, ok := c.tombs[id]; ok {
		delete(c.tombs, id)
		i := slices.Index(c.buried, id)
		c.buried = slices.Delete(c.buried, i, i+1)
	}
}

func (c *Core) link(peer base.ID) (*link, error) {
	if l, ok := c.links[peer]; ok {
		return l, nil
	}
	if len(c.links) >= MaxLinks {
		return nil, fmt.Errorf("handoff: link %v: %w: %d links", peer, ErrBusy, len(c.links))
	}
	l := &link{Next: 1, Floor: 1}
	c.links[peer] = l
	return l, nil
}

func (c *Core) emit(e Effect) { c.effects = append(c.effects, e) }

func (c *Core) send(to base.ID, m Msg) { c.emit(Effect{Kind: DoSend, Peer: to, Msg: m}) }

// floor is the lowest number not settled.
func (l *link) floor() uint64 {
	f := l.Next
	for i := range l.Out {
		f = min(f, l.Out[i].N)
	}
	return f
}

func (l *link) find(id base.ID) int {
	return slices.IndexFunc(l.Out, func(t transfer) bool { return t.ID == id && t.Phase != released })
}

func (l *link) number(n uint64) int {
	return slices.IndexFunc(l.Out, func(t transfer) bool { return t.N == n })
}

func (l *link) reservation(n uint64) int {
	return slices.IndexFunc(l.Prepared, func(r reservation) bool { return r.N == n })
}

// peers in the order of their ids: nothing may depend on a map's order.
func (c *Core) peers() []base.ID {
	ids := make([]base.ID, 0, len(c.links))
	//lint:sorted below
	for id := range c.links {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, base.ID.Compare)
	return ids
}

// Offered is the region an object is being offered to, if it is.
func (c *Core) Offered(id base.ID) (to base.ID, ok bool) {
	o := c.owned[id]
	return o.To, !o.To.IsZero()
}
