package lumpbench

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/disk"
)

const (
	smallLump = 256   // bytes
	getSample = 20000 // reads of which the slowest hundredth is left out
)

// gets measures reading from a store of a thousand small lumps, and of a
// million if that is asked for.
func (b *bench) gets(ctx context.Context) error {
	small, err := b.get(ctx, 1000)
	if err != nil {
		return err
	}
	b.report.Set("get_p99_us_1k", float64(small.Nanoseconds())/1e3)
	if !b.Million {
		return nil
	}
	large, err := b.get(ctx, 1_000_000)
	if err != nil {
		return err
	}
	b.report.Set("get_p99_us_1m", float64(large.Nanoseconds())/1e3)
	b.report.Set("get_p99_million", large.Seconds()/small.Seconds())
	return nil
}

// get gives the time of which 99 of 100 reads need less.
func (b *bench) get(ctx context.Context, n int) (time.Duration, error) {
	dir, remove, err := b.place()
	if err != nil {
		return 0, err
	}
	defer remove()
	s, err := disk.Open(dir, disk.Config{})
	if err != nil {
		return 0, err
	}
	defer s.Close()
	if err := b.fill(ctx, s, n); err != nil {
		return 0, err
	}
	rnd := rand.New(rand.NewPCG(b.Seed, uint64(n)))
	took := make([]time.Duration, getSample)
	for i := range took {
		lump := b.small(rnd.IntN(n))
		ref := lumps.Of(lump)
		began := time.Now()
		if _, err := s.Get(ctx, ref); err != nil {
			return 0, err
		}
		took[i] = time.Since(began)
	}
	slices.Sort(took)
	return took[len(took)*99/100], nil
}

func (b *bench) small(i int) []byte {
	lump := make([]byte, smallLump)
	binary.LittleEndian.PutUint64(lump, b.Seed)
	binary.LittleEndian.PutUint64(lump[8:], uint64(i))
	return lump
}

func (b *bench) fill(ctx context.Context, s *disk.Store, n int) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for i := range n {
		if ctx.Err() != nil {
			break
		}
		if i%50_000 == 0 && i > 0 {
			b.Tell(fmt.Sprintf("%d of %d lumps stored", i, n))
		}
		g.Go(func() error {
			lump := b.small(i)
			return s.PutCached(ctx, lumps.Of(lump), lump)
		})
	}
	return g.Wait()
}
