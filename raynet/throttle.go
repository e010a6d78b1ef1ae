package raynet

import "github.com/metatopia/metatopia/raynet/wire"

// A message costs its receiver more than its sender: a selection, signatures
// to verify, an answer ten times as long. Each peer has a credit that
// messages use up and time restores; a message that it does not cover is
// dropped.

const (
	fullCredit = 255
	// creditEvery is what a round of health checks gives back, each half
	// second: 16 offers a second can go on for ever. A fast mover whose only
	// neighbour this is sends 5 and answers 5.
	creditEvery = 64
)

// price is what a message costs, in about 5 us of work.
func price(m wire.Message) int {
	switch m := m.(type) {
	case *wire.NearOffer, *wire.Closure:
		return 8
	case *wire.NearGive:
		return 4 * len(m.Entries)
	case *wire.Shuffle:
		return 16
	case *wire.Find:
		return 4
	case *wire.NearWant, *wire.NearSub, *wire.PingReq:
		return 2
	}
	return 1
}

// debt is what a peer has used up lately; most peers have none.
type debt struct {
	p    *peer
	owed int
}

// afford adds the price of a message to its sender's debt; false means that
// the message has no effect.
func (n *Node) afford(p *peer, m wire.Message) bool {
	c := price(m)
	for i := range n.debts {
		d := &n.debts[i]
		if d.p != p {
			continue
		}
		if d.owed+c > fullCredit {
			n.refuse(&n.n.Throttled, p)
			return false
		}
		d.owed += c
		return true
	}
	n.debts = append(n.debts, debt{p, c})
	return true
}

// refill forgives a part of every debt. Only those who have sent since the
// last round are in the list, so it is as short as the table at most.
func (n *Node) refill() {
	keep := n.debts[:0]
	for _, d := range n.debts {
		if d.owed -= creditEvery; d.owed > 0 {
			keep = append(keep, d)
		}
	}
	clear(n.debts[len(keep):])
	n.debts = keep
}
