package raynet

import (
	"cmp"
	"slices"

	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

// Two signed records can convict their signer: those of one stamp that differ,
// and those of one epoch between which nobody can have moved, unless the
// signer has counted a jump. The key is then barred for the rest of its epoch,
// and in any epoch when its next one is convicted as well, for barFor.

const (
	// barFor is how long a conviction is remembered.
	barFor = 3600 * second
	// maxVerdicts bounds the convictions kept. That of the key known for the
	// shortest time goes first: keys thrown away to be convicted push out each
	// other.
	maxVerdicts = 64
	// leapSlack is added to what a mover may cover between two records,
	// metres. A signer takes none for itself and is slower than MaxSpeed
	// (ownSpeed), because between two records there may be many that the
	// judge has not seen.
	leapSlack = 16
	ownSpeed  = 0.9
	// jumpGap is the least time between two jumps that a signer counts, and
	// leapWithin how far apart two records may be to convict: seven gaps and
	// less, so that the counter of three bits has not come round between them.
	jumpGap    = 1500 * millisecond
	leapWithin = 10 * second
	// witnesses is how many neighbours are shown a proof.
	witnesses = 4
)

// Proof is two records that no honest node signs.
type Proof struct{ A, B *wire.Record }

type verdict struct {
	proof Proof
	upTo  uint32 // the epoch that is barred, and all before
	until int64
	known int64 // how long the key had been known
}

// court holds the convictions; nil in most nodes.
type court struct{ cases []verdict }

// barred says that no record of a key and epoch counts.
func (n *Node) barred(r *wire.Record) bool {
	if n.court == nil {
		return false
	}
	return slices.ContainsFunc(n.court.cases, func(v verdict) bool {
		return v.proof.A.Key == r.Key && r.Stamp.Epoch <= v.upTo && n.now < v.until
	})
}

// Proofs lists the convictions, oldest first. Anybody can check them.
func (n *Node) Proofs() []Proof {
	var out []Proof
	if n.court != nil {
		for _, v := range n.court.cases {
			out = append(out, v.proof)
		}
	}
	return out
}

// file adds a verdict, in the place of one that has ended or counts least when
// there are too many.
func (c *court) file(v verdict, now int64) {
	if len(c.cases) >= maxVerdicts {
		least := 0
		for i := range c.cases {
			o, l := &c.cases[i], &c.cases[least]
			if ended := now >= o.until; ended || o.known < l.known {
				if least = i; ended {
					break
				}
			}
		}
		c.cases = slices.Delete(c.cases, least, least+1)
	}
	c.cases = append(c.cases, v)
}

// convict bars a key and shows the proof to those near the places it claims.
func (n *Node) convict(p *peer, a, b *wire.Record) {
	if n.court == nil {
		n.court = &court{}
	}
	v := verdict{proof: Proof{a, b}, upTo: b.Stamp.Epoch, until: n.now + barFor, known: n.since(p.sinceAt)}
	c := n.court
	if slices.ContainsFunc(c.cases, func(o verdict) bool { return o.proof.A.Key == a.Key && n.now < o.until }) {
		v.upTo = 1<<32 - 1
	}
	c.file(v, n.now)
	n.n.Convicted++
	n.event(Convicted, a.Key)

	// Who has just heard of the key from the proof itself hands it on no more:
	// it goes as far as the key is known.
	known := v.known > second
	age := wire.AgeOf(n.since(p.bornAt))
	p.hasRec, p.leaseTo, p.pingAt = false, unheard, unheard
	if p.inPassive {
		n.leavePassive(p)
	}
	n.remove(p)
	if known {
		n.showProof(a, b, age)
	}
}

func (n *Node) showProof(a, b *wire.Record, age wire.Age) {
	near := slices.Clone(n.near)
	d := func(p *peer) uint64 { at := p.at(n.now); return min(a.Pos.Dist2(at), b.Pos.Dist2(at)) }
	slices.SortStableFunc(near, func(p, q *peer) int { return cmp.Compare(d(p), d(q)) })
	m := &wire.NearGive{Entries: []wire.Entry{{Record: a, Age: age}, {Record: b, Age: age}}}
	for _, p := range near[:min(len(near), witnesses)] {
		n.send(p, m, Bulk)
	}
}

// conduct is what a record says of its signer beside what was known of it.
type conduct uint8

const (
	conductFine conduct = iota
	conductJump         // elsewhere at once, as it may now and then
	conductLie
)

// judgeConduct compares a newer record of one epoch with the one held.
func (n *Node) judgeConduct(p *peer, r *wire.Record) conduct {
	old := p.rec
	if old.Stamp.Epoch != r.Stamp.Epoch {
		return conductFine
	}
	took := (int64(r.UnixMs) - int64(old.UnixMs)) * millisecond
	switch {
	case n.leaps(old.Pos, r.Pos, took):
		if old.Jumps == r.Jumps && took <= leapWithin {
			return conductLie
		}
	case !n.leaps(old.Pos, r.Pos, n.since(p.bornAt)+2*second):
		return conductFine
	}
	// Elsewhere, and it says so, or its clock does not agree with this one.
	if p.moveSeq > 0 && !n.leaps(p.pos(), r.Pos, n.now-p.poseAt) {
		return conductFine // its moves have told
	}
	return conductJump
}

// leaps says that one who moves cannot have come from a to b in a time.
func (n *Node) leaps(a, b spatial.Pos, took int64) bool {
	return metres(a, b) > float64(n.cfg.MaxSpeed*float64(max(took, 0)))/float64(second)+leapSlack
}

// jumps says whether a peer may be elsewhere at once, and takes it for newly
// known there: a jump costs its seniority, and it must stay JumpEvery at a
// place before it is followed again.
func (n *Node) jumps(p *peer) bool {
	if p.more != nil && p.more.jumped && n.since(p.sinceAt) < n.cfg.JumpEvery {
		n.n.TooFast++
		return false
	}
	p.sinceAt = at(n.now)
	p.rest().jumped = true
	return true
}

// jumped says that the own place is farther from the last signed one than a
// mover comes: the next record counts a jump.
func (n *Node) jumped() bool {
	s := &n.self
	if s.rec == nil {
		return false
	}
	took := float64(n.now-s.signedAt) / float64(second)
	return metres(s.rec.Pos, s.pos) > n.cfg.MaxSpeed*ownSpeed*took
}

// contradicts says that a hint tells of another place than the record of the
// same stamp that is held: the record it stands for may be a proof.
func contradicts(p *peer, h *wire.Hint) bool {
	return p != nil && p.hasRec && p.rec.Stamp == h.Stamp && p.rec.Pos != h.Pos
}
