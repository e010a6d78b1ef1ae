package region

import (
	"errors"
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/succession"
	"github.com/metatopia/metatopia/spatial"
)

// Config is fixed for the life of a region's log: changing ID, World, Owner,
// Site, Min, Max or Seed makes older logs unreadable.
type Config struct {
	ID    base.ID
	Name  string
	World string   // the world's id, as text (a CID)
	Owner base.Key // its founder: an admin from the first entry on
	Site  spatial.Pos
	Min   spatial.Pos // the world's box
	Max   spatial.Pos
	Seed  uint64

	// Law is what the roles of a new region begin with; nil: the owner is its
	// admin and its only server. It does not matter to one that is restored. A
	// region without an owner has no roles.
	Law *succession.Genesis

	// MaxThings bounds owned things; 0 is the package's MaxThings.
	MaxThings int

	// Terms reads and checks what the region's owner has signed about its
	// servers; nil: nothing is taken for that. It is a pure function.
	Terms func(b []byte) (Terms, error)

	// Verify checks a player's signature. It is required.
	Verify func(key base.Key, msg, sig []byte) bool
	// Scripts runs modules; nil: things do not react.
	Scripts Scripts
	// Parallel calls f(0)..f(n-1), on as many goroutines as it likes, and
	// returns when all are done. nil is one after the other. The bytes that
	// come out are the same.
	Parallel func(n int, f func(i int))
}

var errConfig = errors.New("region: config")

func (c *Config) validate() error {
	switch {
	case c.ID.IsZero():
		return fmt.Errorf("%w: no id", errConfig)
	case c.World == "" || len(c.World) > MaxWorldName:
		return fmt.Errorf("%w: world id must have 1-%d bytes", errConfig, MaxWorldName)
	case len(c.Name) > MaxName:
		return fmt.Errorf("%w: name is longer than %d bytes", errConfig, MaxName)
	case !c.Site.Valid() || !c.Min.Valid() || !c.Max.Valid():
		return fmt.Errorf("%w: position out of range", errConfig)
	case c.Min.X >= c.Max.X || c.Min.Y >= c.Max.Y || c.Min.Z >= c.Max.Z:
		return fmt.Errorf("%w: the box is empty", errConfig)
	case c.Verify == nil:
		return fmt.Errorf("%w: no Verify", errConfig)
	case c.MaxThings < 0 || c.MaxThings > MaxThings:
		return fmt.Errorf("%w: MaxThings is not within 0-%d", errConfig, MaxThings)
	}
	if c.MaxThings == 0 {
		c.MaxThings = MaxThings
	}
	if c.Parallel == nil {
		c.Parallel = func(n int, f func(int)) {
			for i := range n {
				f(i)
			}
		}
	}
	return nil
}
