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
	// stickyPart ends that earlier among movers: who is a tenth of a spacing
	// past is past, and the place is worth more to one who comes.
	stickyPart = 0.1
)

// candidate is one row of a selection.
type candidate struct {
	p     *peer // nil for a hint and for this node
	hint  *wire.Hint
	d2    uint64
	score Score
}

// jury is the buffer of a selection.
type jury struct {
	cands  []candidate
	at     []spatial.Pos
	scores []Score
	chosen []*peer
	sticky []*peer
}

// add puts up one candidate at a place as seen from origin.
func (j *jury) add(c candidate, origin, at spatial.Pos) {
	c.d2 = origin.Dist2(at)
	j.cands, j.at = append(j.cands, c), append(j.at, at)
}

// judge runs the selector around an origin over all that is in the jury.
func (n *Node) judge(j *jury, origin spatial.Pos) []candidate {
	n.n.Selections++
	j.scores = slices.Grow(j.scores[:0], len(j.cands))[:len(j.cands)]
	n.cfg.Selector.Select(n.env.Scratch(), j.scores, origin, n.box, j.at, &n.rng)
	for i := range j.cands {
		j.cands[i].score = j.scores[i]
	}
	return j.cands
}

// candidacy says which peers may be neighbours.
type candidacy uint8

const (
	candFresh candidacy = iota
	candUsable
	// candMember adds the members of the near view: a suspect keeps its
	// place until it is dead, because letting go and taking back costs more
	// than a silent member for two seconds.
	candMember
)

// candidates fills the jury with the peers that may be neighbours of origin,
// in key order.
func (n *Node) candidates(origin spatial.Pos, except *peer, who candidacy) *jury {
	j := &n.env.Scratch().jury
	j.cands, j.at = j.cands[:0], j.at[:0]
	key := &n.id
	if except != nil {
		key = &except.rec.Key
	}
	var shades []pvec
	o := pvecOf(origin)
	if who == candMember && n.lively() {
		shades = n.shades()
	}
	for _, p := range n.table.all {
		if shades != nil && p.near == nil && hidden(pvecOf(p.whereabouts(n.now)).minus(o), shades) {
			continue
		}
		if p == except || (who == candUsable && p.suspect) || !(n.fresh(p) || (who == candMember && p.inNear)) {
			continue
		}
		j.add(candidate{p: p}, origin, apart(origin, p.at(n.now), key, &p.rec.Key))
		if k := len(j.cands) - 1; !p.inNear && n.vague(p, j.cands[k].d2) {
			j.cands, j.at = j.cands[:k], j.at[:k]
		}
	}
	return j
}

// reselect chooses the near view anew: the Contrib best contributors, then up
// to Sticky members that won a ray lately, longest-lived first, then whoever
// is next.
func (n *Node) reselect() {
	n.dirty, n.selectedAt = false, n.now
	j := n.candidates(n.self.point, nil, candMember)
	size := n.cfg.Contrib + n.cfg.Sticky
	cs := worthwhile(n.judge(j, n.self.point), size)
	slices.SortStableFunc(cs, compareCandidates)

	chosen, sticky := j.chosen[:0], j.sticky[:0]
	keep := n.inWhich(stickyPart, stickyFor)
	for i := range cs {
		p := cs[i].p
		n.judged(p, cs[i].score.Rays)
		if cs[i].score.Rays > 0 && len(chosen) < n.cfg.Contrib {
			chosen = append(chosen, p)
		} else if p.inNear && n.since(p.near.wonAt) <= keep {
			sticky = append(sticky, p)
		}
	}
	slices.SortStableFunc(sticky, func(a, b *peer) int { return cmp.Compare(a.near.joinedAt, b.near.joinedAt) })
	chosen = n.seatElders(chosen)
	for i := 0; i < len(sticky) && len(chosen) < n.cfg.Contrib+n.cfg.Sticky; i++ {
		if !slices.Contains(chosen, sticky[i]) {
			chosen = append(chosen, sticky[i])
		}
	}
	for i := 0; i < len(cs) && len(chosen) < size; i++ {
		if !slices.Contains(chosen, cs[i].p) {
			chosen = append(chosen, cs[i].p)
		}
	}
	slices.SortFunc(chosen, comparePeers)
	n.replaceNear(chosen)
	for i := range cs {
		if m := cs[i].p.near; m != nil && m.mood&unjudged != 0 {
			m.mood &^= unjudged
			n.judged(cs[i].p, cs[i].score.Rays)
		}
	}
	j.chosen, j.sticky = chosen, sticky
	n.measure()
	n.crowded()
}

