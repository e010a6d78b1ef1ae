package world

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/spatial"
)

// ErrForged: a signature does not belong to the key that claims it.
var ErrForged = errors.New("signature does not match")

const (
	charterVersion = 1
	charterDomain  = "metatopia/charter/1\n"
	sigSize        = ed25519.SignatureSize
)

// Charter founds a world. The layout, little-endian, is: version u8, founder
// key 32, founded i64 (unix seconds), nonce 16, spacing i64 (units), box 48,
// name (u32 length), rules (u32 length), Ed25519 signature 64 over
// "metatopia/charter/1\n" and all before it. The WorldID is the CID (v1, raw,
// sha2-256) of the whole, so nobody can change a word of a world they joined.
type Charter struct {
	Founder base.Key
	Founded int64
	Nonce   base.ID
	Spacing int64
	Box     spatial.Box
	Name    string
	Rules   string
	Sig     [sigSize]byte
}

// ID is the WorldID.
func (c *Charter) ID() lumps.Ref { return lumps.Of(c.Encode()) }

// Time is when the founder says the world was founded.
func (c *Charter) Time() time.Time { return time.Unix(c.Founded, 0).UTC() }

func (c *Charter) body() []byte {
	var e base.Encoder
	e.U8(charterVersion)
	e.Key(c.Founder)
	e.I64(c.Founded)
	e.ID(c.Nonce)
	e.I64(c.Spacing)
	c.Box.Min.AppendTo(&e)
	c.Box.Max.AppendTo(&e)
	e.Str(c.Name)
	e.Str(c.Rules)
	return e.B
}

// Encode gives the canonical signed bytes: the lump that is the world's root.
func (c *Charter) Encode() []byte { return append(c.body(), c.Sig[:]...) }

// Sign sets Founder and Sig after checking the content.
func (c *Charter) Sign(priv ed25519.PrivateKey) error {
	copy(c.Founder[:], priv.Public().(ed25519.PublicKey))
	if err := c.check(); err != nil {
		return fmt.Errorf("world: charter: %w", err)
	}
	copy(c.Sig[:], ed25519.Sign(priv, append([]byte(charterDomain), c.body()...)))
	return nil
}

// ParseCharter checks shape, bounds and signature.
func ParseCharter(b []byte) (*Charter, error) {
	if len(b) > MaxCharter {
		return nil, fmt.Errorf("world: charter: %w: %d bytes, at most %d", base.ErrBound, len(b), MaxCharter)
	}
	d := base.NewDecoder(b)
	if v := d.U8(); d.Err() == nil && v != charterVersion {
		return nil, fmt.Errorf("world: charter: version %d is not known here", v)
	}
	c := &Charter{Founder: d.Key(), Founded: d.I64(), Nonce: d.ID(), Spacing: d.I64()}
	c.Box = spatial.Box{Min: spatial.ReadPos(d), Max: spatial.ReadPos(d)}
	c.Name, c.Rules = d.Str(MaxName), d.Str(MaxRules)
	copy(c.Sig[:], d.Raw(sigSize))
	if err := d.Done(); err != nil {
		return nil, fmt.Errorf("world: charter: %w", err)
	}
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("world: charter: %w", err)
	}
	if !ed25519.Verify(c.Founder[:], append([]byte(charterDomain), c.body()...), c.Sig[:]) {
		return nil, fmt.Errorf("world: charter: %w", ErrForged)
	}
	return c, nil
}

func (c *Charter) check() error {
	if err := CheckName(c.Name); err != nil {
		return err
	}
	if len(c.Rules) > MaxRules || !utf8.ValidString(c.Rules) {
		return fmt.Errorf("rules: at most %d bytes of UTF-8", MaxRules)
	}
	if c.Founded < 0 || c.Founded > maxFounded {
		return errors.New("founding time is out of bounds")
	}
	if c.Spacing < MinSpacing || c.Spacing > MaxSpacing {
		return fmt.Errorf("spacing %d m is outside %d..%d m", c.Spacing/spatial.Unit, MinSpacing/spatial.Unit, MaxSpacing/spatial.Unit)
	}
	if !c.Box.Valid() {
		return errors.New("box: each side must run from less to more within the coordinate range")
	}
	return nil
}

// CheckName accepts 1 to MaxName bytes of printable UTF-8 without leading or
// trailing space, so that a name cannot paint on a terminal.
func CheckName(s string) error {
	if s == "" || len(s) > MaxName {
		return fmt.Errorf("name: 1 to %d bytes", MaxName)
	}
	if !utf8.ValidString(s) {
		return errors.New("name: not UTF-8")
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return fmt.Errorf("name: character %U is not printable", r)
		}
	}
	if s[0] == ' ' || s[len(s)-1] == ' ' {
		return errors.New("name: no space at the ends")
	}
	return nil
}
