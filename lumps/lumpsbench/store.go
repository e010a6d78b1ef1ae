package lumpsbench

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/disk"
)

// Config of Store; zero values are replaced by what the comment says.
type Config struct {
	Dir  string // where the store is made, and removed again; "" = a temporary directory
	Few  int    // lumps in the small store; 0 = 1000
	Many int    // lumps in the large store; 0 = 1,000,000
	Size int    // bytes of a lump; 0 = 1024
	Gets int    // reads that are timed in each; 0 = 50,000
	Seed uint64

	// Sweep also measures a sweep of the large store beside writers.
	Sweep bool

	// Tell hears how far it is, now and then; nil: nobody does.
	Tell func(stage string, done, total int)
}

// Quantiles are of single calls.
type Quantiles struct{ P50, P99 time.Duration }

// Report of Store.
type Report struct {
	Few, Many int
	Size      int

	// Get of random lumps, each of which was read once just before, so that
	// the file system's caches are as warm as memory allows: in the small
	// store, in the large one, and there the reading just before.
	GetFew, GetMany, GetFirst Quantiles

	Fill time.Duration // putting Many lumps, without flushes
	Open time.Duration // of the large store, caches warm
	List time.Duration // of all of it

	Sweep *SweepReport // nil unless asked for
}

// Ratio is how many times the p99 of the small store that of the large one is.
func (r Report) Ratio() float64 { return float64(r.GetMany.P99) / float64(max(r.GetFew.P99, 1)) }

func (c *Config) defaults() {
	for _, v := range []struct {
		at *int
		to int
	}{{&c.Few, 1000}, {&c.Many, 1_000_000}, {&c.Size, 1024}, {&c.Gets, 50_000}} {
		if *v.at == 0 {
			*v.at = v.to
		}
	}
	if c.Tell == nil {
		c.Tell = func(string, int, int) {}
	}
}

// Store fills a store with Few lumps, reads of them, fills it up to Many and
// does the same again, in one process.
func Store(ctx context.Context, cfg Config) (rep Report, err error) {
	cfg.defaults()
	if cfg.Few < 1 || cfg.Many < cfg.Few || cfg.Size < 8 || cfg.Size > lumps.MaxLump || cfg.Gets < 100 {
		return rep, errors.New("lumps/lumpsbench: store: bad sizes")
	}
	if cfg.Dir == "" {
		if cfg.Dir, err = os.MkdirTemp("", "metatopia-lumps-"); err != nil {
			return rep, err
		}
	}
	defer func() { err = errors.Join(err, os.RemoveAll(cfg.Dir)) }()
	if err = bench(ctx, cfg, &rep); err != nil {
		err = fmt.Errorf("lumps/lumpsbench: store: %w", err)
	}
	return rep, err
}

func bench(ctx context.Context, cfg Config, rep *Report) error {
	rep.Few, rep.Many, rep.Size = cfg.Few, cfg.Many, cfg.Size
	s, err := disk.Open(cfg.Dir, disk.Config{})
	if err != nil {
		return err
	}
	defer func() { s.Close() }()
	if err := fill(ctx, cfg, s, 0, cfg.Few); err != nil {
		return err
	}
	if _, rep.GetFew, err = gets(ctx, cfg, s, cfg.Few); err != nil {
		return err
	}
	began := time.Now()
	if err := fill(ctx, cfg, s, cfg.Few, cfg.Many); err != nil {
		return err
	}
	rep.Fill = time.Since(began)
	if rep.GetFirst, rep.GetMany, err = gets(ctx, cfg, s, cfg.Many); err != nil {
		return err
	}
	if err := s.Close(); err != nil {
		return err
	}
	began = time.Now()
	if s, err = disk.Open(cfg.Dir, disk.Config{}); err != nil {
		return err
	}
	rep.Open = time.Since(began)
	began = time.Now()
	n := 0
	for _, err := range s.List(ctx) {
		if err != nil {
			return err
		}
		n++
	}
	rep.List = time.Since(began)
	if n != cfg.Many {
		return fmt.Errorf("%d lumps are listed, not %d", n, cfg.Many)
	}
	if cfg.Sweep {
		rep.Sweep, err = sweep(ctx, cfg, s)
	}
	return err
}

// lump makes the i-th lump.
func (c *Config) lump(i int, b []byte) []byte {
	if b == nil {
		b = make([]byte, c.Size)
	}
	binary.LittleEndian.PutUint64(b, c.Seed<<32+uint64(i))
	return b
}

// fillers is how many lumps are put at a time.
const fillers = 4

func fill(ctx context.Context, cfg Config, s *disk.Store, from, to int) error {
	var wg sync.WaitGroup
	errs := make([]error, fillers)
	for g := range fillers {
		wg.Go(func() {
			b := make([]byte, cfg.Size)
			for i := from + g; i < to && errs[g] == nil; i += fillers {
				cfg.lump(i, b)
				errs[g] = s.PutCached(ctx, lumps.Of(b), b)
				if g == 0 && i%10_000 < fillers {
					cfg.Tell("put", i, cfg.Many)
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// gets reads cfg.Gets random lumps of the first n, twice.
func gets(ctx context.Context, cfg Config, s *disk.Store, n int) (first, again Quantiles, err error) {
	rng := rand.New(rand.NewPCG(cfg.Seed, uint64(n)))
	refs := make([]lumps.Ref, cfg.Gets)
	b := make([]byte, cfg.Size)
	for i := range refs {
		refs[i] = lumps.Of(cfg.lump(rng.IntN(n), b))
	}
	if first, err = timed(ctx, s, refs); err != nil {
		return first, again, err
	}
	again, err = timed(ctx, s, refs)
	return first, again, err
}

func timed(ctx context.Context, s lumps.Getter, refs []lumps.Ref) (q Quantiles, err error) {
	took := make([]time.Duration, len(refs))
	for i, r := range refs {
		began := time.Now()
		if _, err := s.Get(ctx, r); err != nil {
			return q, err
		}
		took[i] = time.Since(began)
	}
	slices.Sort(took)
	return Quantiles{P50: took[len(took)/2], P99: took[len(took)*99/100]}, nil
}
