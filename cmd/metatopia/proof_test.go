package main

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/node/law"
	"github.com/metatopia/metatopia/node/world"
	"github.com/metatopia/metatopia/region/succession"
	"github.com/metatopia/metatopia/spatial"
)

// proofOfOffice writes the charter of a region whose founder has appointed
// somebody, and the certificate of that, as a client keeps them: the chain where
// a node in home would have it.
func proofOfOffice(t *testing.T, dir, home string) {
	t.Helper()
	founder := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	key := base.Key(founder.Public().(ed25519.PublicKey))
	rec := world.SiteRecord{World: lumps.Of([]byte("a world")), Owner: key, Site: spatial.At(64, 0, 0), Name: "Commons"}
	c := world.RegionCharter{World: rec.World, Site: rec.Site, Name: rec.Name, Genesis: succession.Genesis{
		Region: rec.Region(), Epoch: 1, Founder: key, Servers: []base.Key{key}, Settings: succession.DefaultSettings}}
	if err := c.Sign(founder); err != nil {
		t.Fatal(err)
	}
	state, err := succession.New(c.Genesis, law.VerifyKey)
	if err != nil {
		t.Fatal(err)
	}
	enact := func(x succession.Entry) {
		t.Helper()
		x.By, x.Counter, x.Head = key, state.Counter(key)+1, state.Head()
		c.Genesis.Sign(&x, func(b []byte) []byte { return ed25519.Sign(founder, b) })
		if err := state.Apply(x.Bytes()); err != nil {
			t.Fatal(err)
		}
	}
	enact(succession.Entry{Kind: succession.Set, Settings: succession.DefaultSettings})
	cert := state.Certificate()
	s := succession.Signed{Server: key}
	copy(s.Sig[:], ed25519.Sign(founder, cert.SigningBytes()))
	cert.Signed = []succession.Signed{s}
	chain := succession.Chain(nil).With(c.Genesis, cert).Bytes()
	forged := append([]byte(nil), chain...)
	forged[len(forged)-1] ^= 1
	for file, b := range map[string][]byte{
		filepath.Join(dir, "commons.charter"):                      c.Encode(),
		filepath.Join(dir, "commons.chain"):                        chain,
		filepath.Join(dir, "forged.chain"):                         forged,
		filepath.Join(home, "law", rec.Region().String()+".chain"): chain,
	} {
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestVerifyAge: what was signed long ago proves what was then, for programs with
// its age, and nothing for who wants it newer.
func TestVerifyAge(t *testing.T) {
	dir := t.TempDir()
	proofOfOffice(t, dir, filepath.Join(dir, "metatopia"))
	out, err := command(t, dir, "admin", "verify", "--charter", "commons.charter", "--json").Output()
	if err != nil {
		t.Fatal(err)
	}
	var v proven
	if err := json.Unmarshal(out, &v); err != nil || len(v.Admins) != 1 || v.Admins[0] != v.Founder || v.Index != 1 || v.Age < 50*365*24*3600 || v.Region != "Commons" {
		t.Fatalf("%+v %v", v, err)
	}
	cmd := command(t, dir, "admin", "verify", "--charter", "commons.charter", "--max-age", "60s")
	var words strings.Builder
	cmd.Stderr = &words
	var exit *exec.ExitError
	if err := cmd.Run(); !errors.As(err, &exit) || exit.ExitCode() != 77 || !strings.Contains(words.String(), "hint: get a newer one") {
		t.Fatal(err, words.String())
	}
}
