package agree

import (
	"crypto/sha256"
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/succession"
)

// Content is what a replica has come to after a tick.
type Content struct {
	State [32]byte // hash of the state after the tick
	Last  [32]byte // SHA-256 of the tick's record, and so of the whole log
	Batch [32]byte // over the records since the vote before
}

// Vote says that its signer came to Content.
type Vote struct {
	Region base.ID
	Epoch  uint64
	Tick   base.Tick // a multiple of Every
	Content
}

const (
	voteDomain  = "metatopia/region/vote/1\n"
	batchDomain = "metatopia/region/batch/1\n"
)

// SigningBytes is what a server signs: domain, region 16, epoch u64, tick u64,
// state 32, last record 32, batch 32.
func (v *Vote) SigningBytes() []byte {
	var e base.Encoder
	v.appendTo(&e)
	return e.B
}

func (v *Vote) appendTo(e *base.Encoder) {
	e.Raw([]byte(voteDomain))
	e.ID(v.Region)
	e.U64(v.Epoch)
	e.U64(uint64(v.Tick))
	v.Content.appendTo(e)
}

func (c *Content) appendTo(e *base.Encoder) {
	e.Raw(c.State[:])
	e.Raw(c.Last[:])
	e.Raw(c.Batch[:])
}

func readContent(d *base.Decoder) (c Content) {
	copy(c.State[:], d.Raw(32))
	copy(c.Last[:], d.Raw(32))
	copy(c.Batch[:], d.Raw(32))
	return c
}

func readVote(d *base.Decoder) Vote {
	if got := string(d.Raw(len(voteDomain))); d.Err() == nil && got != voteDomain {
		d.Fail(ErrForm)
	}
	v := Vote{Region: d.ID(), Epoch: d.U64(), Tick: base.Tick(d.U64()), Content: readContent(d)}
	if d.Err() == nil && (v.Tick == 0 || v.Tick%Every != 0) {
		d.Fail(fmt.Errorf("vote for tick %d: %w", v.Tick, ErrForm))
	}
	return v
}

// SignedVote is a vote with its signer.
type SignedVote struct {
	Vote
	succession.Signed
}

// AppendTo writes the canonical form: the signing bytes, the server 32, the
// signature 64.
func (s *SignedVote) AppendTo(e *base.Encoder) {
	s.Vote.appendTo(e)
	e.Key(s.Server)
	e.Raw(s.Sig[:])
}

// ReadVote reads one and checks its form, not its signature.
func ReadVote(d *base.Decoder) SignedVote {
	s := SignedVote{Vote: readVote(d)}
	s.Server = d.Key()
	copy(s.Sig[:], d.Raw(len(s.Sig)))
	return s
}

// ParseVote reads one that stands alone. The error is ErrForm.
func ParseVote(b []byte) (SignedVote, error) {
	d := base.NewDecoder(b)
	s := ReadVote(d)
	if err := d.Done(); err != nil {
		return SignedVote{}, fmt.Errorf("agree: vote: %w: %w", ErrForm, err)
	}
	return s, nil
}

// Check that the signature is the server's.
func (s *SignedVote) Check(v succession.Verify) error {
	if !v(s.Server, s.SigningBytes(), s.Sig[:]) {
		return fmt.Errorf("agree: vote of %s for tick %d: %w", s.Server.Short(), s.Tick, ErrSignature)
	}
	return nil
}

// fold adds a record to the batch since the last vote: SHA-256 over the domain,
// the batch so far and the record's sum.
func fold(batch, sum [32]byte) [32]byte {
	b := append([]byte(batchDomain), batch[:]...)
	return sha256.Sum256(append(b, sum[:]...))
}
