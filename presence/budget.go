package presence

import (
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/presence/wire"
)

// budget is a token bucket in two parts. Digests have a part of their own, so
// that a crowd's nearest cannot starve the many; what one part has too much
// flows over into the other. Everything else draws from the part of the
// poses, and may overdraw it: questions, notices and leases are bounded by
// themselves, and the poses after them pay.
//
// Tokens are bytes times a second, in nanoseconds, so that no time is lost in
// rounding.
type budget struct {
	poses, digests int64
	at             int64
}

func (b *budget) refill(now int64, c *Config) {
	dt := min(now-b.at, burst)
	b.at = now
	rate := int64(c.Budget)
	most := rate * burst
	b.digests += dt * rate / 100 * int64(c.Digests)
	b.poses += dt * rate / 100 * int64(100-c.Digests)
	if b.poses < 0 && b.digests > 0 {
		// What questions and leases have overdrawn, the digests pay too.
		pay := min(-b.poses, b.digests)
		b.poses += pay
		b.digests -= pay
	}
	// What the poses do not use the digests may, and the other way round, but
	// no more than a burst in all.
	if over := b.poses - most/100*int64(100-c.Digests); over > 0 {
		b.poses -= over
		b.digests += over
	}
	if over := b.digests + max(b.poses, 0) - most; over > 0 {
		back := min(over, max(0, most/100*int64(100-c.Digests)-b.poses))
		b.digests -= over
		b.poses += back
		b.digests -= back
	}
}

// lend lets the digests have what the poses have saved, but for what the next
// few need.
func (b *budget) lend(c *Config) {
	if spare := b.poses - int64(c.Budget)*burst/4; spare > 0 {
		b.poses -= spare
		b.digests += spare
	}
}

func cost(size int) int64 { return int64(size) * second }

// send appends a message and pays for it.
func (n *Node) send(to base.Key, c Class, m wire.Message) {
	size := wire.Size(m)
	n.n.MsgsOut++
	n.n.BytesOut += uint64(size)
	n.n.Sent[m.Type()] += uint64(size)
	if c == Bulk {
		n.budget.digests -= cost(size)
	} else {
		n.budget.poses -= cost(size)
	}
	n.out.Sends = append(n.out.Sends, Send{to, c, m})
}
