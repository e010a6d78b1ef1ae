package succession

import (
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

// Chain leads from the genesis to now: one certificate for every change of the
// servers, and the newest.
type Chain []Certificate

// MaxChain bounds a chain: a region that changes its servers each week fills it
// in twenty years.
const MaxChain = 1024

// MaxChainBytes bounds its bytes.
const MaxChainBytes = 1 << 20

const chainDomain = "metatopia/region/chain/1\n"

// With adds a certificate and leaves out the last one if nobody needs it: it
// had the servers of the one before, who have signed this one as well.
func (c Chain) With(g Genesis, next Certificate) Chain {
	if next.Epoch > c.Epoch(g) {
		return Chain{next} // the founder's word: it needs none of before
	}
	c = slices.Clone(c)
	if n := len(c); n > 0 {
		before := c[:n-1]
		if before.Epoch(g) == next.Epoch && slices.Equal(before.Signers(g), c[n-1].Servers) {
			c = c[:n-1]
		}
	}
	return append(c, next)
}

// Last is the newest certificate, or nil.
func (c Chain) Last() *Certificate {
	if len(c) == 0 {
		return nil
	}
	return &c[len(c)-1]
}

// Signers are the servers of whom more than half must sign what comes next.
func (c Chain) Signers(g Genesis) []base.Key {
	if last := c.Last(); last != nil {
		return last.Servers
	}
	return g.Servers
}

// Bytes is the canonical form: "metatopia/region/chain/1\n", count u32, the
// certificates.
func (c Chain) Bytes() []byte {
	var e base.Encoder
	e.Raw([]byte(chainDomain))
	e.U32(uint32(len(c)))
	for i := range c {
		c[i].AppendTo(&e)
	}
	return e.B
}

// ParseChain reads one and checks its form: see Follow for the rest.
func ParseChain(b []byte) (Chain, error) {
	if len(b) > MaxChainBytes {
		return nil, fmt.Errorf("succession: chain: %w: %d bytes", ErrEntry, len(b))
	}
	d := base.NewDecoder(b)
	if got := string(d.Raw(len(chainDomain))); d.Err() == nil && got != chainDomain {
		d.Fail(fmt.Errorf("chain: %w", ErrEntry))
	}
	var c Chain
	for range d.Count(MaxChain, len(certificateDomain)+100) {
		c = append(c, ReadCertificate(d))
	}
	if err := d.Done(); err != nil {
		return nil, fmt.Errorf("succession: chain: %w: %w", ErrEntry, err)
	}
	return c, nil
}

// AppendTo writes the genesis in canonical form.
func (g *Genesis) AppendTo(e *base.Encoder) { g.appendTo(e) }

// ReadGenesis reads and checks one.
func ReadGenesis(d *base.Decoder) Genesis {
	g := readGenesis(d)
	if d.Err() == nil {
		if err := g.check(); err != nil {
			d.Fail(err)
		}
	}
	return g
}
