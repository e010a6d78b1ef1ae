package pkg

import (
	"crypto/ed25519"
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
)

const (
	manifestVersion = 1
	manifestDomain  = "metatopia/package/1\n"
	refLen          = 36
)

// Body is what the authors sign and all of the encoding before the signatures.
// Layout, little-endian, texts with a u32 length, lists with a u32 count:
//
//	version u8 (1), name, version text, description, license, author,
//	keys (32 each), source (0 or 36 bytes with a u32 length), source size i64,
//	tool, toolchain, options (key, value),
//	modules (target u8, ref 36, size i64, entry),
//	interfaces (name, from u16, to u16, optional bool, config (key, value)),
//	privileges (name, why, optional bool), memory u64, gas u64
//
// and then one signature of 64 bytes for each key, over
// "metatopia/package/1\n" and the body. A manifest begins the content of its
// package, so its own length comes first there: see Encode.
func (m *Manifest) Body() []byte {
	var e base.Encoder
	e.U8(manifestVersion)
	e.Str(m.Name)
	e.Str(m.Version.String())
	e.Str(m.Description)
	e.Str(m.License)
	e.Str(m.Author)
	e.U32(uint32(len(m.Keys)))
	for _, k := range m.Keys {
		e.Key(k)
	}
	e.Bytes(m.Source.Bytes())
	e.I64(m.SourceSize)
	e.Str(m.Recipe.Tool)
	e.Str(m.Recipe.Toolchain)
	appendSettings(&e, m.Recipe.Options)
	e.U32(uint32(len(m.Modules)))
	for _, x := range m.Modules {
		e.U8(uint8(x.Target))
		e.Raw(x.Ref.Bytes())
		e.I64(x.Size)
		e.Str(x.Entry)
	}
	e.U32(uint32(len(m.Interfaces)))
	for _, x := range m.Interfaces {
		e.Str(x.Name)
		e.U16(x.From)
		e.U16(x.To)
		e.Bool(x.Optional)
		appendSettings(&e, x.Config)
	}
	e.U32(uint32(len(m.Privileges)))
	for _, x := range m.Privileges {
		e.Str(x.Name)
		e.Str(x.Why)
		e.Bool(x.Optional)
	}
	e.U64(m.Memory)
	e.U64(m.Gas)
	return e.B
}

func appendSettings(e *base.Encoder, list []Setting) {
	e.U32(uint32(len(list)))
	for _, s := range list {
		e.Str(s.Key)
		e.Str(s.Value)
	}
}

// Encode gives the canonical signed bytes. There must be a signature for each
// key.
func (m *Manifest) Encode() []byte {
	if len(m.Sigs) != len(m.Keys) {
		panic("pkg: encode: a manifest without its signatures")
	}
	b := m.Body()
	for i := range m.Sigs {
		b = append(b, m.Sigs[i][:]...)
	}
	return b
}

// ParseBody reads a manifest that is not signed yet.
func ParseBody(b []byte) (*Manifest, error) {
	d := base.NewDecoder(b)
	m, err := read(d, len(b))
	if err == nil {
		err = finish(d, m)
	}
	if err != nil {
		return nil, fmt.Errorf("pkg: parse: %w", err)
	}
	return m, nil
}

// Parse reads what Encode writes and checks shape, bounds and signatures.
func Parse(b []byte) (*Manifest, error) {
	d := base.NewDecoder(b)
	m, err := read(d, len(b))
	if err != nil {
		return nil, fmt.Errorf("pkg: parse: %w", err)
	}
	m.Sigs = make([][64]byte, len(m.Keys))
	for i := range m.Sigs {
		copy(m.Sigs[i][:], d.Raw(ed25519.SignatureSize))
	}
	if err := finish(d, m); err != nil {
		return nil, fmt.Errorf("pkg: parse: %w", err)
	}
	body := b[:len(b)-len(m.Keys)*ed25519.SignatureSize]
	for i, k := range m.Keys {
		if !verify(k, manifestDomain, body, m.Sigs[i]) {
			return nil, fmt.Errorf("pkg: parse: %s: %w: of %s", m.ID(), ErrForged, k.Short())
		}
	}
	return m, nil
}

