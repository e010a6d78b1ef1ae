package rival

import (
	"math"
	"slices"

	"github.com/metatopia/metatopia/raynet/raysim"
	"github.com/metatopia/metatopia/spatial"
)

// Squares of the radii in units².
var (
	detect2 = square(vonDetect)
	loose2  = square(vonLoose)
)

// find is the place of a node among the neighbours. It runs for every message.
func (v *von) find(node int32) (at int, ok bool) {
	lo, hi := 0, len(v.known)
	for lo < hi {
		mid := int(uint(lo+hi) / 2)
		if v.known[mid].node < node {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo, lo < len(v.known) && v.known[lo].node == node
}

// get is a neighbour, nil when it is none.
func (v *von) get(node int32) *neighbour {
	if i, ok := v.find(node); ok {
		return &v.known[i]
	}
	return nil
}

// connect adds a neighbour or brings one up to date.
func (v *von) connect(now int64, c contact) *neighbour {
	i, ok := v.find(c.node)
	t := millis(now)
	if !ok {
		v.known = slices.Insert(v.known, i, neighbour{contact: c, since: t, shifted: t, heard: t, keep: t + vonDrop})
		v.changed = true
		return &v.known[i]
	}
	n := &v.known[i]
	if c.mark >= n.mark {
		if n.at != c.at {
			n.shifted, v.changed = t, true
		}
		n.contact = c
	}
	return n
}

// leave forgets a neighbour; false when it was none.
func (v *von) leave(node int32) bool {
	i, ok := v.find(node)
	if ok {
		v.known = slices.Delete(v.known, i, i+1)
		v.changed = true
	}
	return ok
}

// lose forgets one that has vanished; those around the hole have to compare.
func (v *von) lose(node int32) { v.lost = v.leave(node) || v.lost }

func (v *von) receive(now int64, from int32, m *vonMessage, out *raysim.Out) {
	if n := v.get(from); n != nil {
		n.heard = millis(now)
	}
	switch m.kind {
	case vonQuery:
		v.query(now, m, out)
	case vonNodes:
		v.note(m.list)
	case vonHello:
		v.connect(now, m.list[0])
		v.send(from, vonHelloAnswer, []contact{v.me(now)}, nil, out)
		v.complete(from, m.list[0].at, m.ids, out)
		v.unsure = true
	case vonHelloAnswer:
		if v.heardOf(from) {
			v.connect(now, m.list[0])
		}
	case vonEnclosing:
		if n := v.get(from); n != nil {
			v.complete(from, n.at, m.ids, out)
		}
	case vonMoved, vonMovedBoundary:
		if v.get(from) == nil {
			return
		}
		n := v.connect(now, m.list[0])
		if m.kind == vonMovedBoundary {
			v.discover(now, n, out)
		}
	case vonBye:
		v.unsure = true
		v.leave(from)
	}
}

// query passes a newcomer on to whoever is closer to its place, or takes it in
// and answers with those that it should know.
func (v *von) query(now int64, m *vonMessage, out *raysim.Out) {
	who := m.list[0]
	if who.node == v.self {
		return
	}
	all := drop(v.contacts(), who.node)
	if i, _ := closest(all, who.at, v.at.dist2(who.at)); i >= 0 {
		out.Send(all[i].node, raysim.Reliable, m)
		return
	}
	list := v.relevant(who, all)
	v.connect(now, who)
	v.send(who.node, vonNodes, append(list, v.me(now)), nil, out)
}

// relevant is which of some nodes another should know: those in its area of
// interest, and its enclosing neighbours among them and this node.
func (v *von) relevant(who contact, all []contact) (list []contact) {
	n := len(all)
	all = append(all, contact{v.self, v.at, 0})
	for i, w := range v.s.weigh(who.at, v.walls, v.guess, all)[:n] {
		if w.rays > 0 || all[i].at.dist2(who.at) <= detect2 {
			list = append(list, all[i])
		}
	}
	return list
}

// note keeps nodes told of until the next tick.
func (v *von) note(list []contact) {
	for _, c := range list {
		if c.node == v.self {
			continue
		}
		if i := index(v.fresh, c.node); i >= 0 {
			if v.fresh[i].mark < c.mark {
				v.fresh[i] = c
			}
		} else if len(v.fresh) < maxFresh && v.get(c.node) == nil {
			v.fresh = append(v.fresh, c)
		}
	}
}

// meet looks at the nodes told of and says hello to those that matter.
func (v *von) meet(now int64, out *raysim.Out) {
	fresh := v.fresh
	v.fresh = v.fresh[:0]
	if len(fresh) == 0 {
		return
	}
	all := v.contacts()
	n := len(all)
	far := false
	v.asked = slices.DeleteFunc(v.asked, func(a asked) bool { return a.until < now })
	for _, c := range fresh {
		if v.get(c.node) == nil && !slices.ContainsFunc(v.asked, func(a asked) bool { return a.node == c.node }) {
			all = append(all, c)
			far = far || c.at.dist2(v.at) > detect2
		}
	}
	v.s.cands = all
	var worth []worth
	if far {
		worth = v.s.weigh(v.at, v.walls, v.rays, all)
	}
	var hello []contact
	for i := n; i < len(all); i++ {
		if all[i].at.dist2(v.at) <= detect2 || worth[i].rays > 0 {
			hello = append(hello, all[i])
		}
	}
	for _, c := range hello {
		if len(v.asked) == maxFresh {
			break
		}
		v.asked = append(v.asked, asked{c.node, now + vonAsk})
		v.send(c.node, vonHello, []contact{v.me(now)}, v.around(c), out)
	}
}

// heardOf says that a node has answered a hello, or will not; false when it was
// not asked.
func (v *von) heardOf(node int32) bool {
	for i := range v.asked {
		if v.asked[i].node == node {
			v.asked[i] = v.asked[len(v.asked)-1]
			v.asked = v.asked[:len(v.asked)-1]
			return true
		}
	}
	return false
}

// around is the enclosing neighbours of another as far as this node knows,
// itself not counted; valid until the next call.
func (v *von) around(c contact) []int32 {
	all := drop(v.contacts(), c.node)
	if far := v.beyond(); len(all) >= vonCrowd {
		near := all[:0]
		for _, m := range all {
			if m.at.dist2(c.at) <= far {
				near = append(near, m)
			}
		}
		all = near
	}
	n := len(all)
	all = append(all, contact{v.self, v.at, 0})
	ids := v.s.order[:0]
	for i, w := range v.s.weigh(c.at, v.walls, v.guess, all)[:n] {
		if w.rays > 0 {
			ids = append(ids, all[i].node)
		}
	}
	v.s.order = ids
	return ids
}

// beyond is a distance at which nobody is taken for an enclosing neighbour of
// another: three times the mean of the own.
func (v *von) beyond() uint64 { return square(6 * v.halo) }

// complete tells another those of the own enclosing neighbours that it should
// know and has not listed.
func (v *von) complete(who int32, at point, listed []int32, out *raysim.Out) {
	var missing []contact
	var enclosing []int32
	for i := range v.known {
		n := &v.known[i]
		if !n.enclosing || n.node == who || slices.Contains(listed, n.node) {
			continue
		}
		if d2 := n.at.dist2(at); d2 > detect2 {
			if d2 > v.beyond() {
				continue
			}
			if enclosing == nil {
				enclosing = slices.Clone(v.around(contact{node: who, at: at}))
			}
			if !slices.Contains(enclosing, n.node) {
				continue
			}
		}
		missing = append(missing, n.contact)
	}
	if len(missing) > 0 {
		v.send(who, vonNodes, missing, nil, out)
	}
}

// discover tells a neighbour that has moved of those it comes to know by that,
// and of those that this node has come to know since it last told it.
func (v *von) discover(now int64, who *neighbour, out *raysim.Out) {
	var list []contact
	var enclosing []int32
	for i := range v.known {
		n := &v.known[i]
		if n.node == who.node {
			continue
		}
		news := n.since >= who.told
		if n.at.dist2(who.at) <= detect2 {
			if news || n.at.dist2(who.toldAt) > detect2 {
				list = append(list, n.contact)
			}
			continue
		}
		if !who.enclosing || n.at.dist2(who.at) > v.beyond() || !(news || n.shifted >= who.told || who.at != who.toldAt) {
			continue
		}
		if enclosing == nil {
			enclosing = append(make([]int32, 0, 32), v.around(who.contact)...)
		}
		if slices.Contains(enclosing, n.node) {
			list = append(list, n.contact)
		}
	}
	who.told, who.toldAt = millis(now), who.at
	if len(list) > 0 {
		v.send(who.node, vonNodes, list, nil, out)
	}
}

// tell sends the place to all neighbours; those at the boundary of the area of
// interest, which see beyond it, are asked to look.
func (v *von) tell(now int64, out *raysim.Out) {
	v.moveAt, v.aliveAt = never, now+vonAlive
	inner := square(max(vonAOI-v.halo, 0))
	move := &vonMessage{list: []contact{v.me(now)}, kind: vonMoved}
	boundary := &vonMessage{list: move.list, kind: vonMovedBoundary}
	for i := range v.known {
		if n := &v.known[i]; n.at.dist2(v.at) > inner || len(v.known) < vonCrowd {
			out.Send(n.node, raysim.Reliable, boundary)
		} else {
			out.Send(n.node, raysim.Reliable, move)
		}
	}
}

// care is what a node does for its neighbours once a second: it meets those it
// was told of, finds its enclosing neighbours, has them compare, and lets go
// of those who are silent or of no interest.
func (v *von) care(now int64, out *raysim.Out) {
	v.meet(now, out)
	t := millis(now)
	for i := len(v.known) - 1; i >= 0; i-- {
		if v.known[i].heard+vonSilent < t {
			v.lose(v.known[i].node)
		}
	}
	if v.changed {
		v.changed = false
		v.enclose()
	}
	if v.lost || (v.unsure && (now >= v.compareAt || now < v.bornAt+vonYoung)) {
		v.lost, v.unsure, v.compareAt = false, false, now+vonCompare
		for i := range v.known {
			if v.known[i].enclosing {
				v.send(v.known[i].node, vonEnclosing, nil, v.around(v.known[i].contact), out)
			}
		}
	}
	for i := len(v.known) - 1; i >= 0; i-- {
		n := &v.known[i]
		if n.enclosing || n.at.dist2(v.at) <= loose2 {
			n.keep = t + vonDrop
		} else if t >= n.keep {
			v.send(n.node, vonBye, nil, nil, out)
			v.known = slices.Delete(v.known, i, i+1)
		}
	}
	if len(v.known) == 0 && v.joinAt == never {
		v.joinAt = now + 2*raysim.Second
	}
}

// enclose finds the enclosing neighbours.
func (v *von) enclose() {
	sum, count := 0.0, 0.0
	for i, w := range v.s.weigh(v.at, v.walls, v.rays, v.contacts()) {
		n := &v.known[i]
		if n.enclosing = w.rays > 0; n.enclosing {
			sum += math.Sqrt(float64(n.at.dist2(v.at))) / spatial.Unit
			count++
		}
	}
	v.halo = sum / max(count, 1) / 2
}
