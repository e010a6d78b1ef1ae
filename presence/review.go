package presence

import (
	"github.com/metatopia/metatopia/presence/wire"
)

// doubtAfter is the silence after which a publisher is asked again, lostAfter
// that after which it is taken for gone: by then six beats and four answers
// have been lost.
func (c *Config) doubtAfter() int64 { return 3 * c.SlowBeat }
func (c *Config) lostAfter() int64  { return 7 * c.SlowBeat }

// review looks all relations over: who has gone, who matters, who is asked
// for what, and who should hear of whom.
func (n *Node) review() {
	n.turn++
	pos, vel := n.me.at(n.now)
	mine, r := speed(vel), n.me.radius()
	far := r + margin(r)
	for i := range n.peers {
		p := &n.peers[i]
		if !p.used() {
			continue
		}
		if p.in != wire.None && n.now > p.until {
			n.stop(p)
		}
		d := sub(p.pos(n.now), pos)
		p.d2 = d.len2()
		switch {
		case !p.first:
		case n.now >= p.heard+n.cfg.lostAfter():
			n.leaves(p)
		case p.d2 <= r*r:
			n.enters(p)
		case p.d2 > far*far:
			n.leaves(p)
		}
		if p.out != outNone {
			n.reviewOut(p, meets(d, speed(p.body.Vel).minus(mine), far, n.cfg.Lookahead))
		}
		n.demote(p)
	}
	n.tryFeed()
	if n.turn%2 == 0 || n.rankSoon || n.wanted >= n.cfg.Subs {
		n.rank()
		n.reviewHearsay()
	}
	n.notices()
	n.ask()
	n.digests()
}

// reviewOut looks after one subscription of this node.
func (n *Node) reviewOut(p *peer, near bool) {
	c := n.cfg
	if near {
		p.awayAt = never
	} else if p.awayAt == never {
		p.awayAt = n.now
	}
	switch {
	case p.out == outAsked:
		if n.now < p.askedAt+answerWithin {
			return
		}
		if p.tries >= maxTries {
			n.judge(p, wrong)
			n.leaves(p)
			n.quit(p)
			n.refuse(p.id, 10*second)
			return
		}
		p.tries++
		n.sendSub(p, p.want)
	case !near && n.now >= p.awayAt+c.Linger:
		n.unsubscribe(p)
	case n.now >= p.heard+c.lostAfter():
		// Not demoted: nobody believes in it any more.
		n.leaves(p)
		n.quit(p)
		n.refuse(p.id, 2*second)
		p.first = false
	case n.now >= p.heard+c.doubtAfter() && n.now >= p.askedAt+second,
		n.now >= p.askedAt+c.Lease/3:
		n.sendSub(p, p.want)
	}
}

// tryFeed asks those of the overlay's neighbours that matter, and those whom
// notices have named before their time.
func (n *Node) tryFeed() {
	for i := range n.feed {
		n.try(&n.feed[i])
	}
	kept := n.waiting[:0]
	for i := range n.waiting {
		if f := &n.waiting[i]; n.now <= f.at+waitFor && !n.try(f) {
			kept = append(kept, *f)
		}
	}
	n.waiting = kept
}

// waitFor is how long a hint is kept that is not followed at once.
const waitFor = 3 * second

// try follows a hint if that makes sense now; true when it is known already.
func (n *Node) try(f *fed) bool {
	id := wire.ShortOf(f.key)
	if n.index.get(id) >= 0 || n.isRefused(id) {
		return true
	}
	if n.fits(&f.body, f.at) {
		var source *peer
		if i := n.index.get(f.from); i >= 0 && f.from != 0 {
			source = &n.peers[i]
		}
		n.candidate(f.key, &f.body, f.at, source)
	}
	return false
}

// fits reports whether a subscription to a body is wanted and would survive
// the next ranking: there is room, or it is clearly more urgent than the last.
func (n *Node) fits(b *wire.Body, at int64) bool {
	pos, vel := n.me.at(n.now)
	d := sub(ahead(b.Pos, b.Vel, n.now-at), pos)
	v := speed(b.Vel).minus(speed(vel))
	soon := meets(d, v, n.interest(), n.cfg.Lookahead)
	return soon && (n.wanted < n.cfg.Subs || n.urgency(d, v, soon) < n.least)
}
