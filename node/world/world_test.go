package world

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/agree"
	"github.com/metatopia/metatopia/spatial"
)

func key(n byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, ed25519.SeedSize))
}

func charter(t *testing.T) *Charter {
	t.Helper()
	c := &Charter{
		Founded: 1_790_000_000, Nonce: base.ID{1, 2, 3}, Spacing: 64 * spatial.Unit,
		Box:  spatial.Box{Min: spatial.At(-96, 0, -96), Max: spatial.At(160, 64, 96)},
		Name: "Test", Rules: "be kind",
	}
	if err := c.Sign(key(1)); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCharterRoundTrip(t *testing.T) {
	c := charter(t)
	got, err := ParseCharter(c.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if *got != *c || got.ID() != c.ID() {
		t.Fatalf("got %+v, want %+v", got, c)
	}
}

// Every single changed bit must make the charter another world or no charter.
func TestForgedCharterIsRefused(t *testing.T) {
	c := charter(t)
	b := c.Encode()
	for i := range b {
		for bit := range 8 {
			f := bytes.Clone(b)
			f[i] ^= 1 << bit
			if got, err := ParseCharter(f); err == nil {
				t.Fatalf("byte %d bit %d changed, and still accepted: %+v", i, bit, got)
			}
		}
	}
	f := bytes.Clone(b)
	f[1+32] ^= 1 // the founding time
	if _, err := ParseCharter(f); !errors.Is(err, ErrForged) {
		t.Fatalf("changed founding time: %v, want ErrForged", err)
	}
	if _, err := ParseCharter(append(b, 0)); !errors.Is(err, base.ErrTrailing) {
		t.Fatalf("trailing byte: %v", err)
	}
}

func TestCharterBounds(t *testing.T) {
	for name, change := range map[string]func(*Charter){
		"no name":       func(c *Charter) { c.Name = "" },
		"long name":     func(c *Charter) { c.Name = strings.Repeat("x", MaxName+1) },
		"escape":        func(c *Charter) { c.Name = "a\x1b[2J" },
		"not utf-8":     func(c *Charter) { c.Name = "\xff" },
		"edge space":    func(c *Charter) { c.Name = " a" },
		"tiny spacing":  func(c *Charter) { c.Spacing = 1 },
		"huge spacing":  func(c *Charter) { c.Spacing = MaxSpacing + 1 },
		"inverted box":  func(c *Charter) { c.Box.Min, c.Box.Max = c.Box.Max, c.Box.Min },
		"endless rules": func(c *Charter) { c.Rules = strings.Repeat("x", MaxRules+1) },
	} {
		c := charter(t)
		change(c)
		if err := c.Sign(key(1)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestLink(t *testing.T) {
	l := Link{World: charter(t).ID(), Addrs: []string{"/ip4/127.0.0.1/udp/4001/quic-v1/p2p/12D3KooWx", "/ip6/::1/tcp/1"}}
	got, err := ParseLink(l.String())
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != l.String() || got.World != l.World || len(got.Addrs) != 2 || got.Addrs[0] != l.Addrs[0] {
		t.Fatalf("%s became %s", l, got)
	}
	for _, bad := range []string{"", "http://x", "metatopia:", "metatopia:nonsense", "metatopia:" + l.World.String() + strings.Repeat("&at=/ip4/1.2.3.4", 300)} {
		if _, err := ParseLink(bad); err == nil {
			t.Errorf("%.60q accepted", bad)
		}
	}
}

func site(t *testing.T, c *Charter, owner byte, founded int64, seq uint64, x float64) *SiteRecord {
	t.Helper()
	// Milliseconds after the world was founded.
	r := &SiteRecord{World: c.ID(), Founded: c.Founded*1000 + founded, Seq: seq, Site: spatial.At(x, 0, 0), Name: "R"}
	k := key(owner)
	r.Servers = []base.Key{base.Key(k.Public().(ed25519.PublicKey))}
	if err := r.Sign(k); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestForgedSiteIsRefused(t *testing.T) {
	for _, trust := range []agree.Trust{agree.Crash, agree.Accountable} {
		r := site(t, charter(t), 2, 10, 1, 0)
		r.Trust = trust
		if err := r.Sign(key(2)); err != nil {
			t.Fatal(err)
		}
		b := r.Encode()
		got, err := ParseSite(b)
		if err != nil {
			t.Fatal(err)
		}
		if got.Trust != trust || !bytes.Equal(got.Encode(), b) {
			t.Fatalf("%v became %v", trust, got.Trust)
		}
		forge(t, b)
	}
	r := site(t, charter(t), 2, 10, 1, 0)
	if r.Trust = agree.Byzantine + 1; r.Sign(key(2)) == nil {
		t.Fatal("a level that nobody knows is signed")
	}
}

func forge(t *testing.T, b []byte) {
	t.Helper()
	for i := range b {
		f := bytes.Clone(b)
		f[i] ^= 0x10
		if _, err := ParseSite(f); err == nil {
			t.Fatalf("byte %d changed, and still accepted", i)
		}
	}
}

func TestDirectoryOrderDoesNotMatter(t *testing.T) {
	c := charter(t)
	recs := []*SiteRecord{
		site(t, c, 2, 10, 1, 0), site(t, c, 3, 20, 1, 64), site(t, c, 4, 15, 1, 32),
		site(t, c, 5, 5, 1, 90), site(t, c, 6, 30, 1, -64), site(t, c, 2, 10, 2, 0),
	}
	// 0 (t=10) beats 32 (t=15), 90 (t=5) beats 64 (t=20), -64 fits.
	for seed := range uint64(50) {
		d := NewDirectory(c)
		rnd := rand.New(rand.NewPCG(seed, 1))
		// The same records come again and again, as gossip brings them.
		for range 3 {
			for _, i := range rnd.Perm(len(recs)) {
				_, _, _ = d.Add(recs[i])
			}
		}
		var xs []int64
		for _, r := range d.All() {
			xs = append(xs, r.Site.X/spatial.Unit)
		}
		if len(xs) != 3 || d.Owner(spatial.At(1, 0, 0)).Seq != 2 || d.Owner(spatial.At(80, 0, 0)).Site.X != 90*spatial.Unit {
			t.Fatalf("seed %d: sites %v", seed, xs)
		}
	}
}

func TestDirectoryRefuses(t *testing.T) {
	c := charter(t)
	d := NewDirectory(c)
	ok := site(t, c, 2, 10, 2, 0)
	if changed, _, err := d.Add(ok); !changed || err != nil {
		t.Fatal(changed, err)
	}
	far := site(t, c, 3, 10, 1, 1000)
	if _, _, err := d.Add(far); !errors.Is(err, ErrOutside) {
		t.Error(err)
	}
	other := site(t, c, 3, 10, 1, 80)
	other.World = ok.World
	c2 := charter(t)
	c2.Name = "Other"
	if err := c2.Sign(key(1)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.Add(site(t, c2, 3, 10, 1, 80)); !errors.Is(err, ErrOtherWorld) {
		t.Error(err)
	}
	if _, _, err := d.Add(site(t, c, 2, 10, 1, 0)); !errors.Is(err, ErrStale) {
		t.Error(err)
	}
	if _, _, err := d.Add(site(t, c, 3, 11, 1, 10)); !errors.Is(err, ErrTooClose) {
		t.Error(err)
	}
	// Nobody's site is older than the world, and nobody's displaces the
	// founder's, whatever it says of its age.
	if _, _, err := d.Add(site(t, c, 4, -1, 1, 10)); !errors.Is(err, ErrBackdated) {
		t.Error(err)
	}
	if _, dropped, err := d.Add(site(t, c, 1, 99, 1, 10)); err != nil || len(dropped) != 1 {
		t.Errorf("the founder's own site: %v, dropped %v", err, dropped)
	}
	if _, _, err := d.Add(site(t, c, 5, 0, 1, 12)); !errors.Is(err, ErrTooClose) {
		t.Error(err)
	}
}

func FuzzParseCharter(f *testing.F) {
	c := &Charter{Spacing: 64 * spatial.Unit, Name: "T", Box: spatial.Box{Max: spatial.At(9, 9, 9)}}
	_ = c.Sign(key(1))
	f.Add(c.Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, err := ParseCharter(b); err == nil && !bytes.Equal(got.Encode(), b) {
			t.Fatal("not canonical")
		}
	})
}

func FuzzParseSite(f *testing.F) {
	c := &Charter{Spacing: 64 * spatial.Unit, Name: "T", Box: spatial.Box{Max: spatial.At(9, 9, 9)}}
	_ = c.Sign(key(1))
	r := &SiteRecord{World: c.ID(), Name: "R", Servers: []base.Key{{1}}}
	_ = r.Sign(key(2))
	f.Add(r.Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, err := ParseSite(b); err == nil && !bytes.Equal(got.Encode(), b) {
			t.Fatal("not canonical")
		}
	})
}

func FuzzParseLink(f *testing.F) {
	f.Add("metatopia:bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku?at=/ip4/127.0.0.1/tcp/1")
	f.Fuzz(func(t *testing.T, s string) {
		l, err := ParseLink(s)
		if err != nil {
			return
		}
		again, err := ParseLink(l.String())
		if err != nil || again.String() != l.String() {
			t.Fatalf("%q: %v", l.String(), err)
		}
	})
}
