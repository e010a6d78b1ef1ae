package sim

import "encoding/binary"

// Link is how every pair of nodes is connected. Times are nanoseconds.
type Link struct {
	Latency   int64   // one way
	Jitter    int64   // uniform, added to Latency
	Loss      float64 // chance that a message vanishes
	Duplicate float64 // chance that it arrives twice
	Ordered   bool    // messages of a pair arrive in order, as on a stream
}

// Stats counts messages since the start.
type Stats struct{ Sent, Lost, Delivered, Bytes uint64 }

// Net carries bytes between nodes numbered from 0. A message from or to a
// crashed node, or between two groups of a split, vanishes, also when that
// happens while it is under way.
type Net struct {
	q     *Queue
	link  Link
	down  []bool
	group []int
	last  map[[2]int]int64 // for look-ups only
	stats Stats
}

// NewNet connects n nodes.
func NewNet(q *Queue, n int, link Link) *Net {
	return &Net{q: q, link: link, down: make([]bool, n), group: make([]int, n), last: map[[2]int]int64{}}
}

// Send puts msg on its way. deliver runs when it arrives, perhaps twice, and
// must not change it. Every arrival is noted in the trace.
func (n *Net) Send(from, to int, msg []byte, deliver func(msg []byte)) {
	n.stats.Sent++
	n.stats.Bytes += uint64(len(msg))
	copies := 1
	if n.link.Loss > 0 && n.q.rng.Float64() < n.link.Loss {
		copies = 0
	} else if n.link.Duplicate > 0 && n.q.rng.Float64() < n.link.Duplicate {
		copies = 2
	}
	if copies == 0 || !n.Reaches(from, to) {
		n.stats.Lost++
		return
	}
	for range copies {
		at := n.q.now + n.link.Latency
		if n.link.Jitter > 0 {
			at += int64(n.q.rng.Float64() * float64(n.link.Jitter))
		}
		if n.link.Ordered {
			pair := [2]int{from, to}
			at = max(at, n.last[pair])
			n.last[pair] = at
		}
		n.q.At(at, func() {
			if !n.Reaches(from, to) {
				n.stats.Lost++
				return
			}
			n.stats.Delivered++
			var pair [8]byte
			binary.LittleEndian.PutUint32(pair[:4], uint32(from))
			binary.LittleEndian.PutUint32(pair[4:], uint32(to))
			n.q.Note(pair[:], msg)
			deliver(msg)
		})
	}
}

// Reaches says whether a message sent now would get from one node to another.
func (n *Net) Reaches(from, to int) bool {
	return !n.down[from] && !n.down[to] && n.group[from] == n.group[to]
}

// Crash silences a node without a word to anyone; Restart undoes it.
func (n *Net) Crash(i int)   { n.down[i] = true }
func (n *Net) Restart(i int) { n.down[i] = false }

// Down says whether a node is crashed.
func (n *Net) Down(i int) bool { return n.down[i] }

// Split puts every node into a group; only members of one group reach each
// other. Heal makes them one again.
func (n *Net) Split(group func(i int) int) {
	for i := range n.group {
		n.group[i] = group(i)
	}
}

func (n *Net) Heal() { n.Split(func(int) int { return 0 }) }

// SetLink changes how messages travel from now on.
func (n *Net) SetLink(l Link) { n.link = l }

// Stats gives the counts.
func (n *Net) Stats() Stats { return n.stats }
