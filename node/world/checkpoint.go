package world

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
)

const (
	checkpointVersion = 2
	checkpointDomain  = "metatopia/checkpoint/2\n"
)

// Checkpoint is a server's signed word that a region was in a state, and where
// that state lies: Root is a content (see State). Layout: version u8, world
// (u32 length, CID text), region 16, epoch u64, tick u64, hash 32, root 36,
// size i64, time i64 (unix milliseconds), server key 32, signature 64.
type Checkpoint struct {
	World  lumps.Ref
	Region base.ID
	Epoch  uint64 // how often the region has changed its owner; 0 so far
	Tick   base.Tick
	Hash   [32]byte // the state hash after Tick
	Root   lumps.Ref
	Size   int64 // bytes of the content Root
	Time   int64
	Server base.Key
	Sig    [sigSize]byte
}

func (c *Checkpoint) body() []byte {
	var e base.Encoder
	e.U8(checkpointVersion)
	e.Str(c.World.String())
	e.ID(c.Region)
	e.U64(c.Epoch)
	e.U64(uint64(c.Tick))
	e.Raw(c.Hash[:])
	e.Raw(c.Root.Bytes())
	e.I64(c.Size)
	e.I64(c.Time)
	e.Key(c.Server)
	return e.B
}

// Encode gives the canonical signed bytes.
func (c *Checkpoint) Encode() []byte { return append(c.body(), c.Sig[:]...) }

// When is the server's clock at the checkpoint.
func (c *Checkpoint) When() time.Time { return time.UnixMilli(c.Time).UTC() }

// Sign sets Server and Sig after checking the content.
func (c *Checkpoint) Sign(priv ed25519.PrivateKey) error {
	copy(c.Server[:], priv.Public().(ed25519.PublicKey))
	if err := c.check(); err != nil {
		return fmt.Errorf("world: checkpoint: %w", err)
	}
	copy(c.Sig[:], ed25519.Sign(priv, append([]byte(checkpointDomain), c.body()...)))
	return nil
}

// ParseCheckpoint checks shape, bounds and signature; whether the signer
// serves the region is for By.
func ParseCheckpoint(b []byte) (*Checkpoint, error) {
	if len(b) > MaxRecord {
		return nil, fmt.Errorf("world: checkpoint: %w: %d bytes, at most %d", base.ErrBound, len(b), MaxRecord)
	}
	d := base.NewDecoder(b)
	if v := d.U8(); d.Err() == nil && v != checkpointVersion {
		return nil, fmt.Errorf("world: checkpoint: version %d is not known here", v)
	}
	w := d.Str(lumps.MaxRefText)
	c := &Checkpoint{Region: d.ID(), Epoch: d.U64(), Tick: base.Tick(d.U64())}
	copy(c.Hash[:], d.Raw(len(c.Hash)))
	root := d.Raw(refLen)
	c.Size, c.Time, c.Server = d.I64(), d.I64(), d.Key()
	copy(c.Sig[:], d.Raw(sigSize))
	if err := d.Done(); err != nil {
		return nil, fmt.Errorf("world: checkpoint: %w", err)
	}
	var err error
	if c.World, err = lumps.Parse(w); err != nil {
		return nil, fmt.Errorf("world: checkpoint: %w", err)
	}
	if c.Root, err = lumps.FromBytes(root); err != nil {
		return nil, fmt.Errorf("world: checkpoint: %w", err)
	}
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("world: checkpoint: %w", err)
	}
	if !ed25519.Verify(c.Server[:], append([]byte(checkpointDomain), c.body()...), c.Sig[:]) {
		return nil, fmt.Errorf("world: checkpoint: %w", ErrForged)
	}
	return c, nil
}

func (c *Checkpoint) check() error {
	switch {
	case c.World.IsZero() || c.Region.IsZero():
		return errors.New("no world or no region")
	case !c.Root.IsNode():
		return errors.New("the root is no node")
	case c.Size <= 0 || c.Size > lumps.MaxContent:
		return fmt.Errorf("a content of %d bytes", c.Size)
	case c.Time < 0 || c.Time > maxFounded*1000:
		return errors.New("time is out of bounds")
	}
	return nil
}

// By tells whether the checkpoint is of that site's region and signed by one
// of its servers.
func (c *Checkpoint) By(site *SiteRecord) bool {
	return c.World == site.World && c.Region == site.Region() && slices.Contains(site.Servers, c.Server)
}

// Newer orders the checkpoints of one region: by epoch, tick, time.
func (c *Checkpoint) Newer(o *Checkpoint) bool {
	switch {
	case o == nil:
		return true
	case c.Epoch != o.Epoch:
		return c.Epoch > o.Epoch
	case c.Tick != o.Tick:
		return c.Tick > o.Tick
	}
	return c.Time > o.Time
}
