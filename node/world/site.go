package world

import (
	"crypto/ed25519"
	"errors"
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/region/agree"
	"github.com/metatopia/metatopia/spatial"
)

const (
	siteVersion  = 1
	epochVersion = 2
	trustVersion = 3
	siteDomain   = "metatopia/site/1\n"
)

// SiteRecord is an owner's signed word about a region: where its site is and
// which nodes serve it. Layout: version u8, world (u32 length, CID text),
// owner key 32, founded i64 (unix milliseconds), seq u64, site 24, name (u32
// length), servers (u32 count, 32 each), epoch u64 (from version 2 on; in version
// 2 not zero), trust u8 (version 3 only, not zero), signature 64. A later seq of the same region replaces an earlier one; the
// site and founding time never move.
type SiteRecord struct {
	World   lumps.Ref
	Owner   base.Key
	Founded int64
	Seq     uint64
	Site    spatial.Pos
	Name    string
	Servers []base.Key
	// Epoch counts how often the owner began the region's log anew from a
	// checkpoint, because too few of its servers came back. It only rises.
	Epoch uint64
	// Trust is what the owner takes the servers for.
	Trust agree.Trust
	Sig   [sigSize]byte

	id base.ID // Region, once the record is signed or parsed
}

// Region is the region's id: owner, site and name fix it for good.
func (r *SiteRecord) Region() base.ID {
	if !r.id.IsZero() {
		return r.id
	}
	var e base.Encoder
	r.Site.AppendTo(&e)
	return base.DeriveID("region", []byte(r.World.String()), r.Owner[:], e.B, []byte(r.Name))
}

func (r *SiteRecord) body() []byte {
	var e base.Encoder
	e.U8(r.version())
	e.Str(r.World.String())
	e.Key(r.Owner)
	e.I64(r.Founded)
	e.U64(r.Seq)
	r.Site.AppendTo(&e)
	e.Str(r.Name)
	e.U32(uint32(len(r.Servers)))
	for _, s := range r.Servers {
		e.Key(s)
	}
	v := r.version()
	if v >= epochVersion {
		e.U64(r.Epoch)
	}
	if v >= trustVersion {
		e.U8(uint8(r.Trust))
	}
	return e.B
}

func (r *SiteRecord) version() uint8 {
	switch {
	case r.Trust != agree.Crash:
		return trustVersion
	case r.Epoch > 0:
		return epochVersion
	}
	return siteVersion
}

// Encode gives the canonical signed bytes.
func (r *SiteRecord) Encode() []byte { return append(r.body(), r.Sig[:]...) }

// Sign sets Owner and Sig after checking the content.
func (r *SiteRecord) Sign(priv ed25519.PrivateKey) error {
	copy(r.Owner[:], priv.Public().(ed25519.PublicKey))
	if err := r.check(); err != nil {
		return fmt.Errorf("world: site record: %w", err)
	}
	copy(r.Sig[:], ed25519.Sign(priv, append([]byte(siteDomain), r.body()...)))
	r.id = base.ID{}
	r.id = r.Region()
	return nil
}

// ParseSite checks shape, bounds and signature; whether the record belongs to
// this world and fits beside its neighbours is for the Directory.
func ParseSite(b []byte) (*SiteRecord, error) {
	if len(b) > MaxRecord {
		return nil, fmt.Errorf("world: site record: %w: %d bytes, at most %d", base.ErrBound, len(b), MaxRecord)
	}
	d := base.NewDecoder(b)
	v := d.U8()
	if d.Err() == nil && (v < siteVersion || v > trustVersion) {
		return nil, fmt.Errorf("world: site record: version %d is not known here", v)
	}
	w := d.Str(128)
	r := &SiteRecord{Owner: d.Key(), Founded: d.I64(), Seq: d.U64(), Site: spatial.ReadPos(d), Name: d.Str(MaxName)}
	for n := d.Count(MaxServers, 32); n > 0 && d.Err() == nil; n-- {
		r.Servers = append(r.Servers, d.Key())
	}
	if v >= epochVersion {
		if r.Epoch = d.U64(); d.Err() == nil && v == epochVersion && r.Epoch == 0 {
			d.Fail(errors.New("an epoch of zero"))
		}
	}
	if v >= trustVersion {
		if r.Trust = agree.Trust(d.U8()); d.Err() == nil && r.Trust == agree.Crash {
			d.Fail(errors.New("a trust of zero"))
		}
	}
	copy(r.Sig[:], d.Raw(sigSize))
	if err := d.Done(); err != nil {
		return nil, fmt.Errorf("world: site record: %w", err)
	}
	var err error
	if r.World, err = lumps.Parse(w); err != nil || r.World.String() != w {
		return nil, fmt.Errorf("world: site record: world %q is not a canonical CID", w)
	}
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("world: site record: %w", err)
	}
	if !ed25519.Verify(r.Owner[:], append([]byte(siteDomain), r.body()...), r.Sig[:]) {
		return nil, fmt.Errorf("world: site record: %w", ErrForged)
	}
	r.id = r.Region()
	return r, nil
}

func (r *SiteRecord) check() error {
	if err := CheckName(r.Name); err != nil {
		return err
	}
	if len(r.Servers) == 0 || len(r.Servers) > MaxServers {
		return fmt.Errorf("%d servers, want 1 to %d", len(r.Servers), MaxServers)
	}
	if !r.Trust.Known() {
		return fmt.Errorf("%v is not known here", r.Trust)
	}
	if !r.Site.Valid() {
		return errors.New("site is outside the coordinate range")
	}
	return nil
}