// worthwhile leaves out, in place, those who are no members and that no ray
// meets, when the rest fill a view.
func worthwhile(cs []candidate, size int) []candidate {
	idle := func(c candidate) bool { return c.score.Rays == 0 && c.score.Backup == 0 && !c.p.inNear }
	k := 0
	for i := range cs {
		if !idle(cs[i]) {
			k++
		}
	}
	if k < size {
		return cs
	}
	return slices.DeleteFunc(cs, idle)
}

// judged notes what a selection says of a member.
func (n *Node) judged(p *peer, rays int) {
	if p.near == nil {
		return
	}
	p.near.rays = uint8(min(rays, 255))
	if rays > 0 {
		p.near.wonAt = at(n.now)
	}
}

// rays is how many rays a member won in the last selection.
func (p *peer) rays() int {
	if p.near == nil {
		return 0
	}
	return int(p.near.rays)
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
	var room [32]*peer
	for _, p := range append(room[:0], n.near...) {
		if _, ok := slices.BinarySearchFunc(chosen, p, comparePeers); !ok {
			n.dropNear(p, true)
		}
	}
	for _, p := range chosen {
		if p.inNear {
			continue
		}
		p.inNear = true
		n.joins(p)
		n.takeSlot(p.near)
		n.near = insert(n.near, p)
		n.changed = n.changed || n.isNews(p)
		n.n.NearChanges++
		n.event(NearJoined, p.key())
		n.protect(p)
		n.subscribe(p)
	}
}

// isNews says that a new member may have company that nobody here knows: it
// has not been known for long, or it moves.
func (n *Node) isNews(p *peer) bool {
	return n.since(p.sinceAt) < 2*n.cfg.NearMax || p.vel != (wire.Velocity{})
}

// dropNear takes a member out; tell says whether it is told.
func (n *Node) dropNear(p *peer, tell bool) {
	if !p.inNear {
		return
	}
	slot := p.near.slot
	n.table.near.give(p.near)
	p.inNear, p.near = false, nil
	n.near = erase(n.near, p)
	n.freeSlot(slot)
	n.n.NearChanges++
	if tell && !p.suspect {
		n.send(p, &wire.NearUnsub{}, Reliable)
	}
	n.event(NearLeft, p.key())
	n.unprotect(p)
}

// protect and unprotect follow the two views whose links are kept. They are
// called after the change: a peer newly in one view and not in the other needs
// protection, one that is in neither needs it no more.
func (n *Node) protect(p *peer) {
	if p.inNear != p.inLong {
		n.out.add(Protect{p.key()})
	}
}

func (n *Node) unprotect(p *peer) {
	if !p.inNear && !p.inLong {
		n.out.add(Unprotect{p.key()})
	}
}

// measure takes the mean distance of the ray winners as the local spacing, and
// twice that of the farthest as the reach.
func (n *Node) measure() {
	sum, k, far := 0.0, 0, uint64(0)
	for _, p := range n.near {
		if p.rays() > 0 {
			d2 := n.self.point.Dist2(p.at(n.now))
			sum += math.Sqrt(float64(d2))
			far = max(far, d2)
			k++
		}
	}
	n.spacing, n.reach2 = 0, 0
	if len(n.near) >= n.cfg.Contrib {
		n.reach2 = 4 * far
	}
	if k > 0 {
		n.spacing = sum / float64(k) / spatial.Unit
		n.measureUnrest()
	}
}

// inReach says that somebody at a place may matter to this cell or to those
// around it.
func (n *Node) inReach(p spatial.Pos) bool { return n.reach2 == 0 || n.self.point.Dist2(p) <= n.reach2 }

// nearPeriod is the time to the next exchange: NearEvery while the view
// changes, then slower and slower; among movers the time in which they go a
// tenth of the local spacing.
func (n *Node) nearPeriod() int64 {
	if n.changed || len(n.near) == 0 {
		n.nearGap = n.cfg.NearEvery
	} else {
		n.nearGap = min(n.nearGap+n.nearGap/2, n.cfg.NearMax)
	}
	n.changed = false
	return max(n.inWhich(roundPart, n.nearGap), n.cfg.NearMin)
}

