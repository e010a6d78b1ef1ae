package rival

import (
	"math"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/raynet/raysim"
	"github.com/metatopia/metatopia/spatial"
)

// Figures of kad: Kademlia's k and alpha; how long an answer may take; how many
// nodes a cell holds on average, how often a node looks into its own and the
// 26 around it, and how long a publication lasts. The first two rounds are
// shorter, for a start of everybody at once.
const (
	kadK       = 20
	kadAlpha   = 3
	kadWait    = 1500 * raysim.Millisecond
	kadPerCell = 8
	kadRound   = 10 * raysim.Second
	kadFirst   = 4 * raysim.Second
	kadLasts   = 25 * raysim.Second
	kadRefresh = 60 * raysim.Second
	// maxKadAnswer bounds what is answered of one cell, maxKadStore what is
	// kept of all, and maxKadCells what one question may look into.
	maxKadAnswer = 32
	maxKadStore  = 1024
	maxKadCells  = 125
)

// kad is what one would do with a distributed hash table only: Kademlia
// (Maymounkov and Mazières 2002) with 256-bit ids, of which 64 decide here, and
// the world cut into cubes that hold 8 nodes on average, whose size everybody
// knows. Each node publishes its place under the hash of its cell on the 20
// nodes closest to it and looks into its cell and the 26 around it, both every
// 10 s, spread evenly. What it finds there are its neighbours. A publication
// lasts 25 s, so that the dead and those who have moved on go.
//
// To route to a place a node looks into the place's cell, then, while nobody
// is published there, into rings of cells around it, and at last into each
// cell that comes closer to the place than whoever was found; then it contacts
// the closest published, and the next one when that does not answer. Hops are
// the questions that had to wait for one another, and the last message.
//
// A table has 20 contacts for each length of common prefix, the least recently
// heard of first, and 5 that wait for a place; a contact that does not answer
// makes room when one waits, and is left alone for a time that doubles
// otherwise (sections 2.2 and 4.1). A lookup of a value ends with the first
// answer, of nodes with those of the 20 closest. A newcomer looks itself up at
// once, after 2 and 5 s, and each minute.
type kad struct {
	s       *shard
	id      uint64
	at      point
	hi      cell // the last of the world; the first is 0, 0, 0
	origin  point
	edge    int64 // of a cell, units
	self    int32
	seq     uint32
	rng     base.Rand
	table   kadTable
	store   []published
	lookups []*lookup
	asks    []*question
	near    []contact // mark is when it was published

	stepAt, refreshAt int64
	part, rounds      int
	refreshes         int
}

// cell is a cube of the world by its coordinates.
type cell struct{ x, y, z int32 }

func (c cell) key() uint64 {
	return mix(mix(mix(uint64(uint32(c.x))+0x9e3779b97f4a7c15)+uint64(uint32(c.y))) + uint64(uint32(c.z)))
}

// apart is how many rings of cells lie between two.
func (c cell) apart(o cell) int32 {
	abs := func(v int32) int32 { return max(v, -v) }
	return max(abs(c.x-o.x), abs(c.y-o.y), abs(c.z-o.z))
}

// idOf is the place of a node among the keys.
func idOf(node int32) uint64 { return mix(uint64(uint32(node)) + 0x6b61646b61646b61) }

// mix is the finaliser of SplitMix64 (Steele and others 2014).
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// published is a place in the store of a node.
type published struct {
	contact
	key   uint64
	until int64
}

const (
	kadFind = iota
	kadFindValue
	kadNodes
	kadValues
	kadStore
	kadDeliver
	kadDelivered
)

var kadKinds = []string{"find", "find_value", "nodes", "values", "store", "deliver", "delivered"}

// kadMessage is any of them: type 1, request 20 and sender 32, then a key of
// 32, contacts of 38 (id 32, address 6) and publications of 54 (with place 12
// and time 4).
type kadMessage struct {
	key   uint64
	token uint64
	nodes []int32
	list  []contact
	rpc   uint32
	hops  int32
	kind  uint8
}

func (m *kadMessage) Kind() uint8 { return m.kind }

func (m *kadMessage) Size() int {
	n := 53 + 38*len(m.nodes) + 54*len(m.list)
	switch m.kind {
	case kadFind, kadFindValue, kadStore:
		n += 32
	case kadDeliver:
		n += 8 + 12
	}
	return n
}

func newKad(start raysim.Start, nodes int, s *shard) raysim.Machine {
	side := func(lo, hi int64) float64 { return float64(max(hi-lo, 1)) }
	b := start.Box
	volume := side(b.Min.X, b.Max.X) * side(b.Min.Y, b.Max.Y) * side(b.Min.Z, b.Max.Z)
	k := &kad{s: s, id: idOf(start.Node), at: pointOf(start.Pos), origin: pointOf(b.Min), self: start.Node,
		edge: int64(math.Cbrt(volume*kadPerCell/float64(nodes))) + 1, rng: *base.NewRand(start.Seed, 1), stepAt: never, refreshAt: never}
	k.hi = k.cellOf(pointOf(spatial.Pos{X: b.Max.X, Y: b.Max.Y, Z: b.Max.Z}))
	return k
}

func (k *kad) cellOf(p point) cell {
	at := func(v, lo int32) int32 { return int32((int64(v) - int64(lo)) / k.edge) }
	return cell{at(p.x, k.origin.x), at(p.y, k.origin.y), at(p.z, k.origin.z)}
}

func (k *kad) inWorld(c cell) bool {
	return c.x >= 0 && c.y >= 0 && c.z >= 0 && c.x <= k.hi.x && c.y <= k.hi.y && c.z <= k.hi.z
}

