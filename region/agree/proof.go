package agree

import (
	"bytes"
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/succession"
)

// Proof is two votes of one server for one tick that differ. No server that
// follows the rules signs them; whoever has the server's key can check it.
type Proof struct {
	A, B SignedVote // A's content sorts first
}

func proofOf(x, y SignedVote) Proof {
	if bytes.Compare(x.SigningBytes(), y.SigningBytes()) > 0 {
		x, y = y, x
	}
	return Proof{x, y}
}

// Server is whom it proves guilty.
func (p *Proof) Server() base.Key { return p.A.Server }

// AppendTo writes the canonical form: the two votes.
func (p *Proof) AppendTo(e *base.Encoder) { p.A.AppendTo(e); p.B.AppendTo(e) }

// ReadProof reads one and checks its form, not its signatures.
func ReadProof(d *base.Decoder) Proof {
	p := Proof{ReadVote(d), ReadVote(d)}
	if d.Err() == nil {
		if err := p.form(); err != nil {
			d.Fail(err)
		}
	}
	return p
}

// ParseProof reads one that stands alone. The error is ErrForm or ErrProof.
func ParseProof(b []byte) (Proof, error) {
	d := base.NewDecoder(b)
	p := ReadProof(d)
	if err := d.Done(); err != nil {
		return Proof{}, fmt.Errorf("agree: proof: %w: %w", ErrForm, err)
	}
	return p, nil
}

func (p *Proof) form() error {
	a, b := &p.A, &p.B
	if a.Server != b.Server || a.Region != b.Region || a.Epoch != b.Epoch || a.Tick != b.Tick ||
		bytes.Compare(a.SigningBytes(), b.SigningBytes()) >= 0 {
		return ErrProof
	}
	return nil
}

// Check that the server has signed both. The error is ErrProof or ErrSignature.
func (p *Proof) Check(v succession.Verify) error {
	if err := p.form(); err != nil {
		return fmt.Errorf("agree: %w", err)
	}
	if err := p.A.Check(v); err != nil {
		return err
	}
	return p.B.Check(v)
}
