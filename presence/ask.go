package presence

import (
	"slices"

	"github.com/metatopia/metatopia/presence/wire"
)

// ask questions one peer: who is near me that I do not know? It repairs what
// notices have missed, and fills the view of one who has just arrived.
func (n *Node) ask() {
	if n.found > 0 {
		n.askGap = n.cfg.AskMin
		n.askAt = min(n.askAt, n.askedAt+n.askGap)
	}
	if n.now < n.askAt {
		return
	}
	if n.found == 0 {
		n.askGap = min(n.askGap*3/2, n.slowest())
	}
	n.found = 0
	n.askAt = n.now + n.askGap
	p := n.nextAsked()
	if p == nil {
		return
	}
	n.askedAt = n.now
	m := &wire.Ask{Body: n.pose().Body, Radius: uint32(min(n.reach, n.interest())), Salt: uint16(n.rng.Uint32())}
	m.Known = n.knownHashes(m.Salt)
	n.send(p.key, Reliable, m)
}

// slowest is the longest pause between two questions: while a mover goes an
// eighth of its area of interest.
func (n *Node) slowest() int64 {
	_, vel := n.me.at(n.now)
	v := root(speed(vel).len2())
	if v == 0 {
		return n.cfg.AskMax
	}
	return min(max(n.me.radius()*second/8/v, 2*n.cfg.AskMin), n.cfg.AskMax)
}

// draws is how many those are.
const draws = 4

// nextAsked goes round the publishers; every other time only those in the
// outer half count, who see most of what this node does not. A mover takes the
// one of a few who is farthest ahead: most of those who come are there.
func (n *Node) nextAsked() *peer {
	n.asks++
	outer := int64(0)
	if n.asks%2 == 0 {
		outer = n.interest() * n.interest() / 4
	}
	best, most, left := (*peer)(nil), int64(0), draws
	pos, own := n.me.at(n.now)
	if own == (wire.Velocity{}) {
		left = 1
	}
	for range n.peers {
		n.askTurn = (n.askTurn + 1) % len(n.peers)
		p := &n.peers[n.askTurn]
		if p.out != outLive || p.d2 < outer {
			continue
		}
		if d := sub(p.pos(n.now), pos).dot(speed(own)); best == nil || d > most {
			best, most = p, d
		}
		if left--; left == 0 {
			break
		}
	}
	if best != nil {
		return best
	}
	for i := range n.peers {
		if p := &n.peers[i]; p.out == outLive {
			return p
		}
	}
	return nil
}

// saltedHash is 16 bits that stand for a short id in one question. The salt
// changes, so that two ids that look alike in one do not in the next.
func saltedHash(id wire.ShortID, salt uint16) uint16 {
	return uint16(mix(uint64(id)^uint64(salt)*0x9e3779b97f4a7c15) >> 48)
}

func (n *Node) knownHashes(salt uint16) []uint16 {
	known := make([]uint16, 0, len(n.peers)+len(n.refused))
	for i := range n.peers {
		if p := &n.peers[i]; p.used() {
			known = append(known, saltedHash(p.id, salt))
		}
	}
	for _, r := range n.refused {
		if r.until > n.now {
			known = append(known, saltedHash(r.id, salt))
		}
	}
	slices.Sort(known)
	known = slices.Compact(known)
	return known[:min(len(known), wire.MaxKnown)]
}

// onAsk answers with those who matter to the asker and are not known to it.
func (n *Node) onAsk(p *peer, m *wire.Ask) {
	n.take(p, &m.Body)
	var entries []wire.Entry
	mine := speed(p.body.Vel)
	at, radius := p.pos(n.now), min(int64(m.Radius), maxReach)
	first := 0
	if len(n.peers) > 0 {
		first = n.rng.IntN(len(n.peers))
	}
	for i := range n.peers {
		q := &n.peers[(first+i)%len(n.peers)]
		if q == p || !n.usable(q) {
			continue
		}
		if !meets(sub(q.pos(n.now), at), speed(q.body.Vel).minus(mine), radius, n.cfg.Lookahead) {
			continue
		}
		if _, known := slices.BinarySearch(m.Known, saltedHash(q.id, m.Salt)); known {
			continue
		}
		entries = append(entries, n.entry(q))
		if len(entries) == maxAnswers {
			break
		}
	}
	if len(entries) > 0 {
		n.send(p.key, Reliable, &wire.Notice{Entries: entries})
	}
}

func (n *Node) entry(q *peer) wire.Entry {
	return wire.Entry{Key: q.key, Body: q.body, Age: tenths(n.now - q.at)}
}

// question is a key to be asked for.
type question struct {
	at int // place of the peer that is asked
	id wire.ShortID
}

// who notes a question; sendWho sends them, at most one message to a peer.
func (n *Node) who(at int, id wire.ShortID) {
	s := n.env.Scratch()
	s.questions = append(s.questions, question{at, id})
}

func (n *Node) sendWho() {
	s := n.env.Scratch()
	slices.SortStableFunc(s.questions, func(a, b question) int { return a.at - b.at })
	for q := s.questions; len(q) > 0; {
		k := 1
		for k < len(q) && q[k].at == q[0].at && k < wire.MaxIDs {
			k++
		}
		m := &wire.Who{IDs: make([]wire.ShortID, k)}
		for i := range m.IDs {
			m.IDs[i] = q[i].id
		}
		n.send(n.peers[q[0].at].key, Reliable, m)
		q = q[k:]
	}
	s.questions = s.questions[:0]
}

// onWho names the keys that are known.
func (n *Node) onWho(p *peer, m *wire.Who) {
	var entries []wire.Entry
	for _, id := range m.IDs {
		if i := n.index.get(id); i >= 0 && n.usable(&n.peers[i]) {
			entries = append(entries, n.entry(&n.peers[i]))
		}
	}
	if len(entries) > 0 {
		n.send(p.key, Reliable, &wire.Notice{Entries: entries})
	}
}

// onNotice follows hints about avatars that matter: they are asked themselves.
func (n *Node) onNotice(p *peer, m *wire.Notice) {
	if n.now < p.distrust {
		n.n.Distrusted++
		return
	}
	for i := range m.Entries {
		e := &m.Entries[i]
		at := n.now - int64(e.Age)*second/10
		if e.Key == n.id || !n.matters(&e.Body, at) {
			continue
		}
		f := fed{e.Key, e.Body, at, p.id}
		if !n.try(&f) && n.find(e.Key) == nil {
			n.wait(&f)
		}
	}
}

// wait keeps a hint for later.
func (n *Node) wait(f *fed) {
	for i := range n.waiting {
		if n.waiting[i].key == f.key {
			n.waiting[i] = *f
			return
		}
	}
	if len(n.waiting) < maxWaiting {
		n.waiting = append(n.waiting, *f)
	}
}