// Step implements raysim.Machine.
func (k *kad) Step(now int64, ev *raysim.Event, out *raysim.Out) {
	switch ev.Kind {
	case raysim.EvStart:
		for _, n := range ev.Keys {
			if n != k.self {
				k.table.heard(k.id, n)
			}
		}
		k.refreshAt, k.stepAt = now, now+raysim.Second
	case raysim.EvPose:
		k.at = pointOf(ev.Pos)
		return
	case raysim.EvMessage:
		k.table.heard(k.id, ev.From)
		k.receive(now, ev.From, ev.Msg.(*kadMessage), out)
	case raysim.EvRoute, raysim.EvLookup:
		k.ask(now, ev.Token, pointOf(ev.Pos), ev.Kind == raysim.EvRoute, out)
	case raysim.EvSendFailed:
		return // the wait has run out long before
	case raysim.EvLeave:
		return
	}
	k.wake(now, out)
}

func (k *kad) wake(now int64, out *raysim.Out) {
	if now >= k.refreshAt {
		k.refreshes++
		k.refreshAt = now + []int64{2 * raysim.Second, 3 * raysim.Second, kadRefresh}[min(k.refreshes-1, 2)]
		k.look(now, &lookup{key: k.id, purpose: forTable}, out)
	}
	if now >= k.stepAt {
		k.step(now, out)
	}
	next := min(k.stepAt, k.refreshAt, k.expire(now, out))
	if next != never {
		out.WakeAt(next)
	}
}

// step is one of the 28 parts of a round: publish, or look into one cell.
func (k *kad) step(now int64, out *raysim.Out) {
	home := k.cellOf(k.at)
	if k.part == 0 {
		k.forget(now)
		k.look(now, &lookup{key: home.key(), purpose: forStore}, out)
	} else {
		d := int32(k.part - 1)
		if c := (cell{home.x + d%3 - 1, home.y + d/3%3 - 1, home.z + d/9 - 1}); k.inWorld(c) {
			k.look(now, &lookup{key: c.key(), value: true, purpose: forNear}, out)
		}
	}
	if k.part++; k.part == 28 {
		k.part = 0
		k.rounds++
	}
	length := kadRound
	if k.rounds < 2 {
		length = kadFirst
	}
	k.stepAt = now + length/28
}

// forget drops the neighbours that are in no cell of interest or have not been
// published again, and what of the store has run out.
func (k *kad) forget(now int64) {
	home := k.cellOf(k.at)
	k.near = slices.DeleteFunc(k.near, func(c contact) bool {
		return home.apart(k.cellOf(c.at)) > 1 || int64(c.mark)*raysim.Millisecond+kadLasts < now
	})
	k.store = slices.DeleteFunc(k.store, func(p published) bool { return p.until < now })
}

// meet files what was found in a cell, the newer of two places of a node.
func (k *kad) meet(list []contact) { k.near = k.merge(k.near, list) }

func (k *kad) merge(dst, list []contact) []contact {
	for _, c := range list {
		if c.node == k.self {
			continue
		}
		if i := index(dst, c.node); i < 0 {
			dst = append(dst, c)
		} else if dst[i].mark < c.mark {
			dst[i] = c
		}
	}
	return dst
}

func (k *kad) receive(now int64, from int32, m *kadMessage, out *raysim.Out) {
	switch m.kind {
	case kadFind, kadFindValue:
		if m.kind == kadFindValue {
			if list := k.stored(now, m.key); len(list) > 0 {
				out.Send(from, raysim.Datagram, &kadMessage{kind: kadValues, rpc: m.rpc, list: slices.Clone(list)})
				return
			}
		}
		var nodes []int32
		for _, c := range k.table.closest(k.s, now, k.id, m.key, true) {
			if c.node != from {
				nodes = append(nodes, c.node)
			}
		}
		out.Send(from, raysim.Datagram, &kadMessage{kind: kadNodes, rpc: m.rpc, nodes: nodes})
	case kadNodes, kadValues:
		k.answered(now, from, m, out)
	case kadStore:
		k.keep(now, m.key, m.list[0])
	case kadDeliver:
		out.Hop(m.token, int(m.hops))
		out.Delivered(m.token)
		out.Send(from, raysim.Datagram, &kadMessage{kind: kadDelivered, rpc: m.rpc})
	case kadDelivered:
		k.asks = slices.DeleteFunc(k.asks, func(q *question) bool { return q.seq == m.rpc && q.to == from })
	}
}

// stored is what is published under a key; valid until the next selection.
func (k *kad) stored(now int64, key uint64) []contact {
	list := k.s.cands[:0]
	for i := range k.store {
		if p := &k.store[i]; p.key == key && p.until >= now && len(list) < maxKadAnswer {
			list = append(list, p.contact)
		}
	}
	k.s.cands = list
	return list
}

func (k *kad) keep(now int64, key uint64, c contact) {
	for i := range k.store {
		if p := &k.store[i]; p.node == c.node && p.key == key {
			if p.mark <= c.mark {
				p.contact, p.until = c, now+kadLasts
			}
			return
		}
	}
	if len(k.store) < maxKadStore {
		k.store = append(k.store, published{c, key, now + kadLasts})
	}
}

// Views implements raysim.Viewer.
func (k *kad) Views(v *raysim.Views) {
	for _, c := range k.near {
		v.Near = append(v.Near, c.node)
	}
	for b := range k.table.buckets {
		for _, c := range k.table.buckets[b] {
			v.Long = append(v.Long, c.node)
		}
	}
}
