// Package physbench measures how fast worlds are stepped, beside other engines
// where they are installed: the same scenes, by processor time, in turns.
package physbench

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/metatopia/metatopia/internal/figures"
)

// Options of a run; the zero value of each has a default.
type Options struct {
	Repeat int // of each measurement, of which the median counts; 0 = 5
	Steps  int // of a scene; 0 = 600. Others than 600 are for trying only

	Handoffs int // in simulation; 0 = 1,000,000

	// Rapier is a directory whose node_modules has Rapier; "" = none.
	Rapier string
	// Bullet: compare with the Bullet that a C++ compiler here finds.
	Bullet bool
	// Against are other programs by name: each is given a file and a number of
	// steps, as reference describes.
	Against map[string]string

	Only []string
	Tell func(string) // progress; nil: nobody
}

// parts are the measurements in their order.
var parts = []struct {
	name string
	run  func(*bench, context.Context) error
}{
	{"pile", (*bench).pile}, {"pyramid", (*bench).pyramid}, {"rain", (*bench).rain},
	{"workers", (*bench).workers}, {"allocs", (*bench).allocs}, {"asleep", (*bench).asleep}, {"handoffs", (*bench).handoffs}, {"border", (*bench).border},
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
	dir    string // for what is built and for scenes
	rivals []rival
}

// Run measures. After an error, that of ctx included, the report has what was
// measured before.
func Run(ctx context.Context, o Options) (*figures.Report, error) {
	if o.Repeat == 0 {
		o.Repeat = 5
	}
	if o.Steps == 0 {
		o.Steps = 600
	}
	if o.Handoffs == 0 {
		o.Handoffs = 1_000_000
	}
	if o.Tell == nil {
		o.Tell = func(string) {}
	}
	b := &bench{Options: o, report: figures.New("physics", 0, aims())}
	var err error
	if b.dir, err = os.MkdirTemp("", "metatopia-bench-*"); err != nil {
		return b.report, fmt.Errorf("physbench: %w", err)
	}
	defer os.RemoveAll(b.dir)
	if err := b.gather(ctx); err != nil {
		return b.report, fmt.Errorf("physbench: %w", err)
	}
	for _, p := range parts {
		if len(o.Only) > 0 && !slices.Contains(o.Only, p.name) {
			continue
		}
		o.Tell(p.name)
		if err = p.run(b, ctx); err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return b.report, fmt.Errorf("physbench: %s: %w", p.name, err)
		}
	}
	return b.report, nil
}

// gather finds who is compared with.
func (b *bench) gather(ctx context.Context) error {
	if b.Rapier != "" {
		rs, err := b.findRapier()
		if err != nil {
			return err
		}
		b.rivals = append(b.rivals, rs...)
	}
	if b.Bullet {
		r, err := b.buildBullet(ctx)
		if err != nil {
			return err
		}
		b.rivals = append(b.rivals, r)
	}
	for _, name := range slices.Sorted(maps.Keys(b.Against)) {
		b.rivals = append(b.rivals, rival{name: name, command: []string{b.Against[name]}})
	}
	return nil
}

// aims of the figures that have one: those of lanes are for the full set of
// features, on one thread.
func aims() map[string]figures.Aim {
	a := map[string]figures.Aim{
		"allocs_per_step":   figures.AtMost(0),
		"workers2_ratio":    figures.AtLeast(1.6),
		"asleep.step_ratio": figures.AtMost(0.01),
		"handoffs":          figures.AtLeast(1_000_000),
		"handoffs_lost":     figures.AtMost(0),
		"handoffs_doubled":  figures.AtMost(0),
		"jump_mm_max":       figures.AtMost(10),

		"momentum_error_max":         figures.AtMost(0.01),
		"energy_ratio_max":           figures.AtMost(1.001), // rounding, and the noise of a pile
		"tower_top_drop_mm":          figures.AtMost(10),
		"speed_error_max":            figures.AtMost(0.001),
		"border_doubled":             figures.AtMost(0),
		"border_bytes_per_body_tick": figures.AtMost(40),
	}
	for _, scene := range []string{"pile", "pyramid", "rain"} {
		a["simd."+scene+".over_rapier"] = figures.AtLeast(2.5)
		a["simd."+scene+".over_bullet"] = figures.AtLeast(1)
		a["simd."+scene+".over_box3d"] = figures.AtLeast(0.8)
		a[scene+".over_box3d"] = figures.AtLeast(0.45)
	}
	return a
}

// median of an odd number of values is the middle one.
func median(vs []float64) float64 {
	slices.Sort(vs)
	return vs[len(vs)/2]
}
