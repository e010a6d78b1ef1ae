package succession

import (
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

// Genesis is what a region's roles begin with. It is part of the region's
// charter: who knows it can check everything that follows.
type Genesis struct {
	Region   base.ID
	Epoch    uint64 // of the region, raised by each recovery
	Founder  base.Key
	Servers  []base.Key // sorted, no two alike
	Settings Settings
	Wall     int64 // ms since 1970
}

func (g *Genesis) check() error {
	if g.Region.IsZero() || g.Epoch == 0 || g.Founder.IsZero() || g.Wall < 0 || g.Wall > maxWall {
		return fmt.Errorf("genesis: %w", ErrValue)
	}
	if err := checkServers(g.Servers); err != nil {
		return fmt.Errorf("genesis: %w", err)
	}
	return g.Settings.check()
}

func checkServers(servers []base.Key) error {
	sorted := slices.IsSortedFunc(servers, base.Key.Compare)
	if len(servers) == 0 || len(servers) > MaxServers || !sorted || servers[0].IsZero() {
		return fmt.Errorf("servers: %w", ErrValue)
	}
	for i := 1; i < len(servers); i++ {
		if servers[i] == servers[i-1] {
			return fmt.Errorf("servers: %w", ErrValue)
		}
	}
	return nil
}

const (
	genesisDomain = "metatopia/region/genesis/1\n"
	headDomain    = "metatopia/region/head/1\n"
)

// Layout: region 16, epoch u64, founder 32, servers (count u32, 32 each),
// settings, wall i64.
func (g *Genesis) appendTo(e *base.Encoder) {
	e.ID(g.Region)
	e.U64(g.Epoch)
	e.Key(g.Founder)
	appendKeys(e, g.Servers)
	g.Settings.appendTo(e)
	e.I64(g.Wall)
}

// Sum is SHA-256, of a log up to an entry: "metatopia/region/head/1\n", the sum
// before, the entry's bytes. That of index 0 is of the genesis.
type Sum [32]byte

func (g *Genesis) sum() Sum {
	var e base.Encoder
	e.Raw([]byte(genesisDomain))
	g.appendTo(&e)
	return sha256.Sum256(e.B)
}

func (s Sum) next(entry []byte) Sum {
	h := sha256.New()
	h.Write([]byte(headDomain))
	h.Write(s[:])
	h.Write(entry)
	return Sum(h.Sum(nil))
}

// Head names a place in the log.
type Head struct {
	Index uint64
	Sum   Sum
}

func (h Head) appendTo(e *base.Encoder) { e.U64(h.Index); e.Raw(h.Sum[:]) }

func readHead(d *base.Decoder) (h Head) {
	h.Index = d.U64()
	copy(h.Sum[:], d.Raw(len(h.Sum)))
	return h
}
