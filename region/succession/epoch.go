package succession

import (
	"fmt"
	"slices"
)

// maxEpochsBack bounds for how many epochs of before a signature is tried, to say
// which one it is of: a forged one costs so many checks more.
const maxEpochsBack = 4

// renewDomain begins what the founder signs of a certificate that begins an epoch.
const renewDomain = "metatopia/region/renew/1\n"

// In is the genesis as those sign who sign for a later epoch.
func (g Genesis) In(epoch uint64) Genesis {
	g.Epoch = epoch
	return g
}

// Epoch is the one in which entries count.
func (s *State) Epoch() uint64 { return s.epoch }

// Signing is what entries, samples and certificates are signed by now: the genesis
// in the epoch that has begun.
func (s *State) Signing() Genesis { return s.genesis.In(s.epoch) }

// Renew begins a later epoch, at the end of the log: the founder's entry of kind
// Renew says which, and who the servers are from then on. Ages, roles, bans,
// settings and the region's time stay. It is no entry of a log that runs: who
// begins a region's log anew applies it to the state with which that begins.
func (s *State) Renew(entry []byte) error {
	x, err := Parse(entry)
	if err == nil {
		err = s.renew(&x)
	}
	if err != nil {
		return fmt.Errorf("succession: renew: %w", err)
	}
	s.epoch, s.servers, s.moved, s.changed = x.Epoch, slices.Clone(x.Servers), 0, s.index+1
	if p := s.player(x.By); p != nil {
		p.Counter = max(p.Counter, x.Counter)
	}
	s.push(entry)
	s.temp = s.Temp()
	return nil
}

func (s *State) renew(x *Entry) error {
	g := s.genesis.In(x.Epoch)
	switch {
	case x.Kind != Renew:
		return ErrEntry
	case x.Epoch <= s.epoch:
		return fmt.Errorf("epoch %d after epoch %d: %w", x.Epoch, s.epoch, ErrReplay)
	case x.By != s.genesis.Founder:
		return fmt.Errorf("%s: only the founder begins an epoch: %w", x.By.Short(), ErrRight)
	case !s.verify(x.By, g.SigningBytes(x), x.Sig[:]):
		return ErrSignature
	case x.Head != s.Head():
		return ErrHead
	}
	return checkServers(x.Servers)
}

// Mismatch says why a signature of an entry does not count: it is of an epoch that
// is over, or nobody's.
func (s *State) Mismatch(x *Entry) error {
	for e := s.epoch - 1; e >= s.genesis.Epoch && e+maxEpochsBack >= s.epoch; e-- {
		g := s.genesis.In(e)
		if s.verify(x.By, g.SigningBytes(x), x.Sig[:]) {
			return Past(e, s.epoch)
		}
	}
	return ErrSignature
}

// Past is the error for what was signed in an epoch that is over; it wraps ErrEpoch.
func Past(signed, now uint64) error {
	return fmt.Errorf("signed for epoch %d, this region is in epoch %d: %w", signed, now, ErrEpoch)
}

// Renewal makes a certificate one that begins an epoch: the founder's signature
// stands in place of those of the servers before, who are gone. It needs no
// certificate before it. sign is Ed25519 with the founder's key.
func Renewal(g Genesis, c Certificate, sign func([]byte) []byte) Certificate {
	s := Signed{Server: g.Founder}
	copy(s.Sig[:], sign(renewalBytes(&c)))
	c.Signed = []Signed{s}
	return c
}

func renewalBytes(c *Certificate) []byte { return append([]byte(renewDomain), c.SigningBytes()...) }

// renews checks the founder's signature of a certificate that begins an epoch.
func (c *Certificate) renews(g *Genesis, v Verify) error {
	switch {
	case len(c.Signed) != 1 || c.Signed[0].Server != g.Founder:
		return fmt.Errorf("epoch %d was not begun by the founder: %w", c.Epoch, ErrServer)
	case !v(g.Founder, renewalBytes(c), c.Signed[0].Sig[:]):
		return fmt.Errorf("the founder's: %w", ErrSignature)
	}
	return checkServers(c.Servers)
}

// Newer reports whether a certificate is of a later epoch than another, or of a later
// entry of the same.
func (c *Certificate) Newer(than *Certificate) bool {
	if c.Epoch != than.Epoch {
		return c.Epoch > than.Epoch
	}
	return c.Head.Index > than.Head.Index
}

// Epoch is the one that the chain has come to.
func (c Chain) Epoch(g Genesis) uint64 {
	if last := c.Last(); last != nil {
		return last.Epoch
	}
	return g.Epoch
}
