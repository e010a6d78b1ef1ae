package raynet

import (
	"cmp"
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
	findSure                    // the end of a route that goes there directly
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
	paths  []path     // one, or several until they are merged into one
	asked  []base.Key // by any path
	opened int        // paths so far; 0 for a lookup of one path from the start
	words  []word     // of those that answered: MaxCloser a question
	until  int64
	route  *relay // findConfirm, findSure: what waits for the answer
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
	if !n.spread(f) {
		n.openSingle(f)
	}
	n.finds = append(n.finds, f)
	return f
}

// openSingle starts a lookup of one path from everybody usable; the random
// view may hold older records.
func (n *Node) openSingle(f *lookup) {
	w := path{width: findWidth, quorum: findQuorum, budget: findBudget}
	for _, p := range n.table.all {
		if n.usable(p) {
			w.add(n.candidateOf(f, p))
		}
	}
	if len(w.cands) == 0 {
		for _, p := range n.random {
			w.add(n.candidateOf(f, p))
		}
	}
	f.paths = append(f.paths, w)
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
	for {
		busy := 0
		for i := range f.paths {
			if w := &f.paths[i]; !w.done {
				n.pumpPath(f, w)
				if !w.done {
					busy++
				}
			}
		}
		switch {
		case n.now >= f.until:
			f.merge()
			return true, false
		case busy > 0:
			return false, false
		case f.opened == 0:
			return true, f.paths[0].ok
		case f.divided() && n.openMore(f):
		default:
			f.merge()
		}
	}
}

// ask puts the question to one candidate; false when it cannot.
func (n *Node) ask(f *lookup, c *findCand) bool {
	p := n.ensure(c.key)
	if p == nil {
		c.state = findFailed
		return false
	}
	c.state, c.until = findAsked, n.now+findTimeout
	if !p.up {
		c.until = n.now + findDialing
	}
	f.asked = append(f.asked, c.key)
	num := uint8(wire.MaxCloser)
	if f.kind == findSelf {
		num = selfCloser
	}
	n.send(p, &wire.Find{Query: f.query, Target: f.target, N: num}, Reliable)
	return true
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
	case findSelf:
		n.foundMyself(f)
	case findConfirm:
		n.confirmed(f)
	case findSure:
		n.sure(f)
	}
}

// heardOf are the candidates of a lookup that answered and may be named,
// closest first.
func (n *Node) heardOf(f *lookup) (cs []findCand) {
	if len(f.paths) == 0 {
		return nil
	}
	for _, c := range f.paths[0].cands {
		if c.state != findAnswered || c.rec == nil {
			continue
		}
		if p := n.holding(c.key); p != nil && n.fresh(p) || p == nil && !n.barred(c.rec) {
			cs = append(cs, c)
		}
	}
	return cs
}

// answers are those of an ended lookup that are to be trusted.
func (n *Node) answers(f *lookup) []findCand { return n.trusted(f, n.heardOf(f)) }

// closest lists the nodes that answered, and this one, closest first.
func (n *Node) closest(f *lookup) []NeighbourInfo {
	var out []NeighbourInfo
	me := f.target.Dist2(n.self.point)
	mine := false
	for _, c := range n.answers(f) {
		if !mine && (me < c.d2 || (me == c.d2 && n.id.Compare(c.key) < 0)) {
			mine = true
			out = append(out, n.Self())
		}
		out = append(out, n.infoOf(&c))
	}
	if !mine {
		out = append(out, n.Self())
	}
	return out
}

func (n *Node) infoOf(c *findCand) NeighbourInfo {
	if p := n.holding(c.key); p != nil {
		return n.info(p)
	}
	r := c.rec
	return NeighbourInfo{Key: r.Key, Pos: r.Pos, Vel: r.Vel.Vec(), Kind: r.Kind, AOI: r.AOI, Live: true}
}

func (n *Node) onFind(p *peer, m *wire.Find) {
	type row struct {
		p  *peer
		d2 uint64
	}
	// The few best in order, this node first among equals.
	rows := make([]row, 1, wire.MaxCloser+1)
	rows[0] = row{nil, m.Target.Dist2(n.self.point)}
	for _, q := range n.table.all {
		if q == p || !n.usable(q) {
			continue
		}
		d2 := m.Target.Dist2(q.at(n.now))
		if len(rows) == int(m.N) && d2 >= rows[len(rows)-1].d2 {
			continue
		}
		i := len(rows)
		for i > 0 && d2 < rows[i-1].d2 {
			i--
		}
		if rows = slices.Insert(rows, i, row{q, d2}); len(rows) > int(m.N) {
			rows = rows[:m.N]
		}
	}
	rep := &wire.Closer{Query: m.Query}
	for _, r := range rows {
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
		for i := range f.paths {
			w := &f.paths[i]
			c := w.of(p.rec.Key)
			if c == nil || (c.state != findAsked && c.state != findFailed) {
				continue
			}
			c.state = findAnswered
			if p.hasRec {
				c.rec = p.rec
			}
			n.learn(f, w, p, m.Entries)
			return
		}
	}
	n.n.Unasked++
}

// learn takes what an answer names into the path that asked. Records that are
// farther than enough candidates of the path are not even verified.
func (n *Node) learn(f *lookup, w *path, from *peer, entries []wire.Entry) {
	for j := range entries {
		e := &entries[j]
		if w.hopeless(f.target.Dist2(e.Record.Pos)) {
			continue
		}
		news := f.news(e.Record.Key) || !n.hasRecord(e.Record.Key)
		f.note(from, e)
		q := n.admit(from, e, n.cfg.RecordAge)
		if q == nil || q == from || !n.usable(q) {
			continue
		}
		c := n.candidateOf(f, q)
		c.news = news
		w.add(c)
	}
}

func (n *Node) hasRecord(k base.Key) bool { return n.holding(k) != nil }

// holding gives a peer whose record is held.
func (n *Node) holding(k base.Key) *peer {
	if p := n.table.byKey(k); p != nil && p.hasRec {
		return p
	}
	return nil
}

// failFinds gives up on a peer in every lookup.
func (n *Node) failFinds(key base.Key) {
	for _, f := range n.finds {
		for i := range f.paths {
			if c := f.paths[i].of(key); c != nil && c.state != findAnswered && c.state != findTaken {
				c.state = findFailed
			}
		}
	}
}

func compareCands(a, b findCand) int {
	return cmp.Or(cmp.Compare(a.d2, b.d2), a.key.Compare(b.key))
}
