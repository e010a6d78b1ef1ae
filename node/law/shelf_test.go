package law

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/node/world"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/succession"
)

func charterOf(founder *person, servers ...base.Key) *world.RegionCharter {
	site := world.SiteRecord{World: lumps.Of([]byte("world")), Owner: founder.key, Name: "Commons"}
	c := &world.RegionCharter{World: site.World, Name: site.Name, Genesis: succession.Genesis{Region: site.Region(), Epoch: 1, Founder: founder.key,
		Servers: servers, Settings: succession.DefaultSettings, Wall: 1000}}
	if err := c.Sign(founder.priv); err != nil {
		panic(err)
	}
	return c
}

// chainOf is one certificate of the first state, by a founder who serves alone.
func chainOf(c *world.RegionCharter, p *person) succession.Chain { return chainAt(c, p, 0) }

func chainAt(c *world.RegionCharter, p *person, index uint64) succession.Chain {
	s, err := succession.New(c.Genesis, VerifyKey)
	if err != nil {
		panic(err)
	}
	for s.Head().Index < index {
		_ = s.Apply([]byte{byte(index)}) // refused, and has its index
	}
	x := s.Certificate()
	x.Signed = []succession.Signed{{Server: p.key}}
	copy(x.Signed[0].Sig[:], p.sign(x.SigningBytes()))
	return succession.Chain{x}
}

// TestShelf: what is known only ever goes on. What contradicts it, or is older,
// is not taken, and neither is another region's.
func TestShelf(t *testing.T) {
	p := newPerson("alice")
	c := charterOf(p, p.key)
	id := c.Genesis.Region
	s := &Shelf{Dir: t.TempDir(), Verify: VerifyKey, Write: func(file string, b []byte) error { return os.WriteFile(file, b, 0o600) }}
	if k, err := s.Get(id); k != nil || err != nil {
		t.Fatal(k, err)
	}
	take := func(c *world.RegionCharter, chain succession.Chain) error {
		_, err := s.Take(id, c.Encode(), chain.Bytes())
		return err
	}
	if err := take(c, chainAt(c, p, 3)); err != nil {
		t.Fatal(err)
	}
	if err := take(c, chainAt(c, p, 2)); !errors.Is(err, ErrOlder) {
		t.Fatal(err)
	}
	other := chainAt(c, p, 3)
	other[0].Head.Sum[0] ^= 1
	copy(other[0].Signed[0].Sig[:], p.sign(other[0].SigningBytes()))
	if err := take(c, other); !errors.Is(err, ErrForks) {
		t.Fatal(err)
	}
	again := *c
	again.Genesis.Settings.VacantDays++
	if err := again.Sign(p.priv); err != nil {
		t.Fatal(err)
	}
	if err := take(&again, chainOf(&again, p)); !errors.Is(err, ErrForks) {
		t.Fatalf("the founder signs two charters: %v", err)
	}
	if err := take(charterOf(newPerson("bob"), p.key), nil); !errors.Is(err, world.ErrOtherRegion) {
		t.Fatal(err)
	}
	forged := chainAt(c, p, 5)
	forged[0].Temp = p.key
	if err := take(c, forged); !errors.Is(err, succession.ErrSignature) {
		t.Fatal(err)
	}
	if err := take(c, chainAt(c, p, 4)); err != nil {
		t.Fatal(err)
	}
	k, err := s.Get(id)
	if err != nil || k.Last.Head.Index != 4 || k.Age(time.UnixMilli(6000)) != 5*time.Second {
		t.Fatalf("%+v %v", k, err)
	}
	if err := os.WriteFile(filepath.Join(s.Dir, id.String()+".chain"), []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get(id); err == nil {
		t.Fatal("a damaged chain is taken for a whole one")
	}
}

// TestBook: what is ahead of the region's log after a crash is forgotten, a page
// leaves beats out, and the chain is there again.
func TestBook(t *testing.T) {
	dir := t.TempDir()
	b, err := OpenBook(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	var list []region.LawDone
	for i := range uint64(10) {
		kind := succession.Login
		if i%2 == 1 {
			kind = succession.Beat
		}
		list = append(list, region.LawDone{Index: i + 1, Time: int64(i), Entry: []byte{byte(kind)}})
	}
	list[4].Why = errors.New("no")
	p := newPerson("alice")
	if err := errors.Join(b.Add(list), b.SetChain(chainOf(charterOf(p, p.key), p)), b.Close()); err != nil {
		t.Fatal(err)
	}
	if b, err = OpenBook(dir, 8); err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	page, err := b.Page(0, 2)
	if err != nil || len(page) != 2 || page[0].Index != 7 || page[1].Index != 5 || page[1].Why != "no" {
		t.Fatalf("%+v %v", page, err)
	}
	if page, err = b.Page(4, 9); err != nil || len(page) != 2 || page[0].Index != 3 || page[1].Index != 1 {
		t.Fatalf("%+v %v", page, err)
	}
	if c, err := b.Chain(); err != nil || len(c) != 1 {
		t.Fatal(c, err)
	}
}
