package agree

import (
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/succession"
)

// Certificate is a vote that more than half of the servers have signed: the
// state that the region was in after a tick.
type Certificate struct {
	Vote
	Signed []succession.Signed // sorted by server
}

// AppendTo writes the canonical form: the signing bytes of the vote, and the
// signatures (count u32, each key 32 and 64).
func (c *Certificate) AppendTo(e *base.Encoder) {
	c.Vote.appendTo(e)
	succession.AppendSigned(e, c.Signed)
}

// ReadCertificate reads one and checks its form, not its signatures.
func ReadCertificate(d *base.Decoder) Certificate {
	return Certificate{Vote: readVote(d), Signed: succession.ReadSigned(d)}
}

// ParseCertificate reads one that stands alone. The error is ErrForm.
func ParseCertificate(b []byte) (Certificate, error) {
	d := base.NewDecoder(b)
	c := ReadCertificate(d)
	if err := d.Done(); err != nil {
		return Certificate{}, fmt.Errorf("agree: certificate: %w: %w", ErrForm, err)
	}
	return c, nil
}

// Check that more than half of the servers have signed it. The servers are those
// that had a vote at its tick. The errors are those of succession.Quorum.
func (c *Certificate) Check(servers []base.Key, v succession.Verify) error {
	if err := succession.Quorum(servers, c.SigningBytes(), c.Signed, v); err != nil {
		return fmt.Errorf("agree: certificate of tick %d: %w", c.Tick, err)
	}
	return nil
}

// Follow checks a certificate for somebody who knows nothing but the genesis: the
// chain of role certificates, which may be empty, leads from its servers to those
// that have signed here.
func (c *Certificate) Follow(g succession.Genesis, chain []succession.Certificate, v succession.Verify) error {
	if c.Region != g.Region {
		return fmt.Errorf("agree: certificate of tick %d: %w", c.Tick, ErrOther)
	}
	epoch, servers := g.Epoch, g.Servers
	if len(chain) > 0 {
		last, err := succession.Follow(g, chain, v)
		if err != nil {
			return fmt.Errorf("agree: %w", err)
		}
		epoch, servers = last.Epoch, last.Servers
	}
	if c.Epoch != epoch {
		return fmt.Errorf("agree: certificate of tick %d: signed for epoch %d, this region is in epoch %d: %w", c.Tick, c.Epoch, epoch, ErrOther)
	}
	return c.Check(servers, v)
}

// Conflict finds who has signed both of two certificates of one tick that differ:
// at least one server, when the same servers had a vote.
func Conflict(a, b *Certificate) []Proof {
	if a.Region != b.Region || a.Epoch != b.Epoch || a.Tick != b.Tick || a.Content == b.Content {
		return nil
	}
	var list []Proof
	for _, s := range a.Signed {
		i := slices.IndexFunc(b.Signed, func(o succession.Signed) bool { return o.Server == s.Server })
		if i >= 0 {
			list = append(list, proofOf(SignedVote{a.Vote, s}, SignedVote{b.Vote, b.Signed[i]}))
		}
	}
	return list
}
