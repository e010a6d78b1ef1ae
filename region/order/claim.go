package order

import (
	"crypto/sha256"

	"github.com/metatopia/metatopia/internal/base"
)

const (
	flagSync   = 1
	flagSigned = 2

	claimBytes = 8 + 32 + 64
	sigBytes   = 64
)

// Claim says who made a record, in which term, and is signed.
type Claim struct {
	Term   uint64
	Server base.Key
	Sig    [sigBytes]byte
}

// Signer signs that a server made a record: of a tick, in an epoch and term of the
// log, with the SHA-256 of the record without the signature.
type Signer struct {
	Key  base.Key
	Sign func(epoch, term uint64, tick base.Tick, body [32]byte) [sigBytes]byte
}

func (r *Record) flags() (f uint8) {
	if r.Sync {
		f |= flagSync
	}
	if r.Claim != nil {
		f |= flagSigned
	}
	return f
}

func readClaim(d *base.Decoder) *Claim {
	c := &Claim{Term: d.U64(), Server: d.Key()}
	copy(c.Sig[:], d.Raw(sigBytes))
	return c
}

// Claimed gives the canonical form of a record that a server made in a term.
func (r *Record) Claimed(term uint64, by *Signer) []byte {
	r.Claim = &Claim{Term: term, Server: by.Key}
	b := r.AppendTo(nil)
	r.Claim.Sig = by.Sign(r.Epoch, term, r.Tick, Body(b))
	return append(b[:len(b)-sigBytes], r.Claim.Sig[:]...)
}

// Body is the SHA-256 of an encoded record with a claim, without its signature.
func Body(encoded []byte) [32]byte { return sha256.Sum256(encoded[:max(0, len(encoded)-sigBytes)]) }
