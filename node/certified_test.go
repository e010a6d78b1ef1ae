package node

import (
	"crypto/ed25519"
	"slices"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/member"
	"github.com/metatopia/metatopia/node/world"
	"github.com/metatopia/metatopia/region/agree"
	"github.com/metatopia/metatopia/region/succession"
	"github.com/metatopia/metatopia/spatial"
)

// TestCheckpointsNeedACertificate: a server that joins takes a state for which more
// than half of the voters have signed, and only the signatures of those count that
// the owner's record names.
func TestCheckpointsNeedACertificate(t *testing.T) {
	privs := map[base.Key]ed25519.PrivateKey{}
	var all []base.Key
	for i := range 5 {
		p := ed25519.NewKeyFromSeed(append(make([]byte, ed25519.SeedSize-1), byte(i+1)))
		k := base.Key(p.Public().(ed25519.PublicKey))
		privs[k], all = p, append(all, k)
	}
	slices.SortFunc(all, base.Key.Compare)
	owner := ed25519.NewKeyFromSeed(append(make([]byte, ed25519.SeedSize-1), 99))
	c := &world.Charter{Name: "Test", Spacing: world.MinSpacing, Box: spatial.Box{Min: spatial.At(-64, 0, -64), Max: spatial.At(64, 64, 64)}}
	if err := c.Sign(owner); err != nil {
		t.Fatal(err)
	}
	rec := &world.SiteRecord{World: c.ID(), Founded: 1, Seq: 1, Name: "Plaza", Servers: all[:4]} // the last one is removed
	if err := rec.Sign(owner); err != nil {
		t.Fatal(err)
	}
	good := agree.Vote{Region: rec.Region(), Epoch: logEpoch(rec), Tick: 600, Content: agree.Content{State: [32]byte{1}, Last: [32]byte{2}}}
	cert := func(v agree.Vote, signers ...int) []byte {
		x := agree.Certificate{Vote: v}
		for _, i := range signers {
			x.Signed = append(x.Signed, succession.Signed{Server: all[i], Sig: succession.Signature(ed25519.Sign(privs[all[i]], v.SigningBytes()))})
		}
		var e base.Encoder
		x.AppendTo(&e)
		return e.B
	}
	point := member.Point{Tick: 600, Hash: [32]byte{1}, Sum: [32]byte{2}}
	other := func(f func(*agree.Vote)) agree.Vote { v := good; f(&v); return v }
	forged := cert(good, 0, 1, 2)
	forged[len(forged)-1] ^= 1
	for _, x := range []struct {
		what   string
		voters []base.Key
		cert   []byte
		want   bool
	}{
		{"three of five", all, cert(good, 0, 1, 3), true},
		{"two of three", all[:3], cert(good, 0, 2), true},
		{"none", all, nil, false},
		{"nobody's signature", all, cert(good), false},
		{"two of five", all, cert(good, 0, 1), false},
		{"three of five, one of them not in the record", all, cert(good, 0, 1, 4), false},
		{"three, two of them no voters", all[:3], cert(good, 0, 3, 4), false},
		{"a forged signature", all, forged, false},
		{"another state", all, cert(other(func(v *agree.Vote) { v.State[0]++ }), 0, 1, 2), false},
		{"another log", all, cert(other(func(v *agree.Vote) { v.Last[0]++ }), 0, 1, 2), false},
		{"another tick", all, cert(other(func(v *agree.Vote) { v.Tick += 8 }), 0, 1, 2), false},
		{"another epoch", all, cert(other(func(v *agree.Vote) { v.Epoch++ }), 0, 1, 2), false},
		{"another region", all, cert(other(func(v *agree.Vote) { v.Region[0]++ }), 0, 1, 2), false},
	} {
		p := point
		p.Cert = x.cert
		if got := certified(rec, x.voters, &p); got != x.want {
			t.Errorf("%s: %v", x.what, got)
		}
	}
}
