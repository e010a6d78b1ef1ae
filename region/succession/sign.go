package succession

import (
	"github.com/metatopia/metatopia/internal/base"
)

// Verify checks a signature by Ed25519.
type Verify func(key base.Key, msg, sig []byte) bool

const (
	entryDomain  = "metatopia/region/role/1\n"
	sampleDomain = "metatopia/region/beat/1\n"
)

// SigningBytes is what By signs, and with a login its server and with a rotation
// the new key: the domain, region, epoch (see In) and all of the entry but the
// signatures. So an entry counts in one region and one epoch only.
func (g *Genesis) SigningBytes(x *Entry) []byte {
	var e base.Encoder
	e.Raw([]byte(entryDomain))
	e.ID(g.Region)
	e.U64(g.Epoch)
	x.body(&e)
	return e.B
}

// SampleBytes is what a server signs as a sample of its clock: the domain,
// region, epoch, the sum of the entry of the last beat (of the genesis when
// there is none), and the time. So a sample counts for one beat only.
func (g *Genesis) SampleBytes(last Sum, wall int64) []byte {
	var e base.Encoder
	e.Raw([]byte(sampleDomain))
	e.ID(g.Region)
	e.U64(g.Epoch)
	e.Raw(last[:])
	e.I64(wall)
	return e.B
}

// Sign sets By's signature. sign is Ed25519 over the bytes it is given.
func (g *Genesis) Sign(x *Entry, sign func([]byte) []byte) {
	copy(x.Sig[:], sign(g.SigningBytes(x)))
}

// SignServer sets that of the server which took a login.
func (g *Genesis) SignServer(x *Entry, sign func([]byte) []byte) {
	copy(x.ServerSig[:], sign(g.SigningBytes(x)))
}
