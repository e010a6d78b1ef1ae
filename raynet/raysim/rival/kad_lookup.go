package rival

import (
	"slices"

	"github.com/metatopia/metatopia/raynet/raysim"
)

// purpose is what a lookup is for.
type purpose uint8

const (
	forTable purpose = iota // to get to know nodes
	forStore                // to publish the own place
	forNear                 // to find neighbours
	forAsk                  // to answer a question
)

// lookup is an iterative search for the nodes closest to a key, or for what is
// published under it.
type lookup struct {
	key     uint64
	seq     uint32
	value   bool
	purpose purpose
	ask     *question
	list    []step // the closest first
	flying  [kadAlpha]flight
}

// step is one node of a lookup.
type step struct {
	reach
	depth uint8 // questions that led to it
	state uint8
}

const (
	stepNew = iota
	stepAsked
	stepAnswered
	stepFailed
)

// flight is a question under way; until is 0 for none.
type flight struct {
	node  int32
	until int64
}

// maxSteps bounds the list of a lookup.
const maxSteps = 3 * kadK

// look starts a lookup.
func (k *kad) look(now int64, l *lookup, out *raysim.Out) {
	if l.value {
		if list := k.stored(now, l.key); len(list) > 0 {
			k.found(now, l, slices.Clone(list), 0, out)
			return
		}
	}
	k.seq++
	l.seq = k.seq
	l.list = make([]step, 0, maxSteps)
	for _, r := range k.table.closest(k.s, now, k.id, l.key, false) {
		l.list = append(l.list, step{reach: r})
	}
	k.lookups = append(k.lookups, l)
	k.ahead(now, l, out)
}

// ahead asks the closest that have not been asked, and ends the lookup when
// those of the k closest that live have answered.
func (k *kad) ahead(now int64, l *lookup, out *raysim.Out) {
	slot := func() int { return slices.IndexFunc(l.flying[:], func(f flight) bool { return f.until == 0 }) }
	alive, waiting := 0, false
	for i := 0; i < len(l.list) && alive < kadK; i++ {
		st := &l.list[i]
		switch st.state {
		case stepFailed:
			continue
		case stepAsked:
			waiting = true
		case stepNew:
			f := slot()
			if f < 0 {
				return
			}
			kind := uint8(kadFind)
			if l.value {
				kind = kadFindValue
			}
			st.state = stepAsked
			l.flying[f] = flight{st.node, now + kadWait}
			out.Send(st.node, raysim.Datagram, &kadMessage{kind: kind, rpc: l.seq, key: l.key})
			waiting = true
		}
		alive++
	}
	if !waiting {
		k.end(now, l, out)
	}
}

// answered files an answer.
func (k *kad) answered(now int64, from int32, m *kadMessage, out *raysim.Out) {
	i := slices.IndexFunc(k.lookups, func(l *lookup) bool { return l.seq == m.rpc })
	if i < 0 {
		return
	}
	l := k.lookups[i]
	at := slices.IndexFunc(l.list, func(s step) bool { return s.node == from })
	if at < 0 || l.list[at].state == stepAnswered || l.list[at].state == stepNew {
		return
	}
	l.list[at].state = stepAnswered
	depth := l.list[at].depth + 1
	for f := range l.flying {
		if l.flying[f].node == from {
			l.flying[f] = flight{}
		}
	}
	if m.kind == kadValues {
		k.lookups = slices.Delete(k.lookups, i, i+1)
		k.found(now, l, m.list, int32(depth), out)
		return
	}
	for _, n := range m.nodes {
		if n != k.self {
			l.add(n, depth)
		}
	}
	k.ahead(now, l, out)
}

// add files a node by its distance.
func (l *lookup) add(node int32, depth uint8) {
	d := idOf(node) ^ l.key
	lo, hi := 0, len(l.list)
	for lo < hi {
		if mid := (lo + hi) / 2; l.list[mid].dist < d {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo == maxSteps || (lo < len(l.list) && l.list[lo].dist == d) {
		return
	}
	if len(l.list) == maxSteps {
		l.list = l.list[:maxSteps-1]
	}
	l.list = slices.Insert(l.list, lo, step{reach{d, node}, depth, stepNew})
}

// end is for a lookup that has come to the k closest: for a value, that nobody
// has it.
func (k *kad) end(now int64, l *lookup, out *raysim.Out) {
	k.lookups = slices.DeleteFunc(k.lookups, func(o *lookup) bool { return o == l })
	if l.value {
		depth := uint8(0)
		for i := range l.list {
			if l.list[i].state == stepAnswered {
				depth = max(depth, l.list[i].depth+1)
			}
		}
		k.found(now, l, nil, int32(depth), out)
		return
	}
	if l.purpose != forStore {
		return
	}
	here := contact{k.self, k.at, millis(now)}
	n := 0
	for i := range l.list {
		if s := &l.list[i]; s.state == stepAnswered && n < kadK {
			n++
			out.Send(s.node, raysim.Datagram, &kadMessage{kind: kadStore, key: l.key, list: []contact{here}})
		}
	}
	if n < kadK || k.id^l.key < l.list[min(len(l.list), kadK)-1].dist {
		k.keep(now, l.key, here)
	}
}

// found is the answer of a lookup of a value.
func (k *kad) found(now int64, l *lookup, list []contact, depth int32, out *raysim.Out) {
	switch l.purpose {
	case forNear:
		k.meet(list)
	case forAsk:
		l.ask.take(k, list, depth)
		k.advance(now, l.ask, out)
	}
}

// expire gives up what has waited too long and says when the next will have.
func (k *kad) expire(now int64, out *raysim.Out) (next int64) {
	for i := 0; i < len(k.lookups); i++ {
		l := k.lookups[i]
		late := false
		for f := range l.flying {
			if u := l.flying[f].until; u == 0 || u > now {
				continue
			}
			late = true
			node := l.flying[f].node
			l.flying[f] = flight{}
			k.table.failed(now, k.id, node)
			for s := range l.list {
				if l.list[s].node == node {
					l.list[s].state = stepFailed
				}
			}
		}
		if late {
			n := len(k.lookups)
			if k.ahead(now, l, out); len(k.lookups) < n {
				i = -1 // one or more have ended: begin again
			}
		}
	}
	for i := 0; i < len(k.asks); i++ {
		if q := k.asks[i]; q.until != 0 && q.until <= now {
			n := len(k.asks)
			if k.deliverNext(now, q, out); len(k.asks) < n {
				i--
			}
		}
	}
	next = never
	for _, l := range k.lookups {
		for _, f := range l.flying {
			if f.until != 0 {
				next = min(next, f.until)
			}
		}
	}
	for _, q := range k.asks {
		if q.until != 0 {
			next = min(next, q.until)
		}
	}
	return next
}
