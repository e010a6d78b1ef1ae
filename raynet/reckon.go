package raynet

import (
	"math"

	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

// drift bounds dead reckoning: a mover not heard of for longer has probably
// turned. Most have not in that time, and the few places of those who have are
// corrected by the first message from them.
const drift = 4 * second

// reckon extrapolates a pose by the time since it was made.
func reckon(pos spatial.Pos, vel spatial.Vec, age int64) spatial.Pos {
	if vel == (spatial.Vec{}) || age <= 0 {
		return pos
	}
	t := float32(min(age, drift)) / float32(second)
	return pos.Add(spatial.Vec{X: vel.X * t, Y: vel.Y * t, Z: vel.Z * t})
}

// sure is how long a mover's pose is taken for certain, from when on it is
// reckoned no further.
const sure = drift

// vague says that a mover's pose is too old for a selection around a place at
// squared distance d2: it may be anywhere within half a spacing, or an eighth
// of the distance. A ghost of one that has long gone by would take the rays of
// those who are there.
func (n *Node) vague(p *peer, d2 uint64) bool {
	age := n.now - p.poseAt - sure
	if age <= 0 || p.rec.Kind == wire.Site {
		return false
	}
	// One that stood then may have left since, as those around here do.
	v := n.unrest / 2
	if p.vel != (wire.Velocity{}) {
		v = max(v, float64(p.vel.Vec().Len()))
	}
	if v == 0 {
		return false
	}
	stray := float64(v * float64(age) / float64(second))
	return stray > float64(n.spacing/2)+float64(math.Sqrt(float64(d2))/(8*spatial.Unit))
}

// measureUnrest takes the mean speed of the ray winners against this node as
// the unrest: how fast the shape of its cell changes, in m/s.
func (n *Node) measureUnrest() {
	n.unrest = 0
	self := wire.VelocityOf(n.self.vel).Vec()
	sum, k := float32(0), float32(0)
	for _, p := range n.near {
		if p.rays() == 0 {
			continue
		}
		k++
		if v := p.vel.Vec(); v != self {
			sum += v.Sub(self).Len()
		}
	}
	if k > 0 {
		n.unrest = float64(sum / k)
	}
}

// inWhich is the time in which the neighbours go a part of the local spacing
// against this node, at most limit.
func (n *Node) inWhich(part float64, limit int64) int64 {
	if n.unrest == 0 || n.spacing == 0 {
		return limit
	}
	return int64(min(part*n.spacing/n.unrest*float64(second), float64(limit)))
}
