package succession

import (
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

// Certificate says who administers a region at an index of its log, signed by
// more than half of the servers of then. A chain of them, of which each has the
// servers that sign the next, leads from the genesis to now: who has it needs no
// log.
type Certificate struct {
	Region  base.ID
	Epoch   uint64
	Head    Head
	Wall    int64      // ms since 1970: how old it is
	Since   uint64     // index since which the roles are so
	Admins  []base.Key // the longest appointed first
	Temp    base.Key   // zero: none
	Servers []base.Key // who sign the next
	Signed  []Signed   // by servers of the certificate before, sorted
}

// MaxAdmins bounds the admins that a certificate names: the most senior ones.
const MaxAdmins = 256

const certificateDomain = "metatopia/region/admins/1\n"

// Certificate is what the servers are to sign of this state.
func (s *State) Certificate() Certificate {
	admins := s.Admins()
	return Certificate{
		Region: s.genesis.Region, Epoch: s.epoch, Head: s.Head(), Wall: s.wall, Since: s.changed,
		Admins: admins[:min(len(admins), MaxAdmins)], Temp: s.temp, Servers: slices.Clone(s.servers),
	}
}

// Layout: domain, region 16, epoch u64, head (u64, 32), wall i64, since u64,
// admins (count u32, 32 each), temporary 32, servers (count u32, 32 each).
func (c *Certificate) body(e *base.Encoder) {
	e.Raw([]byte(certificateDomain))
	e.ID(c.Region)
	e.U64(c.Epoch)
	c.Head.appendTo(e)
	e.I64(c.Wall)
	e.U64(c.Since)
	appendKeys(e, c.Admins)
	e.Key(c.Temp)
	appendKeys(e, c.Servers)
}

// SigningBytes is what a server signs.
func (c *Certificate) SigningBytes() []byte {
	var e base.Encoder
	c.body(&e)
	return e.B
}

// AppendTo writes the canonical form: the signing bytes, and the signatures
// (count u32, each key 32 and 64).
func (c *Certificate) AppendTo(e *base.Encoder) {
	c.body(e)
	AppendSigned(e, c.Signed)
}

// ReadCertificate reads one and checks its form, not its signatures.
func ReadCertificate(d *base.Decoder) Certificate {
	if got := string(d.Raw(len(certificateDomain))); d.Err() == nil && got != certificateDomain {
		d.Fail(fmt.Errorf("certificate: %w", ErrEntry))
	}
	c := Certificate{Region: d.ID(), Epoch: d.U64(), Head: readHead(d), Wall: d.I64(), Since: d.U64(),
		Admins: readKeys(d, MaxAdmins), Temp: d.Key(), Servers: readKeys(d, MaxServers)}
	c.Signed = ReadSigned(d)
	if d.Err() == nil {
		if err := checkServers(c.Servers); err != nil {
			d.Fail(err)
		}
	}
	return c
}

// Follow checks a chain from the genesis on and gives its last link. A certificate
// of a later epoch than the one before is signed by the founder (see Renewal). The caller
// judges by Wall whether that is new enough. Errors wrap ErrQuorum, ErrServer,
// ErrSignature, ErrClock (a link that is older than the one before) or ErrEntry.
func Follow(g Genesis, chain []Certificate, v Verify) (*Certificate, error) {
	if err := g.check(); err != nil {
		return nil, fmt.Errorf("succession: %w", err)
	}
	epoch, servers, index, wall := g.Epoch, g.Servers, uint64(0), g.Wall
	for i := range chain {
		c := &chain[i]
		if c.Region != g.Region {
			return nil, fmt.Errorf("succession: certificate %d is of another region: %w", i, ErrEntry)
		}
		if c.Epoch < epoch {
			return nil, fmt.Errorf("succession: certificate %d: %w", i, Past(c.Epoch, epoch))
		}
		if c.Epoch > epoch { // what the old servers knew last may be lost
			if err := c.renews(&g, v); err != nil {
				return nil, fmt.Errorf("succession: certificate %d: %w", i, err)
			}
			if c.Wall < g.Wall || c.Since > c.Head.Index {
				return nil, fmt.Errorf("succession: certificate %d: %w", i, ErrClock)
			}
			epoch, servers, index, wall = c.Epoch, c.Servers, c.Head.Index, c.Wall
			continue
		}
		if c.Head.Index < index || c.Wall < wall || c.Since > c.Head.Index {
			return nil, fmt.Errorf("succession: certificate %d: %w", i, ErrClock)
		}
		if err := c.check(servers, v); err != nil {
			return nil, fmt.Errorf("succession: certificate %d: %w", i, err)
		}
		servers, index, wall = c.Servers, c.Head.Index, c.Wall
	}
	if len(chain) == 0 {
		return nil, fmt.Errorf("succession: no certificate: %w", ErrQuorum)
	}
	return &chain[len(chain)-1], nil
}

// check that more than half of the servers have signed.
func (c *Certificate) check(servers []base.Key, v Verify) error {
	if err := Quorum(servers, c.SigningBytes(), c.Signed, v); err != nil {
		return err
	}
	return checkServers(c.Servers)
}