func finish(d *base.Decoder, m *Manifest) error {
	if err := d.Done(); err != nil {
		return fmt.Errorf("%w: %w", ErrManifest, err)
	}
	return m.Check()
}

// read takes the body; len is that of all bytes.
func read(d *base.Decoder, size int) (*Manifest, error) {
	if size > MaxManifest {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrManifest, size, MaxManifest)
	}
	if v := d.U8(); d.Err() == nil && v != manifestVersion {
		return nil, fmt.Errorf("%w: version %d of the format is not known here", ErrManifest, v)
	}
	m := &Manifest{Name: d.Str(MaxName)}
	version := d.Str(MaxVersion)
	m.Description, m.License, m.Author = d.Str(MaxDescription), d.Str(MaxDescription), d.Str(MaxAuthor)
	for n := d.Count(MaxKeys, 32); n > 0; n-- {
		m.Keys = append(m.Keys, d.Key())
	}
	source := d.Bytes(refLen)
	m.SourceSize = d.I64()
	m.Recipe = Recipe{Tool: d.Str(MaxTool), Toolchain: d.Str(MaxOption), Options: readSettings(d, MaxOptions, MaxTool, MaxOption)}
	for n := d.Count(len(targetNames), 1+refLen+8+4); n > 0; n-- {
		x := Module{Target: Target(d.U8()), Ref: readRef(d), Size: d.I64(), Entry: d.Str(MaxEntry)}
		m.Modules = append(m.Modules, x)
	}
	for n := d.Count(MaxInterfaces, 4+2+2+1+4); n > 0; n-- {
		x := Interface{Name: d.Str(MaxTool), From: d.U16(), To: d.U16(), Optional: d.Bool(), Config: readSettings(d, MaxConfig, MaxConfigKey, MaxConfigValue)}
		m.Interfaces = append(m.Interfaces, x)
	}
	for n := d.Count(MaxPrivileges, 4+4+1); n > 0; n-- {
		m.Privileges = append(m.Privileges, Privilege{Name: d.Str(MaxTool), Why: d.Str(MaxWhy), Optional: d.Bool()})
	}
	m.Memory, m.Gas = d.U64(), d.U64()
	if err := d.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrManifest, err)
	}
	var err error
	if m.Version, err = ParseVersion(version); err != nil {
		return nil, err
	}
	if len(source) > 0 {
		if m.Source, err = lumps.FromBytes(source); err != nil {
			return nil, fmt.Errorf("%w: source: %w", ErrManifest, err)
		}
	}
	return m, nil
}

func readRef(d *base.Decoder) lumps.Ref {
	b := d.Raw(refLen)
	if d.Err() != nil {
		return lumps.Ref{}
	}
	r, err := lumps.FromBytes(b)
	if err != nil {
		d.Fail(err)
	}
	return r
}

func readSettings(d *base.Decoder, most, key, value int) (list []Setting) {
	for n := d.Count(most, 8); n > 0; n-- {
		list = append(list, Setting{Key: d.Str(key), Value: d.Str(value)})
	}
	return list
}

// SignBody signs a body for one key; the signature belongs at the place of that
// key in Sigs.
func SignBody(priv ed25519.PrivateKey, body []byte) (sig [64]byte) {
	return sign(priv, manifestDomain, body)
}

// Sign sets Keys to the keys given, in their order, and signs with each, after
// checking the content.
func (m *Manifest) Sign(privs ...ed25519.PrivateKey) error {
	m.Keys, m.Sigs = nil, nil
	for _, p := range privs {
		m.Keys = append(m.Keys, base.Key(p.Public().(ed25519.PublicKey)))
	}
	if err := m.Check(); err != nil {
		return fmt.Errorf("pkg: sign: %w", err)
	}
	body := m.Body()
	for _, p := range privs {
		m.Sigs = append(m.Sigs, SignBody(p, body))
	}
	return nil
}

func sign(priv ed25519.PrivateKey, domain string, body []byte) (sig [64]byte) {
	copy(sig[:], ed25519.Sign(priv, append([]byte(domain), body...)))
	return sig
}

func verify(k base.Key, domain string, body []byte, sig [64]byte) bool {
	return ed25519.Verify(k[:], append([]byte(domain), body...), sig[:])
}