// roundPart is that part. What happens within the near view the notices tell:
// a round finds what they have missed.
const roundPart = 0.2

// nearRound selects with a newly turned lattice and exchanges with one peer:
// mostly a neighbour, one time in four an entry of the random view, which
// brings what no neighbour knows.
func (n *Node) nearRound() {
	n.keepSigned()
	if !n.lively() || n.now >= n.selectedAt+n.selectGap() {
		n.reselect()
	}
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

// retell is how often a neighbour is looked over for hints though nothing has
// changed here since the last time.
const retell = 15 * second

func (n *Node) hintsFor(p *peer, limit int) []wire.Hint {
	if m := p.near; m != nil {
		if m.told == n.news && n.since(m.toldAt) < retell && p.vel == (wire.Velocity{}) {
			return nil
		}
		m.told, m.toldAt = n.news, at(n.now)
	}
	if p.inNear && n.lively() {
		return n.metBy(p, limit)
	}
	origin := p.at(n.now)
	j := n.candidates(origin, p, candUsable)
	// This node competes, so that what lies behind it is not offered.
	j.add(candidate{}, origin, apart(origin, n.self.point, &p.rec.Key, &n.id))
	cs := n.judge(j, origin)
	s := n.env.Scratch()
	hints := s.hints[:0]
	for _, c := range worthMost(cs) {
		if len(hints) == limit {
			break
		}
		if c.p == nil || p.knowsIt(c.p.id, n.version(c.p)) {
			continue
		}
		n.knows(p, c.p.id, n.version(c.p))
		hints = append(hints, n.hint(c.p))
	}
	s.hints = hints
	return slices.Clone(hints)
}

// worthMost keeps what wins or backs up a ray, best first, in place.
func worthMost(cs []candidate) []candidate {
	out := cs[:0]
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
	if len(hints) == 0 {
		return
	}
	origin := n.self.point
	j := &n.env.Scratch().jury
	j.cands, j.at = j.cands[:0], j.at[:0]
	lively := n.lively()
	var shades []pvec
	if lively {
		shades = n.shades()
	} else {
		j = n.candidates(origin, nil, candFresh)
	}
	known := len(j.cands)
	var want wire.NearWant
	for i := range hints {
		h := &hints[i]
		n.knowsHint(from, h)
		if k := n.table.byID(h.ID); contradicts(k, h) && k.rec.Vel == (wire.Velocity{}) && k.vel == (wire.Velocity{}) && len(want.IDs) < wire.MaxWants {
			want.IDs = append(want.IDs, h.ID)
			continue
		}
		if !n.newHint(h) {
			continue
		}
		far := !n.inReach(h.Pos)
		if k := n.table.byID(h.ID); far || (k != nil && k.hasRec && !n.strayed(k.whereabouts(n.now), h.Pos, 10)) {
			// No selection for one that is judged already or too far.
			if (!far || n.octaveOpen(octave(origin.Dist2(h.Pos)))) && len(want.IDs) < wire.MaxWants {
				want.IDs = append(want.IDs, h.ID)
			}
			continue
		}
		if lively {
			if len(want.IDs) < wire.MaxWants && (!hidden(pvecOf(h.Pos).minus(pvecOf(origin)), shades) || n.octaveOpen(octave(origin.Dist2(h.Pos)))) {
				want.IDs = append(want.IDs, h.ID)
			}
			continue
		}
		j.add(candidate{hint: h}, origin, apart(origin, h.Pos, &n.id, &n.id))
	}
	cs := j.cands[:0]
	if len(j.cands) > known {
		cs = n.judge(j, origin)
	}
	room := len(n.near) < n.cfg.Contrib+n.cfg.Sticky
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
		} else if k := n.table.byID(id); k != nil && k != p && n.usable(k) {
			n.knows(p, k.id, k.rec.Stamp)
			give.Entries = append(give.Entries, n.entry(k))
		}
	}
	if len(give.Entries) > 0 {
		n.send(p, &give, Bulk)
	}
}

func (n *Node) onGive(p *peer, m *wire.NearGive) {
	for i := range m.Entries {
		if q := n.admit(p, &m.Entries[i], n.cfg.RecordAge); q != nil && q != p && q.vel != (wire.Velocity{}) && n.inReach(q.at(n.now)) {
			n.freshen(q, sure)
		}
	}
}
