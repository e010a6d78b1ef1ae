// Package lumpbench measures how fast contents go from node to node and in and
// out of the store: real nodes of this process, their own transport over
// loopback, and their own stores on the disk.
package lumpbench

import (
	"context"
	"fmt"
	"github.com/metatopia/metatopia/internal/figures"
	"maps"
	"os"
	"runtime"
	"slices"
	"time"
)

// Options of a run; the zero value of each but Dir has a default.
type Options struct {
	Dir       string        // for the stores, emptied as it goes; required
	Bytes     int64         // of the content; 0 = 256 MiB
	Repeat    int           // of each measurement, of which the median counts; 0 = 5
	Rest      time.Duration // between adding a content and fetching it: a store trusts no file that is younger; 0 = 4 s, or not at all below 64 MiB
	Transport string        // "quic" (the one nodes prefer) or "tcp"; "" = quic
	Million   bool          // also measure a store of a million lumps
	Kubo      string        // an ipfs binary to compare with; "" = none
	Only      []string
	Seed      uint64
	Tell      func(string) // progress; nil: nobody
}

// aims of the figures that have one.
var aims = map[string]figures.Aim{
	"stream_over_plain":    figures.AtLeast(0.85),
	"stream_over_kubo":     figures.AtLeast(3),
	"four_providers_ratio": figures.AtMost(1.3),
	"memory_mb":            figures.AtMost(64),
	"get_p99_million":      figures.AtMost(2),
}

// parts are the measurements in their order.
var parts = []struct {
	name string
	run  func(*bench, context.Context) error
}{
	{"memory", (*bench).memory}, {"import", (*bench).imports}, {"transfer", (*bench).transfer},
	{"providers", (*bench).providers}, {"get", (*bench).gets},
}

// Parts are the names of the measurements.
func Parts() (names []string) {
	for _, p := range parts {
		names = append(names, p.name)
	}
	return names
}

type bench struct {
	Options
	report *figures.Report
}

// Run measures. After an error, that of ctx included, the report has what was
// measured before.
func Run(ctx context.Context, o Options) (*figures.Report, error) {
	if o.Bytes == 0 {
		o.Bytes = 256 << 20
	}
	if o.Repeat == 0 {
		o.Repeat = 5
	}
	if o.Rest == 0 && o.Bytes >= 64<<20 {
		o.Rest = 4 * time.Second
	}
	if o.Transport == "" {
		o.Transport = "quic"
	}
	if o.Tell == nil {
		o.Tell = func(string) {}
	}
	b := &bench{Options: o, report: figures.New("lumps", o.Seed, aims)}
	for _, p := range parts {
		if len(o.Only) > 0 && !slices.Contains(o.Only, p.name) {
			continue
		}
		o.Tell(p.name)
		if err := p.run(b, ctx); err != nil {
			return b.report, fmt.Errorf("lumpbench: %s: %w", p.name, err)
		}
	}
	return b.report, nil
}

// way is one of several that are measured in turn, so that what else the
// machine does falls on all of them.
type way struct {
	name string
	run  func(context.Context) (time.Duration, error)
}

// race runs each way Repeat times and gives the median times.
func (b *bench) race(ctx context.Context, ways []way) (map[string]time.Duration, error) {
	took := map[string][]time.Duration{}
	for i := range b.Repeat {
		for k := range ways {
			// The other way round every other time.
			w := ways[k]
			if i%2 == 1 {
				w = ways[len(ways)-1-k]
			}
			b.Tell(fmt.Sprintf("%s, %d of %d", w.name, i+1, b.Repeat))
			d, err := w.run(ctx)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", w.name, err)
			}
			took[w.name] = append(took[w.name], d)
			runtime.GC()
		}
	}
	out := map[string]time.Duration{}
	for _, name := range slices.Sorted(maps.Keys(took)) {
		slices.Sort(took[name])
		out[name] = took[name][len(took[name])/2]
	}
	return out, nil
}

// speed is in millions of bytes a second.
func (b *bench) speed(d time.Duration) float64 { return float64(b.Bytes) / 1e6 / d.Seconds() }

// place makes an empty directory.
func (b *bench) place() (dir string, remove func(), err error) {
	dir, err = os.MkdirTemp(b.Dir, "lumps-*")
	return dir, func() { _ = os.RemoveAll(dir) }, err // the caller empties Dir
}
