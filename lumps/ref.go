package lumps

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/ipfs/go-cid"
	"github.com/multiformats/go-multihash"
)

// The binary form of a Ref, 36 bytes:
//
//	0x01          CID version 1
//	0x55 | 0x70   codec: raw or dag-pb
//	0x12 0x20     sha2-256, 32 bytes
//	32 bytes      digest
const (
	refLen    = 36
	codecRaw  = cid.Raw
	codecNode = cid.DagProtobuf
)

// Ref names a lump by the hash of its bytes. It is comparable and may be a
// map key. The zero Ref names nothing.
type Ref struct{ c cid.Cid }

// Of names b as a raw lump. Content of at most ChunkSize bytes has this name;
// longer content has a tree, whose name only adding it tells.
func Of(b []byte) Ref { return ofCodec(codecRaw, b) }

// OfNode names b as an inner node of a content.
func OfNode(b []byte) Ref { return ofCodec(codecNode, b) }

// OfSum names the raw lump whose bytes have that SHA-256.
func OfSum(sum [sha256.Size]byte) Ref { return ofSum(codecRaw, sum) }

func ofCodec(codec byte, b []byte) Ref { return ofSum(codec, sha256.Sum256(b)) }

func ofSum(codec byte, sum [sha256.Size]byte) Ref {
	buf := make([]byte, 0, refLen)
	buf = append(buf, 1, codec, multihash.SHA2_256, sha256.Size)
	buf = append(buf, sum[:]...)
	return Ref{cid.NewCidV1(uint64(codec), multihash.Multihash(buf[2:]))}
}

// Parse reads the canonical text of a reference: exactly what String writes,
// so that equal names are equal texts. Errors wrap ErrBadRef and say what
// else the text was.
func Parse(s string) (Ref, error) {
	if len(s) > MaxRefText {
		return Ref{}, fmt.Errorf("lumps: parse reference of %d bytes: %w", len(s), ErrBadRef)
	}
	c, err := cid.Decode(s)
	if err != nil {
		return Ref{}, fmt.Errorf("lumps: parse %q: %w: %v", s, ErrBadRef, err)
	}
	if c.Version() == 0 {
		c = cid.NewCidV1(c.Type(), c.Hash())
	}
	r, err := FromCID(c)
	if err != nil {
		return Ref{}, err
	}
	if canonical := r.String(); canonical != s {
		return Ref{}, fmt.Errorf("lumps: parse %q: %w: write it as %s", s, ErrBadRef, canonical)
	}
	return r, nil
}

// FromBytes reads the 36 bytes that Bytes writes.
func FromBytes(b []byte) (Ref, error) {
	if len(b) != refLen {
		return Ref{}, fmt.Errorf("lumps: reference of %d bytes, not %d: %w", len(b), refLen, ErrBadRef)
	}
	c, err := cid.Cast(b)
	if err != nil {
		return Ref{}, fmt.Errorf("lumps: reference %x: %w: %v", b, ErrBadRef, err)
	}
	return FromCID(c)
}

// FromCID takes a CID for a reference when it is one: version 1, sha2-256,
// raw or dag-pb. Other hashes are refused, the identity "hash" above all: it
// carries bytes instead of naming them, and no bound here would apply.
func FromCID(c cid.Cid) (Ref, error) {
	if !c.Defined() {
		return Ref{}, fmt.Errorf("lumps: empty CID: %w", ErrBadRef)
	}
	p := c.Prefix()
	switch {
	case p.MhType != multihash.SHA2_256 || p.MhLength != sha256.Size:
		name := multihash.Codes[p.MhType]
		if name == "" {
			name = fmt.Sprintf("0x%x", p.MhType)
		}
		return Ref{}, fmt.Errorf("lumps: CID with hash %s of %d bytes: %w: only sha2-256 of 32", name, p.MhLength, ErrBadRef)
	case p.Version != 1:
		return Ref{}, fmt.Errorf("lumps: CID version %d: %w: only version 1", p.Version, ErrBadRef)
	case p.Codec != codecRaw && p.Codec != codecNode:
		return Ref{}, fmt.Errorf("lumps: CID with codec %s: %w: only raw and dag-pb", codecName(p.Codec), ErrBadRef)
	case len(c.Bytes()) != refLen:
		return Ref{}, fmt.Errorf("lumps: CID of %d bytes: %w: not in shortest form", len(c.Bytes()), ErrBadRef)
	}
	return Ref{c}, nil
}

func codecName(code uint64) string { return fmt.Sprintf("0x%x", code) }

// CID gives the reference to libraries that speak CIDs.
func (r Ref) CID() cid.Cid { return r.c }

// IsZero tells the reference that names nothing.
func (r Ref) IsZero() bool { return !r.c.Defined() }

// IsNode tells an inner node of a content from plain bytes.
func (r Ref) IsNode() bool { return !r.IsZero() && r.c.Type() == codecNode }

// Bytes is the binary form, 36 bytes; nil for the zero Ref.
func (r Ref) Bytes() []byte {
	if r.IsZero() {
		return nil
	}
	return r.c.Bytes()
}

// Digest is the sha2-256 of the lump; zero for the zero Ref.
func (r Ref) Digest() (d [sha256.Size]byte) {
	if b := r.Bytes(); len(b) == refLen {
		copy(d[:], b[refLen-len(d):])
	}
	return d
}

// String is the canonical text: base32 in lower case, 59 characters
// beginning with "b"; empty for the zero Ref.
func (r Ref) String() string {
	if r.IsZero() {
		return ""
	}
	return r.c.String()
}

// Short is for people to read in logs: the end of the text, where names differ.
func (r Ref) Short() string {
	s := r.String()
	if len(s) > 8 {
		s = s[len(s)-8:]
	}
	return s
}

// Compare orders references by their bytes.
func (r Ref) Compare(o Ref) int { return strings.Compare(r.c.KeyString(), o.c.KeyString()) }

// MarshalText writes the canonical text; the zero Ref is empty.
func (r Ref) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads the canonical text, or nothing for the zero Ref.
func (r *Ref) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*r = Ref{}
		return nil
	}
	v, err := Parse(string(b))
	if err != nil {
		return err
	}
	*r = v
	return nil
}

// Matches tells whether b hashes to the name r. The zero Ref matches nothing.
func (r Ref) Matches(b []byte) bool {
	if r.IsZero() {
		return false
	}
	sum, want := sha256.Sum256(b), r.Digest()
	return bytes.Equal(sum[:], want[:])
}

// Check is the one place where bytes are held against a name. Stores call it
// for what comes in (ErrMismatch, ErrTooLarge) and exchange for what a peer
// sent.
func Check(r Ref, b []byte) error {
	switch {
	case r.IsZero():
		return fmt.Errorf("lumps: check: empty reference: %w", ErrBadRef)
	case len(b) > MaxLump:
		return fmt.Errorf("lumps: check %s: %d bytes, at most %d: %w", r, len(b), MaxLump, ErrTooLarge)
	case !r.Matches(b):
		return fmt.Errorf("lumps: check %s: %w", r, ErrMismatch)
	}
	return nil
}
