package agree

import (
	"crypto/ed25519"
	"crypto/sha256"
	"slices"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/succession"
)

// The tests' signatures are hashes with the key: quick, and wrong when anything
// differs.
func toySign(k base.Key, msg []byte) (s succession.Signature) {
	h := sha256.Sum256(append(k[:], msg...))
	copy(s[:], h[:])
	return s
}

func toyVerify(k base.Key, msg, sig []byte) bool {
	s := toySign(k, msg)
	return slices.Equal(s[:], sig)
}

func name(i int) (k base.Key) { k[0] = byte(i + 1); return k }

var testRegion = base.ID{7}

func config(self int) Config {
	return Config{Region: testRegion, Epoch: 1, Self: name(self), Verify: toyVerify,
		Sign: func(msg []byte) succession.Signature { return toySign(name(self), msg) }}
}

func voters(n int) (m Members) {
	for i := range n {
		m.Voters = append(m.Voters, name(i))
	}
	return m
}

func content(c int) Content { return Content{State: [32]byte{byte(c)}, Last: [32]byte{1}} }

// ballot is what server i signs for a tick.
func ballot(i int, tick base.Tick, c Content) SignedVote {
	v := Vote{Region: testRegion, Epoch: 1, Tick: tick, Content: c}
	return SignedVote{v, succession.Signed{Server: name(i), Sig: toySign(name(i), v.SigningBytes())}}
}

// reach applies ticks up to one for which to vote, with a state of its own at
// that tick, and gives the content of it.
func reach(t testing.TB, c *Core, tick base.Tick, state int) *SignedVote {
	t.Helper()
	var out *SignedVote
	for c.Tick() < tick {
		var err error
		if out, err = c.Applied(c.Tick()+1, [32]byte{byte(state)}, [32]byte{1}); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func make1(t testing.TB, cfg Config, m Members) *Core {
	t.Helper()
	c, err := New(cfg, 0, m)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func edKey(seed byte) (ed25519.PrivateKey, base.Key) {
	s := [32]byte{seed}
	priv := ed25519.NewKeyFromSeed(s[:])
	return priv, base.Key(priv.Public().(ed25519.PublicKey))
}

func edVerify(k base.Key, msg, sig []byte) bool {
	return len(sig) == ed25519.SignatureSize && ed25519.Verify(k[:], msg, sig)
}

func edSign(p ed25519.PrivateKey, msg []byte) succession.Signature {
	return succession.Signature(ed25519.Sign(p, msg))
}
