package raysim

import (
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

// turncoat is the will of a corrupted node: its core goes on, what it says is
// changed on the way out.
type turncoat struct {
	ring *Ring
	own  wire.Entry // the newest that the core has sent of itself
	born int64
	rng  *base.Rand
}

// colluders is the State of a Ring: what its members can say of each other.
type colluders struct {
	known []colluder // by index into Members
	byID  map[wire.ShortID]int
}

type colluder struct {
	entry wire.Entry // without a record when none has been seen
	born  int64
	ok    bool
}

// Corrupt implements Corruptible.
func (p *Raynet) Corrupt(m Machine, node int32, r *Ring) Machine {
	n := m.(*member)
	n.evil = &turncoat{ring: r, rng: base.NewRand(uint64(node), 0xe71)}
	return n
}

// Redeem implements Corruptible.
func (p *Raynet) Redeem(m Machine) Machine {
	m.(*member).evil = nil
	return m
}

// Alarmed implements Corruptible.
func (p *Raynet) Alarmed(nodes []int32, machine func(i int32) Machine) (k int) {
	for _, i := range nodes {
		if m, ok := machine(i).(*member); ok && m.n.Counters().Eclipses > 0 {
			k++
		}
	}
	return k
}

// Gather implements Corruptible.
func (p *Raynet) Gather(r *Ring, machine func(i int32) Machine) {
	c := &colluders{known: make([]colluder, len(r.Members)), byID: map[wire.ShortID]int{}}
	for k, i := range r.Members {
		c.byID[wire.ShortOf(keyOf(i))] = k
		if m, ok := machine(i).(*member); ok && m.evil != nil && m.evil.own.Record != nil {
			c.known[k] = colluder{m.evil.own, m.evil.born, true}
		}
	}
	r.State = c
}

// entries are members close to a place.
func (t *turncoat) entries(now int64, p spatial.Pos, limit int) []wire.Entry {
	return t.among(now, t.ring.Closest(p, limit), limit)
}

// baits is how many members answer lookups of one place in turn.
const baits = 12

// bait answers a lookup with other close members each time, so that one path
// after another has a fresh one to follow.
func (t *turncoat) bait(now int64, p spatial.Pos, limit int) []wire.Entry {
	close := t.ring.Closest(p, baits)
	for i := range close {
		j := i + t.rng.IntN(len(close)-i)
		close[i], close[j] = close[j], close[i]
	}
	return t.among(now, close, limit)
}

func (t *turncoat) among(now int64, members []int, limit int) (es []wire.Entry) {
	c, ok := t.ring.State.(*colluders)
	if !ok {
		return nil
	}
	for _, k := range members {
		if c.known[k].ok && len(es) < limit {
			es = append(es, c.known[k].at(now))
		}
	}
	return es
}

func (c *colluder) at(now int64) wire.Entry {
	e := c.entry
	e.Age = wire.AgeOf(now - c.born)
	return e
}

func (t *turncoat) hints(now int64, p spatial.Pos, limit int) (hs []wire.Hint) {
	for _, e := range t.entries(now, p, limit) {
		r := e.Record
		hs = append(hs, wire.Hint{ID: r.ID(), Stamp: r.Stamp, Pos: r.Pos, Kind: r.Kind, AgeS: uint8(min(e.Age.Ns()/Second, 255))})
	}
	return hs
}

// sees keeps the own entry that a message carries.
func (t *turncoat) sees(now int64, e *wire.Entry) {
	t.own, t.born = *e, now-e.Age.Ns()
	t.own.Addr = nil
}

// twist changes a message of the core to a node; nil is silence. cause is the
// event that the core answers.
func (t *turncoat) twist(now int64, to base.Key, cause *Event, msg wire.Message) wire.Message {
	switch m := msg.(type) {
	case *wire.NearOffer:
		t.sees(now, &m.Self)
	case *wire.Closure:
		t.sees(now, &m.Self)
	}
	if t.ring.Harm == Lie {
		return t.lie(to, msg)
	}
	return t.collude(now, cause, msg)
}

func (t *turncoat) collude(now int64, cause *Event, msg wire.Message) wire.Message {
	asked, _ := messageOf(cause)
	switch m := msg.(type) {
	case *wire.Route, *wire.PingAck, *wire.Busy:
		return nil
	case *wire.NearOffer:
		at := m.Self.Record.Pos
		if q, ok := asked.(*wire.NearOffer); ok {
			at = q.Self.Record.Pos
		}
		return &wire.NearOffer{Reply: m.Reply, Self: m.Self, Hints: t.hints(now, at, wire.MaxHints)}
	case *wire.Closer:
		if q, ok := asked.(*wire.Find); ok {
			return &wire.Closer{Query: m.Query, Entries: t.bait(now, q.Target, wire.MaxCloser)}
		}
		return nil
	case *wire.ClosureRep:
		if q, ok := asked.(*wire.Closure); ok {
			return &wire.ClosureRep{Query: m.Query, Entries: t.entries(now, q.Self.Record.Pos, wire.MaxEntries)}
		}
		return nil
	case *wire.Shuffle:
		es := t.some(now, len(m.Entries))
		if !m.Reply && len(m.Entries) > 0 {
			es = append(m.Entries[:1:1], es[min(1, len(es)):]...)
		}
		return &wire.Shuffle{Reply: m.Reply, Entries: es}
	case *wire.NearGive:
		q, ok := asked.(*wire.NearWant)
		if !ok {
			return msg // the own record
		}
		c, _ := t.ring.State.(*colluders)
		var es []wire.Entry
		for _, id := range q.IDs {
			if k, in := c.byID[id]; in && c.known[k].ok {
				es = append(es, c.known[k].at(now))
			}
		}
		if len(es) == 0 {
			return nil
		}
		return &wire.NearGive{Entries: es}
	}
	return msg
}

// some are random members' entries.
func (t *turncoat) some(now int64, n int) (es []wire.Entry) {
	c, ok := t.ring.State.(*colluders)
	if !ok {
		return nil
	}
	for range n {
		if k := &c.known[t.rng.IntN(len(c.known))]; k.ok {
			es = append(es, k.at(now))
		}
	}
	return es
}

// lieReach is how far from the truth a lie is, metres: a few spacings, so that
// it is believed.
const lieReach = 3 * Spacing

// lie gives the receiver a position of its own, in place of the true one.
func (t *turncoat) lie(to base.Key, msg wire.Message) wire.Message {
	n, _ := numberOf(to)
	rng := base.NewRand(uint64(n), uint64(len(t.ring.Members)))
	false0 := inBall(spatial.Pos{}, lieReach, rng)
	shift := func(p spatial.Pos) spatial.Pos {
		return spatial.Pos{X: p.X + false0.X, Y: p.Y + false0.Y, Z: p.Z + false0.Z}
	}
	twist := func(e wire.Entry) wire.Entry {
		r := *e.Record
		r.Pos = shift(r.Pos)
		e.Record = &r
		return e
	}
	switch m := msg.(type) {
	case *wire.NearOffer:
		return &wire.NearOffer{Reply: m.Reply, Self: twist(m.Self), Hints: m.Hints}
	case *wire.Closure:
		return &wire.Closure{Query: m.Query, Self: twist(m.Self), Winners: m.Winners}
	case *wire.Move:
		return &wire.Move{Stamp: m.Stamp, Pos: shift(m.Pos), Vel: m.Vel}
	case *wire.NearGive:
		g := &wire.NearGive{}
		for _, e := range m.Entries {
			if t.own.Record != nil && e.Record.Key == t.own.Record.Key {
				e = twist(e)
			}
			g.Entries = append(g.Entries, e)
		}
		return g
	}
	return msg
}
