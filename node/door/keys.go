package door

import (
	"fmt"

	"github.com/bytemare/opaque"

	"github.com/metatopia/metatopia/region/access"
)

// Keys are what the servers of a region share and nobody else has, drawn for one
// password: with them and the record of the log it can be guessed at Argon2's
// cost, with the record alone it cannot.
type Keys struct {
	seed   [sizeSeed]byte // of the OPRF
	secret [sizeSecret]byte
	public [32]byte
}

// Public names the keys: a record of the log says for which it is.
func (k *Keys) Public() [32]byte { return k.public }

// newKeys draws fresh ones.
func newKeys() (*Keys, error) {
	c := opaque.DefaultConfiguration()
	sk, _ := c.KeyGen()
	return keysOf(append(c.GenerateOPRFSeed(), sk.Encode()...))
}

// bytes is the seed and the secret key.
func (k *Keys) bytes() []byte { return append(append([]byte(nil), k.seed[:]...), k.secret[:]...) }

func keysOf(b []byte) (*Keys, error) {
	if len(b) != sizeSeed+sizeSecret {
		return nil, fmt.Errorf("door: keys of %d bytes", len(b))
	}
	k := &Keys{}
	copy(k.seed[:], b)
	copy(k.secret[:], b[sizeSeed:])
	g := opaque.RistrettoSha512.Group()
	sk, err := opaque.DeserializeScalar(g, k.secret[:])
	if err != nil {
		return nil, fmt.Errorf("door: keys: %w", err)
	}
	copy(k.public[:], g.Base().Multiply(sk).Encode())
	return k, nil
}

// fits reports whether these keys are the ones that a password was set with.
func (k *Keys) fits(s access.Secret) bool { return len(s.Record) > 0 && s.Public == k.public }
