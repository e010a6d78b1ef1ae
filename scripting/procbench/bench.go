// Package procbench measures processes: what it costs to spawn one, to keep one,
// and to send it a message, and what others notice of one that never ends.
package procbench

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/metatopia/metatopia/internal/figures"
	"github.com/metatopia/metatopia/scripting"
)

// Options of a run; the zero value of each has a default.
type Options struct {
	Repeat int    // of each measurement, of which the median counts; 0 = 5
	Many   int    // processes in the large ring; 0 = 100,000
	Erl    string // an erl binary to compare with; "" = none
	Only   []string
	Tell   func(string) // progress; nil: nobody
}

// aims of the figures that have one.
var aims = map[string]figures.Aim{
	"spawn_us":            figures.AtMost(12),
	"spawns_per_s":        figures.AtLeast(50_000),
	"handler_idle_bytes":  figures.AtMost(4096),
	"blocking_idle_bytes": figures.AtMost(20 << 10),
	"handler_hop_ns":      figures.AtMost(400),
	"handler_hop_ns_100k": figures.AtMost(700),
	"blocking_hop_ns":     figures.AtMost(1000),
	"runaway_kill_ms":     figures.AtMost(2),
	"runaway_p99_ratio":   figures.AtMost(1.1),
	"handlers_300k_mb":    figures.AtMost(4096),
	"meter_ratio_int":     figures.AtMost(1.4),
	"meter_ratio_float":   figures.AtMost(1.5),
	"meter_ratio_lua":     figures.AtMost(1.2),
	"lua_ratio_native":    figures.AtMost(4),
}

// parts are the measurements in their order.
var parts = []struct {
	name string
	run  func(*bench, context.Context) error
}{
	{"spawn", (*bench).spawn}, {"idle", (*bench).idle}, {"hop", (*bench).hop}, {"runaway", (*bench).runaway},
	{"meter", (*bench).meter}, {"lua", (*bench).lua}, {"erlang", (*bench).erlang},
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
	engine *scripting.Engine
}

// Run measures. After an error, that of ctx included, the report has what was
// measured before.
func Run(ctx context.Context, o Options) (*figures.Report, error) {
	if o.Repeat == 0 {
		o.Repeat = 5
	}
	if o.Many == 0 {
		o.Many = 100_000
	}
	if o.Tell == nil {
		o.Tell = func(string) {}
	}
	b := &bench{Options: o, report: figures.New("process", 0, aims)}
	var err error
	if b.engine, err = scripting.NewEngine(scripting.EngineConfig{Memory: scripting.MaxTreeMemory}); err != nil {
		return b.report, fmt.Errorf("procbench: %w", err)
	}
	defer b.engine.Close()
	for _, p := range parts {
		if len(o.Only) > 0 && !slices.Contains(o.Only, p.name) {
			continue
		}
		o.Tell(p.name)
		if err = p.run(b, ctx); err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return b.report, fmt.Errorf("procbench: %s: %w", p.name, err)
		}
	}
	return b.report, nil
}

// median of an odd number of values is the middle one.
func median(vs []float64) float64 {
	slices.Sort(vs)
	return vs[len(vs)/2]
}

// rounds is a ring of processes with its boss.
type rounds struct {
	b    *bench
	t    *scripting.Processes
	boss uint64
	n    int // lines of the boss's log that were seen
}

func (b *bench) newRing() (*rounds, error) {
	t := scripting.NewProcesses(scripting.ProcessesConfig{Engine: b.engine})
	m, err := b.engine.Admit(ring())
	if err != nil {
		return nil, err
	}
	i, err := t.Spawn(scripting.SpawnSpec{Module: m, Name: "boss", Processes: 1 << 20, Memory: scripting.MaxTreeMemory})
	if err != nil {
		return nil, err
	}
	return &rounds{b: b, t: t, boss: i.PID}, nil
}

// tell gives the boss an order and waits until it is done.
func (r *rounds) tell(ctx context.Context, n, flags uint32, hops uint64) error {
	order := binary.LittleEndian.AppendUint32(nil, n)
	order = binary.LittleEndian.AppendUint32(order, flags)
	order = binary.LittleEndian.AppendUint64(order, hops)
	if err := r.t.Send(r.boss, 0, order); err != nil {
		return err
	}
	r.n++
	seen := 0
	enough := errors.New("enough")
	err := r.t.Tail(ctx, r.boss, "", true, func(scripting.LogLine) error {
		if seen++; seen == r.n {
			return enough
		}
		return nil
	})
	if errors.Is(err, enough) {
		return nil
	}
	if err == nil {
		i, _ := r.t.Get(r.boss)
		err = fmt.Errorf("the boss has ended: %s", i.Exit)
	}
	return err
}

// make spawns n members; round lets a token go round once.
func (r *rounds) make(ctx context.Context, n int, handler bool) error {
	flags := uint32(0)
	if handler {
		flags = 4
	}
	return r.tell(ctx, uint32(n), flags, 0)
}

// hops lets a token make n hops, and gives nanoseconds for one: that go by, and
// of processor time.
func (r *rounds) hops(ctx context.Context, n int) (wall, cpu float64, err error) {
	begin, used := time.Now(), cpuTime()
	err = r.tell(ctx, 0, 0, uint64(n))
	return float64(time.Since(begin)) / float64(n), float64(cpuTime()-used) / float64(n), err
}

func (r *rounds) close() error { return r.t.Close() }
