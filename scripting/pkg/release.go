package pkg

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
)

const (
	releaseVersion = 1
	releaseDomain  = "metatopia/release/1\n"
)

// Release is an author's signed word that a version of a package is a certain
// content, for ever. The releases of a key are a chain: each has the number
// after that of the one before and names its hash, so an author has one history
// and cannot take back or replace a part of it unnoticed. Layout: version u8
// (1), author 32, seq u64, prev 32, name, version text (u32 length), package 36,
// time i64 (unix milliseconds), signature 64 over "metatopia/release/1\n" and
// all before it.
type Release struct {
	Author  base.Key
	Seq     uint64   // 1, 2, 3, ...
	Prev    [32]byte // SHA-256 of the encoded release before; zero for the first
	Name    string
	Version Version
	Package lumps.Ref // root of the package's content
	Time    int64     // by the author's clock: nothing rests on it
	Sig     [64]byte
}

// ID is NAME@VERSION.
func (r *Release) ID() string { return r.Name + "@" + r.Version.String() }

// When is the author's clock at the release.
func (r *Release) When() time.Time { return time.UnixMilli(r.Time).UTC() }

// Hash is what the next release names.
func (r *Release) Hash() [32]byte { return sha256.Sum256(r.Encode()) }

func (r *Release) body() []byte {
	var e base.Encoder
	e.U8(releaseVersion)
	e.Key(r.Author)
	e.U64(r.Seq)
	e.Raw(r.Prev[:])
	e.Str(r.Name)
	e.Str(r.Version.String())
	e.Raw(r.Package.Bytes())
	e.I64(r.Time)
	return e.B
}

// Encode gives the canonical signed bytes.
func (r *Release) Encode() []byte { return append(r.body(), r.Sig[:]...) }

// Sign sets Author and Sig after checking the content.
func (r *Release) Sign(priv ed25519.PrivateKey) error {
	copy(r.Author[:], priv.Public().(ed25519.PublicKey))
	if err := r.check(); err != nil {
		return fmt.Errorf("pkg: sign release: %w", err)
	}
	r.Sig = sign(priv, releaseDomain, r.body())
	return nil
}

// ParseRelease checks shape, bounds and signature.
func ParseRelease(b []byte) (*Release, error) {
	r, err := parseRelease(b)
	if err != nil {
		return nil, fmt.Errorf("pkg: parse release: %w", err)
	}
	return r, nil
}

func parseRelease(b []byte) (*Release, error) {
	if len(b) > MaxRelease {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrManifest, len(b), MaxRelease)
	}
	d := base.NewDecoder(b)
	if v := d.U8(); d.Err() == nil && v != releaseVersion {
		return nil, fmt.Errorf("%w: version %d of the format is not known here", ErrManifest, v)
	}
	r := &Release{Author: d.Key(), Seq: d.U64()}
	copy(r.Prev[:], d.Raw(len(r.Prev)))
	r.Name = d.Str(MaxName)
	version := d.Str(MaxVersion)
	r.Package, r.Time = readRef(d), d.I64()
	copy(r.Sig[:], d.Raw(len(r.Sig)))
	if err := d.Done(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrManifest, err)
	}
	var err error
	if r.Version, err = ParseVersion(version); err != nil {
		return nil, err
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	if !verify(r.Author, releaseDomain, r.body(), r.Sig) {
		return nil, ErrForged
	}
	return r, nil
}

func (r *Release) check() error {
	if err := CheckName(r.Name); err != nil {
		return err
	}
	switch {
	case r.Author.IsZero():
		return fmt.Errorf("%w: no author", ErrManifest)
	case r.Seq == 0 || r.Seq > MaxReleases:
		return fmt.Errorf("%w: number %d, want 1 to %d", ErrManifest, r.Seq, MaxReleases)
	case (r.Seq == 1) != (r.Prev == [32]byte{}):
		return fmt.Errorf("%w: the first release, and no other, names none before it", ErrManifest)
	case !r.Package.IsNode():
		return fmt.Errorf("%w: the package is no node", ErrManifest)
	case r.Time < 0 || r.Time > maxTime:
		return fmt.Errorf("%w: time is out of bounds", ErrManifest)
	}
	v, err := ParseVersion(r.Version.String())
	if err == nil && v != r.Version {
		err = fmt.Errorf("%w: version", ErrManifest)
	}
	return err
}

// Evidence are two releases that no honest author signs: both have the same
// number, or both give the same version, and they are not the same.
type Evidence struct{ A, B *Release }

// ErrConflict: an author has signed two histories, or two contents for one
// version.
var ErrConflict = errors.New("the author has signed two things where there can be one")

// Valid tells whether the two convict their author. Both must have been parsed.
func (e *Evidence) Valid() bool {
	a, b := e.A, e.B
	if a == nil || b == nil || a.Author != b.Author {
		return false
	}
	if a.Seq == b.Seq {
		return a.Hash() != b.Hash()
	}
	return a.Name == b.Name && a.Version == b.Version
}

// Seq is the number from which on nothing of the author is certain.
func (e *Evidence) Seq() uint64 { return min(e.A.Seq, e.B.Seq) }

// Encode writes both releases, each with a u32 length.
func (e *Evidence) Encode() []byte {
	var enc base.Encoder
	enc.Bytes(e.A.Encode())
	enc.Bytes(e.B.Encode())
	return enc.B
}

// ParseEvidence reads what Encode writes; ErrManifest for what convicts nobody.
func ParseEvidence(b []byte) (*Evidence, error) {
	if len(b) > 2*(MaxRelease+4) {
		return nil, fmt.Errorf("pkg: parse evidence: %w: %d bytes", ErrManifest, len(b))
	}
	d := base.NewDecoder(b)
	one, two := d.Bytes(MaxRelease), d.Bytes(MaxRelease)
	if err := d.Done(); err != nil {
		return nil, fmt.Errorf("pkg: parse evidence: %w: %w", ErrManifest, err)
	}
	a, err := ParseRelease(one)
	if err != nil {
		return nil, err
	}
	o, err := ParseRelease(two)
	if err != nil {
		return nil, err
	}
	e := &Evidence{a, o}
	if !e.Valid() {
		return nil, fmt.Errorf("pkg: parse evidence: %w: the two agree", ErrManifest)
	}
	return e, nil
}
