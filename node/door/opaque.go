package door

import (
	"crypto/hmac"
	"crypto/sha256"

	"github.com/bytemare/opaque"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/access"
)

// stretch are the costs of Argon2id: passes, KiB, lanes. They are fixed by the
// protocol and never taken from a peer. Tests have cheaper ones.
var stretch = []uint64{3, 64 << 10, 4}

func slow() *opaque.ClientOptions { return &opaque.ClientOptions{KSFParameters: stretch} }

// binding is what a login is bound to: it fails when somebody in the middle
// passes the messages on, for then the two sides name other peers.
func binding(region base.ID, client, server base.Key, nonceC, nonceS []byte) []byte {
	b := append([]byte("metatopia/opaque/1"), region[:]...)
	b = append(b, client[:]...)
	b = append(b, server[:]...)
	b = append(b, nonceC...)
	return append(b, nonceS...)
}

// The password is the region's, not a person's: the identities in the record
// are constants, and who logs in where is in the binding.
func clientIdentity(region base.ID) []byte { return append([]byte("space:"), region[:]...) }
func serverIdentity(region base.ID) []byte { return region[:] }

// credential names the password, so that each has an OPRF key of its own: who
// may set the next one learns nothing about this one.
func credential(region base.ID, number uint64) []byte {
	var e base.Encoder
	e.Raw([]byte("metatopia/password/1"))
	e.ID(region)
	e.U64(number)
	return e.B
}

func config(context []byte) *opaque.Configuration {
	c := opaque.DefaultConfiguration()
	c.Context = context
	return c
}

func (k *Keys) server(region base.ID, context []byte) (*opaque.Server, error) {
	c := config(context)
	s, err := c.Server()
	if err != nil {
		return nil, err
	}
	sk, err := opaque.DeserializeScalar(opaque.RistrettoSha512.Group(), k.secret[:])
	if err != nil {
		return nil, err
	}
	err = s.SetKeyMaterial(&opaque.ServerKeyMaterial{Identity: serverIdentity(region), PrivateKey: sk, PublicKeyBytes: k.public[:], OPRFGlobalSeed: k.seed[:]})
	return s, err
}

// record is the one of the log, or a fake that nobody tells from one: who tries
// a password where there is none learns nothing but that it was wrong.
func (k *Keys) record(s *opaque.Server, region base.ID, secret access.Secret) (*opaque.ClientRecord, error) {
	id := credential(region, secret.Number)
	if !k.fits(secret) {
		r, err := config(nil).GetFakeRecord(id)
		if err == nil {
			r.ClientIdentity = clientIdentity(region)
		}
		return r, err
	}
	r, err := s.Deserialize.RegistrationRecord(secret.Record)
	if err != nil {
		return nil, err
	}
	return &opaque.ClientRecord{CredentialIdentifier: id, ClientIdentity: clientIdentity(region), RegistrationRecord: r}, nil
}

// macOf shows with the login's key that a ticket is the answer to it.
func macOf(session, ticket []byte) []byte {
	h := hmac.New(sha256.New, session)
	h.Write([]byte("metatopia/ticket/1"))
	h.Write(ticket)
	return h.Sum(nil)
}
