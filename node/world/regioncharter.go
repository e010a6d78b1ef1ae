package world

import (
	"crypto/ed25519"
	"errors"
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/region/succession"
	"github.com/metatopia/metatopia/spatial"
)

const (
	regionCharterVersion = 1
	regionCharterDomain  = "metatopia/region/charter/1\n"

	// MaxRegionCharter bounds a charter's bytes.
	MaxRegionCharter = 4096
)

// RegionCharter founds a region: it is what its roles begin with. World,
// founder, site and name make the region's id, and the founder signs the whole,
// so that who knows the id, or the charter, can check who administers it.
//
// Layout: version u8, world (u32 length, CID text), site 24, name (u32 length),
// genesis, signature 64 over "metatopia/region/charter/1\n" and all before it.
type RegionCharter struct {
	World   lumps.Ref
	Site    spatial.Pos
	Name    string
	Genesis succession.Genesis
	Sig     [sigSize]byte
}

// ErrOtherRegion: the charter's words do not make the region's id.
var ErrOtherRegion = errors.New("the charter is not this region's")

func (c *RegionCharter) body() []byte {
	var e base.Encoder
	e.U8(regionCharterVersion)
	e.Str(c.World.String())
	c.Site.AppendTo(&e)
	e.Str(c.Name)
	c.Genesis.AppendTo(&e)
	return e.B
}

// Encode gives the canonical signed bytes.
func (c *RegionCharter) Encode() []byte { return append(c.body(), c.Sig[:]...) }

// Sign sets Sig; priv is the founder's.
func (c *RegionCharter) Sign(priv ed25519.PrivateKey) error {
	copy(c.Sig[:], ed25519.Sign(priv, append([]byte(regionCharterDomain), c.body()...)))
	if _, err := ParseRegionCharter(c.Encode()); err != nil {
		return err
	}
	return nil
}

// ParseRegionCharter checks shape, bounds, signature, and that the region's id
// is made of the rest.
func ParseRegionCharter(b []byte) (*RegionCharter, error) {
	c, err := parseRegionCharter(b)
	if err != nil {
		return nil, fmt.Errorf("world: region charter: %w", err)
	}
	return c, nil
}

func parseRegionCharter(b []byte) (*RegionCharter, error) {
	if len(b) > MaxRegionCharter {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", base.ErrBound, len(b), MaxRegionCharter)
	}
	d := base.NewDecoder(b)
	if v := d.U8(); d.Err() == nil && v != regionCharterVersion {
		return nil, fmt.Errorf("version %d is not known here", v)
	}
	w := d.Str(128)
	c := &RegionCharter{Site: spatial.ReadPos(d), Name: d.Str(MaxName)}
	c.Genesis = succession.ReadGenesis(d)
	copy(c.Sig[:], d.Raw(sigSize))
	if err := d.Done(); err != nil {
		return nil, err
	}
	var err error
	if c.World, err = lumps.Parse(w); err != nil || c.World.String() != w {
		return nil, fmt.Errorf("world %q is not a canonical CID", w)
	}
	if err := CheckName(c.Name); err != nil {
		return nil, err
	}
	founder := c.Genesis.Founder
	site := SiteRecord{World: c.World, Owner: founder, Site: c.Site, Name: c.Name}
	if site.Region() != c.Genesis.Region {
		return nil, ErrOtherRegion
	}
	if !ed25519.Verify(founder[:], append([]byte(regionCharterDomain), c.body()...), c.Sig[:]) {
		return nil, ErrForged
	}
	return c, nil
}
