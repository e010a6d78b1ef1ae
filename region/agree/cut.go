package agree

import (
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/succession"
)

const cutDomain = "metatopia/region/cut/1\n"

// Cut says that its signer has made the record of a tick while it led in a term.
// A server that follows the rules makes one record of a tick in a term.
type Cut struct {
	Region base.ID
	Epoch  uint64 // of the log
	Term   uint64
	Tick   base.Tick
	Body   [32]byte // SHA-256 of the record without the signature
}

// SigningBytes is what the leader signs: domain, region 16, epoch u64, term u64,
// tick u64, body 32.
func (c *Cut) SigningBytes() []byte {
	var e base.Encoder
	c.appendTo(&e)
	return e.B
}

func (c *Cut) appendTo(e *base.Encoder) {
	e.Raw([]byte(cutDomain))
	e.ID(c.Region)
	e.U64(c.Epoch)
	e.U64(c.Term)
	e.U64(uint64(c.Tick))
	e.Raw(c.Body[:])
}

// SignedCut is a cut with its signer.
type SignedCut struct {
	Cut
	succession.Signed
}

// AppendTo writes the canonical form: the signing bytes, the server 32, the
// signature 64.
func (s *SignedCut) AppendTo(e *base.Encoder) {
	s.Cut.appendTo(e)
	e.Key(s.Server)
	e.Raw(s.Sig[:])
}

// ReadCut reads one and checks its form, not its signature.
func ReadCut(d *base.Decoder) (s SignedCut) {
	if got := string(d.Raw(len(cutDomain))); d.Err() == nil && got != cutDomain {
		d.Fail(ErrForm)
	}
	s.Region, s.Epoch, s.Term, s.Tick = d.ID(), d.U64(), d.U64(), base.Tick(d.U64())
	copy(s.Body[:], d.Raw(32))
	s.Server = d.Key()
	copy(s.Sig[:], d.Raw(len(s.Sig)))
	return s
}
