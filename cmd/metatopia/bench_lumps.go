package main

import (
	"context"
	"fmt"
	"os"

	"github.com/metatopia/metatopia/node/lumpbench"
)

// lumpsBench measures contents between nodes of this process.
type lumpsBench struct {
	Size      string `help:"Size of the content, as in 256M." default:"256M" placeholder:"SIZE"`
	Transport string `help:"quic, as nodes prefer it, or tcp." enum:"quic,tcp" default:"quic"`
	Million   bool   `help:"Also fill a store with a million lumps, which takes minutes."`
	Kubo      string `help:"An ipfs binary (Kubo) to compare with." placeholder:"PATH"`
	Dir       string `help:"Where the stores lie meanwhile, on the disk that is to be measured. (default: the system's directory for temporary files)" placeholder:"DIR"`
}

func (c lumpsBench) run(ctx context.Context, e *environment, seed uint64, s selection) error {
	size, err := int64(0), error(nil)
	if c.Size != "" {
		size, err = parseSize(c.Size)
	}
	if err != nil || size <= 0 || size > 64<<30 {
		return usagef("write it like 256M", "bench lumps: --size %q is no size up to 64G", c.Size)
	}
	if err := s.check("lumps", lumpbench.Parts()); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(c.Dir, "metatopia-bench-*")
	if err != nil {
		return fmt.Errorf("bench lumps: %w", err)
	}
	defer os.RemoveAll(dir)
	report, err := lumpbench.Run(ctx, lumpbench.Options{
		Dir: dir, Bytes: size, Repeat: s.Repeat, Transport: c.Transport, Million: c.Million, Kubo: c.Kubo,
		Only: s.Part, Seed: seed, Tell: slowNotes(e),
	})
	return e.report(ctx, report, err)
}
