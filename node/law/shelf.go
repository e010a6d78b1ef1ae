package law

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/world"
	"github.com/metatopia/metatopia/region/succession"
)

// VerifyKey checks an Ed25519 signature.
func VerifyKey(k base.Key, msg, sig []byte) bool {
	return len(sig) == ed25519.SignatureSize && ed25519.Verify(k[:], msg, sig)
}

// Texts are keys in hexadecimal digits.
func Texts(keys []base.Key) []string {
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = k.String()
	}
	return out
}

// Shelf keeps what a client knows of regions: ID.charter and ID.chain.
type Shelf struct {
	Dir    string
	Verify succession.Verify
	Write  func(file string, b []byte) error // durable
}

// Why what a server shows is not taken.
var (
	ErrOlder = errors.New("the certificates are older than those known here")
	ErrForks = errors.New("the certificates contradict those known here")
)

// Known is what is proven of a region.
type Known struct {
	Charter *world.RegionCharter
	Chain   succession.Chain
	Last    *succession.Certificate // nil: no certificate yet
}

// Signing is what entries of the region are signed by, as far as is proven here.
func (k *Known) Signing() succession.Genesis {
	g := k.Charter.Genesis
	return g.In(k.Chain.Epoch(g))
}

// Age is how old the newest certificate is.
func (k *Known) Age(now time.Time) time.Duration {
	if k.Last == nil {
		return 0
	}
	return now.Sub(time.UnixMilli(k.Last.Wall))
}

// Verify checks a charter and a chain of certificates, without a node. An empty
// chain proves the charter alone.
func Verify(charter, chain []byte, v succession.Verify) (*Known, error) {
	c, err := world.ParseRegionCharter(charter)
	if err != nil {
		return nil, err
	}
	k := &Known{Charter: c}
	if len(chain) > 0 {
		if k.Chain, err = succession.ParseChain(chain); err != nil {
			return nil, err
		}
	}
	if len(k.Chain) > 0 {
		if k.Last, err = succession.Follow(c.Genesis, k.Chain, v); err != nil {
			return nil, err
		}
	}
	return k, nil
}

func (s *Shelf) file(id base.ID, kind string) string {
	return filepath.Join(s.Dir, id.String()+"."+kind)
}

// Get gives what is kept of a region, or nil.
func (s *Shelf) Get(id base.ID) (*Known, error) {
	charter, err := os.ReadFile(s.file(id, "charter"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var chain []byte
	if err == nil {
		chain, err = os.ReadFile(s.file(id, "chain"))
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("law: shelf: %w", err)
	}
	k, err := Verify(charter, chain, s.Verify)
	if err != nil {
		return nil, fmt.Errorf("law: shelf: %w", err)
	}
	return k, nil
}

// Take checks what a server shows of a region against what is known, and keeps
// it. A chain that is older than the one known is ErrOlder, one that says
// something else of the same entry ErrForks: then what was known stays.
func (s *Shelf) Take(id base.ID, charter, chain []byte) (*Known, error) {
	k, err := Verify(charter, chain, s.Verify)
	if err != nil {
		return nil, err
	}
	if k.Charter.Genesis.Region != id {
		return nil, world.ErrOtherRegion
	}
	old, err := s.Get(id)
	if err != nil {
		return nil, err
	}
	if old != nil {
		if !slices.Equal(old.Charter.Encode(), k.Charter.Encode()) {
			return old, fmt.Errorf("law: another charter of the region: %w", ErrForks)
		}
		if err := older(old.Last, k.Last); err != nil {
			return old, err
		}
	}
	if old == nil {
		if err := s.Write(s.file(id, "charter"), charter); err != nil {
			return nil, fmt.Errorf("law: shelf: %w", err)
		}
	}
	if old == nil || old.Last == nil || k.Last != nil && (old.Last.Head != k.Last.Head || old.Last.Epoch != k.Last.Epoch) {
		if err := s.Write(s.file(id, "chain"), chain); err != nil {
			return nil, fmt.Errorf("law: shelf: %w", err)
		}
	}
	return k, nil
}

func older(old, next *succession.Certificate) error {
	switch {
	case old == nil:
		return nil
	case next == nil:
		return ErrOlder
	case next.Epoch < old.Epoch:
		return fmt.Errorf("%w: %w", succession.Past(next.Epoch, old.Epoch), ErrOlder)
	case next.Epoch > old.Epoch: // begun by the founder: what was lost does not matter
		return nil
	case next.Head.Index < old.Head.Index:
		return ErrOlder
	case next.Head.Index == old.Head.Index && next.Head.Sum != old.Head.Sum:
		return ErrForks
	}
	return nil
}
