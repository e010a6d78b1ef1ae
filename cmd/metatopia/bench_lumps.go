package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/metatopia/metatopia/node/lumpbench"
)

// lumpsBench measures contents between nodes of this process.
type lumpsBench struct {
	Size      string   `help:"Size of the content, as in 256M." default:"256M" placeholder:"SIZE"`
	Repeat    int      `help:"How often each measurement is made; the median counts." default:"5"`
	Transport string   `help:"quic, as nodes prefer it, or tcp." enum:"quic,tcp" default:"quic"`
	Part      []string `help:"Parts to run, separated by commas; all without it." placeholder:"NAME"`
	Million   bool     `help:"Also fill a store with a million lumps, which takes minutes."`
	Kubo      string   `help:"An ipfs binary (Kubo) to compare with." placeholder:"PATH"`
	Dir       string   `help:"Where the stores lie meanwhile, on the disk that is to be measured. (default: the system's directory for temporary files)" placeholder:"DIR"`
}

func (c lumpsBench) run(ctx context.Context, e *environment, seed uint64) error {
	size, err := int64(0), error(nil)
	if c.Size != "" {
		size, err = parseSize(c.Size)
	}
	if err != nil || size <= 0 || size > 64<<30 {
		return usagef("write it like 256M", "bench lumps: --size %q is no size up to 64G", c.Size)
	}
	if c.Repeat < 1 || c.Repeat > 1000 {
		return usagef("", "bench lumps: --repeat is 1 to 1000, not %d", c.Repeat)
	}
	for _, p := range c.Part {
		if !slices.Contains(lumpbench.Parts(), p) {
			return usagef("parts are "+strings.Join(lumpbench.Parts(), ", "), "bench lumps: there is no part %q", p)
		}
	}
	dir, err := os.MkdirTemp(c.Dir, "metatopia-bench-*")
	if err != nil {
		return fmt.Errorf("bench lumps: %w", err)
	}
	defer os.RemoveAll(dir)
	report, err := lumpbench.Run(ctx, lumpbench.Options{
		Dir: dir, Bytes: size, Repeat: c.Repeat, Transport: c.Transport, Million: c.Million, Kubo: c.Kubo,
		Only: c.Part, Seed: seed, Tell: slowNotes(e),
	})
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("bench lumps: %w", err)
	}
	if ctx.Err() != nil {
		e.note("Interrupted: these figures are not complete.")
	}
	if err := e.show(report, func(w io.Writer) { printLumpFigures(w, report) }); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return errQuiet
	}
	return nil
}

func printLumpFigures(w io.Writer, r *lumpbench.Report) {
	fmt.Fprintf(w, "figure\tvalue\taim\t\n")
	for _, name := range r.Order {
		v, ours := r.Figures[name]
		aim, ok := lumpbench.Aims[name]
		switch {
		case !ours:
			fmt.Fprintf(w, "%s\t%s\treference\t\n", name, figure(r.Reference[name]))
		case !ok:
			fmt.Fprintf(w, "%s\t%s\t\t\n", name, figure(v))
		default:
			sign, verdict := "<=", "missed"
			if aim.Least {
				sign = ">="
			}
			if aim.Reached(v) {
				verdict = "reached"
			}
			fmt.Fprintf(w, "%s\t%s\t%s %s\t%s\n", name, figure(v), sign, figure(aim.Value), verdict)
		}
	}
}
