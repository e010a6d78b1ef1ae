package raynet

// Addresses cost more than keys. Of one group of addresses at most perGroup
// peers have a place in the random view and one in each octave of the long
// view as long as others are there to take the rest. Whole worlds live behind
// one address too, so a group keeps half of the random view and one link of
// each octave when there is nobody else.

// perGroup is how many of one group a view takes without asking who else is
// there.
const perGroup = 2

// fold maps a driver's group to one byte, 0 for none: a peer must stay small.
// Two groups that fold alike only share places.
func fold(g uint32) uint8 {
	if g == 0 {
		return 0
	}
	return uint8(g*0x9e3779b1>>24)%255 + 1
}

// sameGroup counts the members of a view in p's group, without p.
func sameGroup(view []*peer, p *peer) (k int) {
	if p.group == 0 {
		return 0
	}
	for _, q := range view {
		if q != p && q.group == p.group {
			k++
		}
	}
	return k
}

// regroup notes the group of a connected peer, which may cost it its place.
func (n *Node) regroup(p *peer, g uint32) {
	if g == 0 || fold(g) == p.group {
		return
	}
	p.group = fold(g)
	if p.inRandom && !n.randomRoom(p) {
		n.leaveRandom(p)
	}
	if p.inLong && n.longRival(p) != nil {
		n.leaveLong(p)
	}
}

// randomRoom says that the random view may take a peer of p's group.
func (n *Node) randomRoom(p *peer) bool {
	return sameGroup(n.random, p) < perGroup || len(n.random) <= n.cfg.Random/2
}

// overfull is a member of the random view whose group has more than its share,
// to go when somebody else has come; nil when there is none.
func (n *Node) overfull(than *peer) *peer {
	for _, q := range n.random {
		if q.group != 0 && q.group != than.group && sameGroup(n.random, q) >= perGroup {
			return q
		}
	}
	return nil
}

// longRival is another link of p's group in p's octave.
func (n *Node) longRival(p *peer) *peer {
	if p.group == 0 {
		return nil
	}
	for _, q := range n.long {
		if q != p && q.octave == p.octave && q.group == p.group {
			return q
		}
	}
	return nil
}
