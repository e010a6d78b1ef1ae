package rival

import (
	"slices"

	"github.com/metatopia/metatopia/raynet/raysim"
)

// question is a route or a lookup of a place that this node was given.
type question struct {
	token   uint64
	target  point
	route   bool
	seq     uint32
	cells   []cell    // looked into
	open    int       // lookups under way
	hops    int32     // of the stages before
	stage   int32     // of the slowest lookup of this one
	ring    int32     // of cells around the target looked into while nobody was found
	found   []contact // the closest first when it comes to it
	to      int32     // contacted
	until   int64     // when it should have answered, 0 while nobody is
	settled bool
}

// ask begins a question in the cell of its target.
func (k *kad) ask(now int64, token uint64, target point, route bool, out *raysim.Out) {
	k.seq++
	q := &question{token: token, target: target, route: route, seq: k.seq, to: -1}
	k.asks = append(k.asks, q)
	k.into(now, q, []cell{k.cellOf(target)}, out)
}

// into looks into cells; what comes of it is gone on with when all are known.
func (k *kad) into(now int64, q *question, cells []cell, out *raysim.Out) {
	q.cells = append(q.cells, cells...)
	q.open += len(cells)
	for _, c := range cells {
		k.look(now, &lookup{key: c.key(), value: true, purpose: forAsk, ask: q}, out)
	}
}

// take files what a cell holds.
func (q *question) take(k *kad, list []contact, depth int32) {
	q.open--
	q.stage = max(q.stage, depth)
	q.found = k.merge(q.found, list)
}

// advance goes on when a stage is complete.
func (k *kad) advance(now int64, q *question, out *raysim.Out) {
	if q.open > 0 || q.settled {
		return
	}
	q.hops += q.stage
	q.stage = 0
	best := uint64(1) << 63
	if i, d := closest(q.found, q.target, best); i >= 0 {
		best = d
	}
	if slices.Contains(q.cells, k.cellOf(k.at)) {
		best = min(best, k.at.dist2(q.target))
	}
	var cells []cell
	home := k.cellOf(q.target)
	if best == 1<<63 {
		q.ring++
		cells = k.ringOf(home, q.ring)
	} else {
		for ring := int32(1); ring <= 2; ring++ {
			for _, c := range k.ringOf(home, ring) {
				if k.gap2(c, q.target) < best && !slices.Contains(q.cells, c) {
					cells = append(cells, c)
				}
			}
		}
	}
	if len(cells) > 0 && len(q.cells)+len(cells) <= maxKadCells {
		k.into(now, q, cells, out)
		return
	}
	q.settled = true
	sortBy(q.found, q.target)
	k.deliver(now, q, out)
}

// ringOf is the cells of the world that are so many rings away.
func (k *kad) ringOf(c cell, ring int32) (cells []cell) {
	for z := -ring; z <= ring; z++ {
		for y := -ring; y <= ring; y++ {
			for x := -ring; x <= ring; x++ {
				o := cell{c.x + x, c.y + y, c.z + z}
				if c.apart(o) == ring && k.inWorld(o) {
					cells = append(cells, o)
				}
			}
		}
	}
	return cells
}

// gap2 is the squared distance of a place from a cell, units².
func (k *kad) gap2(c cell, p point) uint64 {
	axis := func(v, lo, i int32) uint64 {
		from := int64(lo) + int64(i)*k.edge
		d := max(from-int64(v), int64(v)-(from+k.edge), 0)
		return uint64(d * d)
	}
	return axis(p.x, k.origin.x, c.x) + axis(p.y, k.origin.y, c.y) + axis(p.z, k.origin.z, c.z)
}

// deliver contacts the closest found; this node may be closer than any.
func (k *kad) deliver(now int64, q *question, out *raysim.Out) {
	own := k.at.dist2(q.target)
	if len(q.found) == 0 || own <= q.found[0].at.dist2(q.target) {
		k.finish(q)
		switch {
		case q.route:
			out.Hop(q.token, int(q.hops))
			out.Delivered(q.token)
		default:
			out.Found(q.token, k.self, true)
		}
		return
	}
	if !q.route {
		k.finish(q)
		out.Found(q.token, q.found[0].node, true)
		return
	}
	q.to, q.until = q.found[0].node, now+kadWait
	out.Send(q.to, raysim.Datagram, &kadMessage{kind: kadDeliver, rpc: q.seq, token: q.token, hops: q.hops + 1})
}

// deliverNext gives one up that does not answer.
func (k *kad) deliverNext(now int64, q *question, out *raysim.Out) {
	q.until = 0
	q.hops++
	q.found = q.found[1:]
	k.deliver(now, q, out)
}

func (k *kad) finish(q *question) {
	k.asks = slices.DeleteFunc(k.asks, func(o *question) bool { return o == q })
}
