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

// afford adds the price of a message to what its sender has used up; false
// means that the message has no effect.
func (n *Node) afford(p *peer, m wire.Message) bool {
	owed := int(p.owed) + price(m)
	if owed > fullCredit {
		// Not held against the sender: an honest one in a crowd may come to
		// it, and what a flood costs is the transport's to judge.
		n.n.Throttled++
		return false
	}
	p.owed = uint8(owed)
	return true
}

// refill gives back what a peer has regained in a time.
func (p *peer) refill(in int64) { p.owed -= min(p.owed, uint8(creditEvery*in/healthEvery)) }
