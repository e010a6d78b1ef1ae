package raynet

import (
	"slices"

	"github.com/metatopia/metatopia/raynet/wire"
)

// randomAge is how old a record may be to enter the random view: shuffles pass
// entries on for minutes. Older than RecordAge it counts for nothing else.
const randomAge = 300 * second

// admit takes a record that a peer gave, if it is new, in this world, not
// entombed and correctly signed. It gives the peer the record speaks of, or
// nil when the record had no effect and taught nothing.
func (n *Node) admit(from *peer, e *wire.Entry, maxAge int64) *peer {
	r := e.Record
	if r.Key == n.id {
		return nil
	}
	if from != nil && r.Key != from.rec.Key {
		n.knows(from, r.ID(), r.Stamp)
	}
	firstHand := from != nil && r.Key == from.rec.Key
	if n.tombs.covers(r.ID(), r.Stamp, n.now) || n.barred(r) {
		// Ordinary in gossip: others have not noticed yet.
		n.n.Stale++
		return nil
	}
	p := n.table.byKey(r.Key)
	if p != nil && p.hasRec {
		switch c := r.Stamp.Compare(p.rec.Stamp); {
		case c < 0:
			// Ordinary when messages overtake each other.
			n.n.Stale++
			return nil
		case c == 0 && (p.rec == r || p.rec.Equal(r)):
			n.takeAddr(p, e)
			if firstHand {
				// The signer itself says how old it is.
				p.bornAt = max(p.bornAt, at(n.now-e.Age.Ns()))
			}
			return p
		case c == 0:
			if n.verify(r) {
				n.n.Conflict++
				n.convict(p, p.rec, r)
			} else {
				n.refuse(&n.n.BadSignature, from)
			}
			return nil
		}
	}
	switch {
	case !n.inWorld(r.Pos):
		n.refuse(&n.n.OutOfWorld, from)
		return nil
	case r.Leaving:
		// A farewell counts only in a Leave, from the one who leaves.
		n.n.Stale++
		return nil
	case e.Age.Ns() > maxAge:
		n.n.Stale++
		return nil
	case !n.verify(r):
		n.refuse(&n.n.BadSignature, from)
		return nil
	}
	if p == nil {
		if p = n.acquaint(r); p == nil {
			n.n.TooMany++
			return nil
		}
	}
	if p.hasRec {
		switch n.judgeConduct(p, r) {
		case conductLie:
			n.n.Conflict++
			n.convict(p, p.rec, r)
			return nil
		case conductJump:
			if !n.jumps(p) {
				return nil
			}
		}
	}
	n.take(p, e)
	return p
}

func (n *Node) take(p *peer, e *wire.Entry) {
	r := e.Record
	moved := !p.hasRec || p.pos() != r.Pos
	if p.hasRec && r.Stamp.Epoch != p.rec.Stamp.Epoch {
		// Another process: what the last one knew is gone.
		p.moveSeq, p.leaseTo, p.sinceAt = 0, unheard, at(n.now)
		if p.near != nil {
			p.near.marks = nil
		}
		if p.more != nil {
			p.more.addrSent, p.more.jumped = wire.Digest{}, false
		}
	}
	if p.more != nil && p.rec.Addr != r.Addr {
		p.more.addr = nil
	}
	p.hasRec, p.rec = true, r
	bornAt := n.now - e.Age.Ns()
	p.bornAt = at(bornAt)
	n.takeAddr(p, e)
	if p.moveSeq == 0 || bornAt >= p.poseAt {
		p.setPose(r.Pos, r.Vel, bornAt)
	}
	if p.heardAt < p.bornAt {
		// Somebody has seen it alive since: forget an old suspicion of
		// one that is not near, near ones are watched anyway.
		p.suspect = p.suspect && p.inNear
	}
	if moved && n.fresh(p) {
		reach := n.inReach(p.at(n.now))
		n.dirty = n.dirty || p.inNear || (reach && !n.hides(p.at(n.now)))
		if reach {
			n.news++
		}
	}
	n.tryLong(p)
}

// takeAddr keeps an address that matches the signed digest.
func (n *Node) takeAddr(p *peer, e *wire.Entry) {
	if len(e.Addr) == 0 || len(p.addr()) > 0 {
		return
	}
	if wire.DigestOf(e.Addr) != p.rec.Addr {
		n.n.BadAddr++
		return
	}
	p.rest().addr = e.Addr
}

func (n *Node) verify(r *wire.Record) bool {
	n.n.Verified++
	s := n.env.Scratch()
	s.signed = r.AppendSigning(s.signed[:0], n.cfg.World)
	return n.env.Verify(r.Key, s.signed, r.Sig[:])
}

// refuse counts what a correct peer would not have sent and names the bearer.
func (n *Node) refuse(counter *uint64, from *peer) {
	*counter++
	if from != nil {
		n.event(Refused, from.key())
	}
}

// admitSelf takes the record a peer sends of itself; false means that the
// message which carried it must be dropped.
func (n *Node) admitSelf(p *peer, e *wire.Entry) bool {
	if e.Record.Key != p.rec.Key {
		n.refuse(&n.n.WrongKey, p)
		return false
	}
	// Whatever it was thought to be, it is speaking.
	n.tombs.lift(p.id)
	if n.admit(p, e, n.cfg.RecordAge) == nil {
		return p.hasRec && e.Record.Stamp.Compare(p.rec.Stamp) <= 0 && p.rec.Equal(e.Record)
	}
	n.heard(p)
	return true
}

// entry is a peer's entry for another peer.
func (n *Node) entry(p *peer) wire.Entry {
	return wire.Entry{Record: p.rec, Age: wire.AgeOf(n.since(p.bornAt)), Addr: p.addr()}
}

// hint is the same in 30 bytes.
func (n *Node) hint(p *peer) wire.Hint {
	return wire.Hint{ID: p.id, Stamp: p.rec.Stamp, Pos: n.clamp(p.whereabouts(n.now)), Kind: p.rec.Kind,
		AgeS: uint8(min(max(n.since(p.bornAt), 0)/second, 255))}
}

func (n *Node) bootstrap(in Bootstrap) {
	for i := range in.Entries {
		if i >= maxPassive {
			n.n.TooMany++
			break
		}
		if p := n.admit(nil, &in.Entries[i], 1<<62); p != nil {
			if n.joinRandom(p); !p.inRandom {
				n.joinPassive(p)
			}
		}
	}
	n.greet()
	for _, k := range in.Keys {
		if k == n.id || slices.Contains(n.boot, k) {
			continue
		}
		if len(n.boot) >= maxPassive {
			// The newest are the likeliest to be there.
			n.boot = append(n.boot[:0], n.boot[1:]...)
		}
		n.boot = append(n.boot, k)
	}
	// Knock at a few doors at once; the near rounds go on from there.
	for i := 0; i < 3 && i < len(n.boot); i++ {
		if p := n.ensure(n.boot[len(n.boot)-1-i]); p != nil && p.heardAt == unheard && p.sentAt != at(n.now) {
			n.offer(p, false)
		}
	}
	if len(n.boot) == 0 {
		n.knock()
	}
}

// knock offers to somebody who may be there: for a node without a near view.
func (n *Node) knock() {
	switch k := len(n.random) + len(n.boot); {
	case k == 0:
	default:
		if i := n.rng.IntN(k); i < len(n.random) {
			n.offer(n.random[i], false)
		} else if p := n.ensure(n.boot[i-len(n.random)]); p != nil {
			n.offer(p, false)
		}
	}
}
