package lumpbench

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"
)

// storedWriters hash and write at a time, each from its own buffer.
const storedWriters = 2

// stored copies the content over a stream, in order, hashes each MiB and writes
// it to a file of that name: the least that a program has to do which keeps
// what it fetches. It asks for nothing, has one sender, and loses everything
// when it is killed.
func (b *bench) stored(p *pair) func(context.Context) (time.Duration, error) {
	return func(ctx context.Context) (time.Duration, error) {
		dir, err := p.sinks.next()
		if err != nil {
			return 0, err
		}
		began := time.Now()
		s, err := b.pour(ctx, p)
		if err != nil {
			return 0, err
		}
		defer s.Reset()
		free, full := make(chan []byte, 2*storedWriters), make(chan []byte, 2*storedWriters)
		for range cap(free) {
			free <- make([]byte, block)
		}
		g, ctx := errgroup.WithContext(ctx)
		g.Go(func() error {
			defer close(full)
			for left := b.Bytes; left > 0; {
				var buf []byte
				select {
				case buf = <-free:
				case <-ctx.Done():
					return ctx.Err()
				}
				buf = buf[:min(block, left)]
				if _, err := io.ReadFull(s, buf); err != nil {
					return fmt.Errorf("%d bytes did not come: %w", left, err)
				}
				left -= int64(len(buf))
				full <- buf
			}
			return nil
		})
		for range storedWriters {
			g.Go(func() error {
				for buf := range full {
					sum := sha256.Sum256(buf)
					name := hex.EncodeToString(sum[:])
					if err := os.WriteFile(filepath.Join(dir, "lumps", name[:2], name), buf, 0o600); err != nil {
						return err
					}
					free <- buf
				}
				return nil
			})
		}
		err = g.Wait()
		took := time.Since(began)
		if err == nil {
			err = hollow(dir)
		}
		return took, err
	}
}
