// Package regionbench measures regions that several servers keep: real logs on
// the disk and real connections between hosts of this process, over loopback.
package regionbench

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/metatopia/metatopia/internal/figures"
)

// Options of a run; the zero value of each but Dir has a default.
type Options struct {
	Dir     string        // for the logs, emptied as it goes; required
	For     time.Duration // of each steady measurement; 0 = 20 s
	Kills   int           // of a leader, for each delay; 0 = 1000
	Servers int           // of which leaders are killed; 0 = 5
	StateMB int           // of the region that a server joins; 0 = 200
	Mbit    int           // of its link, Mbit/s each way; 0 = 50
	Only    []string
	QUIC    bool // apply and failover over QUIC; false is TCP
	Moved   bool // in failover a killed server comes back at another port
	Seed    uint64
	Tell    func(string) // progress; nil: nobody
}

// part is a measurement. A new one is a row in parts, with the aims of its
// figures.
type part struct {
	name string
	run  func(*bench, context.Context) error
	aims map[string]figures.Aim
}

// parts are the measurements in their order.
var parts = []part{
	{"apply", (*bench).apply, applyAims},
	{"trust", (*bench).trust, trustAims},
	{"failover", (*bench).failover, failoverAims},
	{"crowd", (*bench).crowd, crowdAims},
	{"byzantine", (*bench).byzantine, byzantineAims},
	{"join", (*bench).join, joinAims},
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
	if o.For == 0 {
		o.For = 20 * time.Second
	}
	if o.Kills == 0 {
		o.Kills = 1000
	}
	if o.Servers == 0 {
		o.Servers = 5
	}
	if o.StateMB == 0 {
		o.StateMB = 200
	}
	if o.Mbit == 0 {
		o.Mbit = 50
	}
	if o.Tell == nil {
		o.Tell = func(string) {}
	}
	aims := map[string]figures.Aim{}
	for _, p := range parts {
		for name, a := range p.aims { //lint:sorted into a map
			aims[name] = a
		}
	}
	b := &bench{Options: o, report: figures.New("region", o.Seed, aims)}
	for _, p := range parts {
		if len(o.Only) > 0 && !slices.Contains(o.Only, p.name) {
			continue
		}
		o.Tell(p.name)
		if err := p.run(b, ctx); err != nil {
			return b.report, fmt.Errorf("regionbench: %s: %w", p.name, err)
		}
	}
	return b.report, nil
}

// setTimes sets the median and the 99th percentile of list, in milliseconds.
func (b *bench) setTimes(name string, list []time.Duration) {
	slices.Sort(list)
	b.report.Set(name+"_p50_ms", ms(quantile(list, 50)))
	b.report.Set(name+"_p99_ms", ms(quantile(list, 99)))
}

// quantile gives the smallest of a sorted list that at least p of a hundred
// are not above.
func quantile(list []time.Duration, p int) time.Duration {
	if len(list) == 0 {
		return 0
	}
	return list[(len(list)*p+99)/100-1]
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
