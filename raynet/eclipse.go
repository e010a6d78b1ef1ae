package raynet

import (
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/raynet/wire"
)

// A node can be eclipsed: surrounded by false identities that keep the true
// neighbours from it. Two signs of that raise an alarm. It changes nothing
// here; whoever reads the events may.

const (
	// alarmEvery is the least time between two alarms.
	alarmEvery = 60 * second
	// alarmRank: who is closer than the member of this rank by distance
	// ought to be known.
	alarmRank = 4
)

// foundMyself ends the look at the own place: a living node that nobody around
// this one has named, and that is closer than most neighbours, was kept from
// it.
func (n *Node) foundMyself(f *lookup) {
	if n.join != joinDone || n.now-n.anchorAt < elderStay/2 || len(n.near) < alarmRank {
		return
	}
	var closest [alarmRank]uint64
	for i := range closest {
		closest[i] = ^uint64(0)
	}
	for _, p := range n.near {
		d2 := n.self.point.Dist2(p.at(n.now))
		for i := range closest {
			if d2 < closest[i] {
				d2, closest[i] = closest[i], d2
			}
		}
	}
	for _, c := range n.answers(f) {
		p := n.holding(c.key)
		// One who walks in may be ahead of its news.
		if p == nil || !c.news || c.d2 >= closest[alarmRank-1] || p.vel != (wire.Velocity{}) {
			continue
		}
		if n.dirty {
			n.reselect()
		}
		// Close, but behind others, it is no neighbour: nobody need name it.
		if p.rays() > 0 {
			n.alarm(c.key)
			return
		}
	}
}

// crowded looks for a sudden crowd within a small part of the distance of
// those that have been here long.
func (n *Node) crowded() {
	if len(n.seats) < (n.cfg.Sticky+1)/2 || len(n.seats) == 0 {
		return
	}
	tiny := n.elderSpacing() / 4
	young := 0
	for _, p := range n.near {
		if p.rays() > 0 && !n.senior(p) && metres(n.self.point, p.at(n.now)) < tiny {
			young++
		}
	}
	if 2*young >= n.cfg.Contrib {
		n.alarm(n.id)
	}
}

func (n *Node) alarm(who base.Key) {
	if n.now < n.alarmAt+alarmEvery {
		return
	}
	n.alarmAt = n.now
	n.n.Eclipses++
	n.event(Eclipse, who)
}
