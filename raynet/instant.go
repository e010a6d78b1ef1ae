package raynet

// instant is a time of the core's clock in units of 2^24 ns, 16.8 ms: a node
// keeps half a dozen for each peer, and at a million nodes their bytes count.
// It reaches over 400 days of one run.
type instant int32

// unheard is before every other instant: it never happened.
const unheard instant = -1 << 31

const instantBits = 24

// at rounds down.
func at(ns int64) instant { return instant(ns >> instantBits) }

// since is how long ago t was in ns, up to one unit too much.
func (n *Node) since(t instant) int64 {
	if t == unheard {
		return -never
	}
	return n.now - int64(t)<<instantBits
}

// ahead says that t is still to come.
func (n *Node) ahead(t instant) bool { return int64(t)<<instantBits > n.now }
