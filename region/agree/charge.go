package agree

import (
	"bytes"
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/succession"
)

// ChargeKind says what two signatures of a server contradict each other.
type ChargeKind uint8

const (
	// TwoVotes: it voted for two outcomes of one tick.
	TwoVotes ChargeKind = iota + 1
	// TwoCuts: it made two records of one tick in one term.
	TwoCuts
)

func (k ChargeKind) String() string {
	switch k {
	case TwoVotes:
		return "signed two votes for one tick"
	case TwoCuts:
		return "signed two records of one tick"
	}
	return ""
}

// MaxCharge bounds the encoding, in bytes.
const MaxCharge = 2*MaxVote + 1

// Charge is a proof that a server has lied: a Proof, or two cuts. Whoever knows the
// server's key can check it.
type Charge struct {
	votes *Proof
	cuts  *[2]SignedCut // the lower bytes first
}

// ChargeOf is the charge of two votes.
func ChargeOf(p Proof) Charge { return Charge{votes: &p} }

// ChargeOfCuts is that of two records. The error is ErrProof when a server that
// follows the rules may have signed both.
func ChargeOfCuts(a, b SignedCut) (Charge, error) {
	if bytes.Compare(a.SigningBytes(), b.SigningBytes()) > 0 {
		a, b = b, a
	}
	c := Charge{cuts: &[2]SignedCut{a, b}}
	return c, c.form()
}

// Kind says what of.
func (c *Charge) Kind() ChargeKind {
	if c.votes != nil {
		return TwoVotes
	}
	return TwoCuts
}

// Server is whom it proves guilty, Tick what it lied about, Region where.
func (c *Charge) Server() base.Key {
	if c.votes != nil {
		return c.votes.Server()
	}
	return c.cuts[0].Server
}

func (c *Charge) Tick() base.Tick {
	if c.votes != nil {
		return c.votes.A.Tick
	}
	return c.cuts[0].Tick
}

func (c *Charge) Region() base.ID {
	if c.votes != nil {
		return c.votes.A.Region
	}
	return c.cuts[0].Region
}

func (c *Charge) form() error {
	if c.votes != nil {
		return c.votes.form()
	}
	a, b := &c.cuts[0], &c.cuts[1]
	if a.Server != b.Server || a.Region != b.Region || a.Epoch != b.Epoch || a.Term != b.Term || a.Tick != b.Tick ||
		bytes.Compare(a.SigningBytes(), b.SigningBytes()) >= 0 {
		return ErrProof
	}
	return nil
}

// Check that the server has signed both. The error is ErrProof or ErrSignature.
func (c *Charge) Check(v succession.Verify) error {
	if c.votes != nil {
		return c.votes.Check(v)
	}
	if err := c.form(); err != nil {
		return fmt.Errorf("agree: %w", err)
	}
	for i := range c.cuts {
		x := &c.cuts[i]
		if !v(x.Server, x.SigningBytes(), x.Sig[:]) {
			return fmt.Errorf("agree: record of %s for tick %d: %w", x.Server.Short(), x.Tick, ErrSignature)
		}
	}
	return nil
}

// AppendTo writes the canonical form: kind u8, the two.
func (c *Charge) AppendTo(e *base.Encoder) {
	e.U8(uint8(c.Kind()))
	if c.votes != nil {
		c.votes.AppendTo(e)
		return
	}
	c.cuts[0].AppendTo(e)
	c.cuts[1].AppendTo(e)
}

// ReadCharge reads one and checks its form, not its signatures.
func ReadCharge(d *base.Decoder) (c Charge) {
	switch k := ChargeKind(d.U8()); k {
	case TwoVotes:
		p := ReadProof(d)
		return Charge{votes: &p}
	case TwoCuts:
		c = Charge{cuts: &[2]SignedCut{ReadCut(d), ReadCut(d)}}
		if d.Err() == nil {
			if err := c.form(); err != nil {
				d.Fail(err)
			}
		}
	default:
		d.Fail(fmt.Errorf("charge of kind %d: %w", k, ErrForm))
	}
	return c
}

// ParseCharge reads one that stands alone. The error is ErrForm or ErrProof.
func ParseCharge(b []byte) (Charge, error) {
	d := base.NewDecoder(b)
	c := ReadCharge(d)
	if err := d.Done(); err != nil {
		return Charge{}, fmt.Errorf("agree: charge: %w: %w", ErrForm, err)
	}
	return c, nil
}
