package raynet

import (
	"cmp"
	"math"
	"slices"

	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

const (
	// hold is how much more a newcomer must contribute to take the place of
	// a member: connections cost more than a tenth of a face.
	hold = 1.1
	// stickyFor is how long a member that wins no ray any more may keep a
	// sticky place.
	stickyFor = 60 * second
)

// candidate is one row of a selection.
type candidate struct {
	p     *peer // nil for a hint
	hint  *wire.Hint
	at    spatial.Pos
	d2    uint64
	score Score
}

// judge runs the selector around an origin.
func (n *Node) judge(origin spatial.Pos, cands []candidate) {
	n.n.Selections++
	pts := make([]spatial.Pos, len(cands))
	for i := range cands {
		pts[i] = cands[i].at
		cands[i].d2 = origin.Dist2(cands[i].at)
	}
	scores := make([]Score, len(cands))
	n.cfg.Selector.Select(&Scratch{}, scores, origin, n.box, pts, n.rng)
	for i := range cands {
		cands[i].score = scores[i]
	}
}

// candidates lists the peers that may be neighbours of origin, in key order.
func (n *Node) candidates(origin spatial.Pos, except *peer, ok func(*peer) bool) []candidate {
	cs := make([]candidate, 0, len(n.table.all)+wire.MaxHints)
	key := n.id
	if except != nil {
		key = except.key
	}
	for _, p := range n.table.all {
		if p != except && ok(p) {
			cs = append(cs, candidate{p: p, at: apart(origin, p.at(n.now), key, p.key)})
		}
	}
	return cs
}

// reselect chooses the near view anew: the Contrib best contributors, then up
// to Sticky members that won a ray lately, longest-lived first, then whoever
// is next.
func (n *Node) reselect() {
	n.dirty, n.selectedAt = false, n.now
	// A suspect keeps its place until it is dead: letting go and taking back
	// costs more than a silent member for two seconds.
	cs := n.candidates(n.self.point, nil, func(p *peer) bool { return n.fresh(p) || p.inNear })
	n.judge(n.self.point, cs)
	slices.SortStableFunc(cs, compareCandidates)

	size := n.cfg.Contrib + n.cfg.Sticky
	chosen := make([]*peer, 0, size)
	rest := cs[:0:0]
	for i := range cs {
		p := cs[i].p
		p.score = cs[i].score
		if p.score.Rays > 0 {
			p.wonAt = n.now
			if len(chosen) < n.cfg.Contrib {
				chosen = append(chosen, p)
				continue
			}
		}
		rest = append(rest, cs[i])
	}
	var sticky []*peer
	for i := range rest {
		if p := rest[i].p; p.inNear && n.now-p.wonAt <= stickyFor {
			sticky = append(sticky, p)
		}
	}
	slices.SortStableFunc(sticky, func(a, b *peer) int { return cmp.Compare(a.nearAt, b.nearAt) })
	chosen = append(chosen, sticky[:min(len(sticky), n.cfg.Sticky)]...)
	for i := 0; i < len(rest) && len(chosen) < size; i++ {
		if !slices.Contains(chosen, rest[i].p) {
			chosen = append(chosen, rest[i].p)
		}
	}
	slices.SortFunc(chosen, comparePeers)
	n.replaceNear(chosen)
	n.measure()
}

// compareCandidates puts the better first. Members count for more, so that
// the turned lattice alone changes nothing.
func compareCandidates(a, b candidate) int {
	worth := func(c candidate) (float64, int) {
		if c.p.inNear {
			return c.score.Contribution * hold, 2*c.score.Backup + 1
		}
		return c.score.Contribution, c.score.Backup
	}
	ca, ba := worth(a)
	cb, bb := worth(b)
	return cmp.Or(cmp.Compare(cb, ca), cmp.Compare(bb, ba), cmp.Compare(a.d2, b.d2))
}

func (n *Node) replaceNear(chosen []*peer) {
	for _, p := range slices.Clone(n.near) {
		if _, ok := slices.BinarySearchFunc(chosen, p, comparePeers); !ok {
			n.dropNear(p, true)
		}
	}
	for _, p := range chosen {
		if p.inNear {
			continue
		}
		p.inNear, p.nearAt = true, n.now
		n.near = insert(n.near, p)
		n.changed = true
		n.n.NearChanges++
		n.event(NearJoined, p.key)
		n.protect(p)
		n.subscribe(p)
	}
}

// dropNear takes a member out; tell says whether it is told.
func (n *Node) dropNear(p *peer, tell bool) {
	if !p.inNear {
		return
	}
	p.inNear, p.score = false, Score{}
	n.near = erase(n.near, p)
	n.changed = true
	n.n.NearChanges++
	if tell && !p.suspect {
		n.send(p, &wire.NearUnsub{}, Reliable)
	}
	n.event(NearLeft, p.key)
	n.unprotect(p)
}

// protect and unprotect follow the two views whose links are kept. They are
// called after the change: a peer newly in one view and not in the other needs
// protection, one that is in neither needs it no more.
func (n *Node) protect(p *peer) {
	if p.inNear != p.inLong {
		n.out.add(Protect{p.key})
	}
}

func (n *Node) unprotect(p *peer) {
	if !p.inNear && !p.inLong {
		n.out.add(Unprotect{p.key})
	}
}

// measure takes the mean distance of the ray winners as the local spacing.
func (n *Node) measure() {
	sum, k := 0.0, 0
	for _, p := range n.near {
		if p.score.Rays > 0 {
			sum += math.Sqrt(float64(n.self.point.Dist2(p.at(n.now))))
			k++
		}
	}
	n.spacing = 0
	if k > 0 {
		n.spacing = sum / float64(k) / spatial.Unit
	}
}

// nearPeriod is the time to the next exchange: NearEvery while the view
// changes, then slower and slower; for a mover the time in which it goes a
// tenth of the local spacing.
func (n *Node) nearPeriod() int64 {
	if n.changed || len(n.near) == 0 {
		n.nearGap = n.cfg.NearEvery
	} else {
		n.nearGap = min(n.nearGap+n.nearGap/2, n.cfg.NearMax)
	}
	n.changed = false
	gap := n.nearGap
	v := n.self.vel
	speed := math.Sqrt(float64(v.X*v.X) + float64(v.Y*v.Y) + float64(v.Z*v.Z))
	if speed > 0 && n.spacing > 0 {
		gap = min(gap, int64(min(n.spacing/10/speed, 3600)*float64(second)))
	}
	return max(gap, n.cfg.NearMin)
}

// nearRound selects with a newly turned lattice and exchanges with one peer:
// mostly a neighbour, one time in four an entry of the random view, which
// brings what no neighbour knows.
func (n *Node) nearRound() {
	n.keepSigned()
	n.reselect()
	switch {
	case len(n.near) == 0:
		n.knock()
	case len(n.random) > 0 && n.rng.IntN(4) == 0:
		n.offer(n.random[n.rng.IntN(len(n.random))], false)
	default:
		n.offer(n.near[n.rng.IntN(len(n.near))], false)
	}
}

// offer sends the own entry and the hints that are worth most to the
// receiver: those that win rays at its position and that it is not known to
// have.
func (n *Node) offer(p *peer, reply bool) {
	m := &wire.NearOffer{Reply: reply, Self: n.selfEntry(p)}
	if p.hasRec && !p.inPassive {
		m.Hints = n.hintsFor(p, wire.MaxHints)
	}
	n.send(p, m, Bulk)
}

func (n *Node) hintsFor(p *peer, limit int) []wire.Hint {
	origin := p.at(n.now)
	cs := n.candidates(origin, p, n.usable)
	// This node competes, so that what lies behind it is not offered.
	cs = append(cs, candidate{at: apart(origin, n.self.point, p.key, n.id)})
	n.judge(origin, cs)
	var hints []wire.Hint
	for _, c := range worthMost(cs) {
		if len(hints) == limit {
			break
		}
		if c.p == nil || p.hasMark(c.p.id, c.p.rec.Stamp) {
			continue
		}
		p.knows(c.p.id, c.p.rec.Stamp)
		hints = append(hints, n.hint(c.p))
	}
	return hints
}

// worthMost keeps what wins or backs up a ray, best first.
func worthMost(cs []candidate) []candidate {
	out := make([]candidate, 0, len(cs))
	for _, c := range cs {
		if c.score.Rays > 0 || c.score.Backup > 0 {
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.score.Contribution, a.score.Contribution),
			cmp.Compare(b.score.Backup, a.score.Backup), cmp.Compare(a.d2, b.d2))
	})
	return out
}

