package raynet

import (
	"cmp"
	"math"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

// A lookup is iterative and driven by the node that wants to know: it asks the
// closest candidates for closer ones until the closest few have answered. No
// other node can lead it astray alone.

type findKind uint8

const (
	findUser    findKind = iota // answers a Find input
	findJoin                    // the own place, before the first closure
	findSelf                    // the own place, now and then
	findConfirm                 // before a route is delivered here
	findLong                    // somebody for an octave of the long view
)

type findState uint8

const (
	findNew findState = iota
	findAsked
	findAnswered
	findFailed
)

const (
	findTimeout = second
	// findDialing is the time for one that must be dialled first.
	findDialing  = 3 * second
	findDeadline = 20 * second
)

type lookup struct {
	query  uint32
	kind   findKind
	token  uint64
	target spatial.Pos
	cands  []findCand // closest first
	sent   int
	until  int64
	route  *relay // findConfirm: what waits for the answer
}

type findCand struct {
	key   base.Key
	d2    uint64
	state findState
	until int64
}

func (n *Node) startFind(kind findKind, target spatial.Pos, token uint64) *lookup {
	f := &lookup{kind: kind, token: token, target: target, until: n.now + findDeadline}
	if len(n.finds) >= maxFinds || !target.Valid() {
		n.n.TooMany++
		n.finish(f, false)
		return nil
	}
	f.query = n.nextQuery()
	n.n.Finds++
	if kind == findSelf {
		// Through entries of the random view: the neighbours would only
		// say what is known.
		for _, p := range n.pickRandom(findWidth, nil) {
			n.addCand(f, p)
		}
	}
	if len(f.cands) == 0 {
		for _, p := range n.table.all {
			if n.usable(p) {
				n.addCand(f, p)
			}
		}
	}
	if len(f.cands) == 0 {
		for _, p := range n.random {
			n.addCand(f, p)
		}
	}
	n.finds = append(n.finds, f)
	return f
}

// addCand files a candidate by its distance; the farthest not yet asked goes
// when there are too many.
func (n *Node) addCand(f *lookup, p *peer) {
	c := findCand{key: p.key(), d2: math.MaxUint64}
	if p.hasRec {
		c.d2 = f.target.Dist2(p.at(n.now))
	}
	for _, o := range f.cands {
		if o.key == p.rec.Key {
			return
		}
	}
	i, _ := slices.BinarySearchFunc(f.cands, c, func(a, b findCand) int {
		return cmp.Or(cmp.Compare(a.d2, b.d2), a.key.Compare(b.key))
	})
	f.cands = slices.Insert(f.cands, i, c)
	if len(f.cands) > findKeep {
		f.cands = f.cands[:findKeep]
	}
}

func (n *Node) pumpFinds() {
	for i := 0; i < len(n.finds); {
		f := n.finds[i]
		if done, ok := n.pumpFind(f); done {
			n.finds = slices.Delete(n.finds, i, i+1)
			n.finish(f, ok)
			continue
		}
		i++
	}
}

// pumpFind advances one lookup and says whether it is over and complete.
func (n *Node) pumpFind(f *lookup) (done, ok bool) {
	flight, answered, quorum, open := 0, 0, 0, false
	for i := range f.cands {
		c := &f.cands[i]
		if c.state == findAsked && n.now >= c.until {
			c.state = findFailed
		}
		switch c.state {
		case findAsked:
			flight++
			open = open || answered < findQuorum
		case findNew:
			open = open || answered < findQuorum
		case findAnswered:
			answered++
			if !open {
				quorum++
			}
		}
	}
	if quorum >= findQuorum {
		return true, true
	}
	for i := range f.cands {
		c := &f.cands[i]
		if flight >= findWidth || f.sent >= findBudget {
			break
		}
		if c.state != findNew {
			continue
		}
		p := n.ensure(c.key)
		if p == nil {
			c.state = findFailed
			continue
		}
		c.state, c.until = findAsked, n.now+findTimeout
		if !p.up {
			c.until = n.now + findDialing
		}
		f.sent++
		flight++
		n.send(p, &wire.Find{Query: f.query, Target: f.target, N: wire.MaxCloser}, Reliable)
	}
	if flight == 0 {
		// Nobody is left to ask: complete if everybody known answered.
		return true, answered > 0 && f.sent < findBudget
	}
	if n.now >= f.until {
		return true, false
	}
	return false, false
}

// finish hands the result of a lookup to who wanted it.
func (n *Node) finish(f *lookup, ok bool) {
	if !ok {
		n.n.FindsFailed++
	}
	switch f.kind {
	case findUser:
		n.out.add(Found{Token: f.token, Target: f.target, Closest: n.closest(f), OK: ok})
	case findJoin:
		n.foundOwnPlace()
	case findConfirm:
		n.confirmed(f)
	}
}

// closest lists the nodes that answered, and this one, closest first.
func (n *Node) closest(f *lookup) []NeighbourInfo {
	var out []NeighbourInfo
	me := f.target.Dist2(n.self.point)
	mine := false
	for _, c := range f.cands {
		p := n.table.byKey(c.key)
		if c.state != findAnswered || p == nil || !p.hasRec {
			continue
		}
		if !mine && (me < c.d2 || (me == c.d2 && n.id.Compare(c.key) < 0)) {
			mine = true
			out = append(out, n.Self())
		}
		out = append(out, n.info(p))
	}
	if !mine {
		out = append(out, n.Self())
	}
	return out
}

func (n *Node) onFind(p *peer, m *wire.Find) {
	type row struct {
		p  *peer
		d2 uint64
	}
	rows := []row{{nil, m.Target.Dist2(n.self.point)}}
	for _, q := range n.table.all {
		if q != p && n.usable(q) {
			rows = append(rows, row{q, m.Target.Dist2(q.at(n.now))})
		}
	}
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(a.d2, b.d2) })
	rep := &wire.Closer{Query: m.Query}
	for _, r := range rows[:min(len(rows), int(m.N))] {
		if r.p == nil {
			rep.Entries = append(rep.Entries, n.selfEntry(nil))
		} else {
			rep.Entries = append(rep.Entries, n.entry(r.p))
		}
	}
	n.send(p, rep, Reliable)
}

func (n *Node) onCloser(p *peer, m *wire.Closer) {
	for _, f := range n.finds {
		if f.query != m.Query {
			continue
		}
		for i := range f.cands {
			c := &f.cands[i]
			if c.key != p.rec.Key || (c.state != findAsked && c.state != findFailed) {
				continue
			}
			c.state = findAnswered
			for j := range m.Entries {
				if q := n.admit(p, &m.Entries[j], n.cfg.RecordAge); q != nil && q != p && n.usable(q) {
					n.addCand(f, q)
				}
			}
			return
		}
	}
	n.n.Unasked++
}

// failFinds gives up on a peer in every lookup.
func (n *Node) failFinds(key base.Key) {
	for _, f := range n.finds {
		for i := range f.cands {
			if c := &f.cands[i]; c.key == key && c.state != findAnswered {
				c.state = findFailed
			}
		}
	}
}