func (n *Node) onOffer(p *peer, m *wire.NearOffer) {
	if !n.admitSelf(p, &m.Self) {
		return
	}
	n.onHints(p, m.Hints)
	if !m.Reply {
		n.offer(p, true)
	}
}

// onHints asks for the hinted records that would matter here: those that win
// or back up a ray among all that is known, or open an octave.
func (n *Node) onHints(from *peer, hints []wire.Hint) {
	var news []candidate
	for i := range hints {
		h := &hints[i]
		from.knows(h.ID, h.Stamp)
		if h.ID == wire.ShortOf(n.id) || !n.inWorld(h.Pos) || int64(h.AgeS)*second > n.cfg.RecordAge ||
			n.tombs.covers(h.ID, h.Stamp, n.now) {
			continue
		}
		if k := n.table.byID[h.ID]; k != nil && k.hasRec && (k.inNear || k.rec.Stamp.Compare(h.Stamp) >= 0) {
			// Near members tell their news themselves.
			continue
		}
		news = append(news, candidate{hint: h, at: apart(n.self.point, h.Pos, n.id, n.id)})
	}
	if len(news) == 0 {
		return
	}
	cs := append(n.candidates(n.self.point, nil, n.fresh), news...)
	n.judge(n.self.point, cs)
	room := len(n.near) < n.cfg.Contrib+n.cfg.Sticky
	var want wire.NearWant
	for _, c := range cs {
		if c.hint == nil || len(want.IDs) == wire.MaxWants {
			continue
		}
		if room || c.score.Rays > 0 || c.score.Backup > 0 || n.octaveOpen(octave(c.d2)) {
			want.IDs = append(want.IDs, c.hint.ID)
		}
	}
	if len(want.IDs) > 0 {
		n.send(from, &want, Bulk)
	}
}

func (n *Node) onWant(p *peer, m *wire.NearWant) {
	var give wire.NearGive
	for _, id := range m.IDs {
		if id == wire.ShortOf(n.id) {
			e := n.selfEntry(nil)
			give.Entries = append(give.Entries, e)
		} else if k := n.table.byID[id]; k != nil && k != p && n.usable(k) {
			p.knows(k.id, k.rec.Stamp)
			give.Entries = append(give.Entries, n.entry(k))
		}
	}
	if len(give.Entries) > 0 {
		n.send(p, &give, Bulk)
	}
}

func (n *Node) onGive(p *peer, m *wire.NearGive) {
	for i := range m.Entries {
		n.admit(p, &m.Entries[i], n.cfg.RecordAge)
	}
}
