// Package meterbench measures what the metering of scripting/admit costs: the
// same small programs as they are and rewritten, run in turns.
package meterbench

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/metatopia/metatopia/scripting/admit"
)

// slice is the gas given at a time, as to a process.
const slice = 100_000

// places is in how many places of the code every program is measured.
const places = 5

// Row is one program. The times are those of the place whose ratio is in the
// middle.
type Row struct {
	Name           string
	Kind           Kind
	Plain, Metered time.Duration // the shortest run of each
}

// Ratio is the metered time over the plain one.
func (r Row) Ratio() float64 { return float64(r.Metered) / float64(r.Plain) }

// Measure runs every program, in several places, rounds times in both forms,
// one after the other, and keeps the shortest time of each, so that a busy
// machine disturbs little. Fifty rounds take some three seconds. An error
// means that the forms disagree, or that the machine's CPU is not supported.
func Measure(rounds int) ([]Row, error) {
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigCompiler())
	defer r.Close(ctx)
	if err := offer(ctx, r); err != nil {
		return nil, fmt.Errorf("meterbench: %w", err)
	}
	var rows []Row
	for _, p := range programs() {
		tried := make([]Row, places)
		for place := range tried {
			row, err := measure(ctx, r, p, place, rounds)
			if err != nil {
				return nil, fmt.Errorf("meterbench: %s: %w", p.name, err)
			}
			tried[place] = row
		}
		slices.SortFunc(tried, func(a, b Row) int { return cmp.Compare(a.Ratio(), b.Ratio()) })
		rows = append(rows, tried[places/2])
	}
	return rows, nil
}

// Worst is the greatest ratio among the rows of a kind, 0 when there is none.
func Worst(rows []Row, k Kind) float64 {
	worst := 0.0
	for _, r := range rows {
		if r.Kind == k {
			worst = max(worst, r.Ratio())
		}
	}
	return worst
}

// offer makes the meter's import, which gives the next slice.
func offer(ctx context.Context, r wazero.Runtime) error {
	_, err := r.NewHostModuleBuilder(admit.MeterModule).NewFunctionBuilder().
		WithGoModuleFunction(api.GoModuleFunc(func(ctx context.Context, mod api.Module, stack []uint64) {
			if stack[0] == admit.SpentDepth {
				panic("too deep")
			}
			g := ctx.Value(gasKey{}).(api.MutableGlobal)
			g.Set(g.Get() + slice)
		}), []api.ValueType{api.ValueTypeI32}, nil).
		Export(admit.MeterImport).Instantiate(ctx)
	return err
}

type gasKey struct{}

func measure(ctx context.Context, r wazero.Runtime, p program, place, rounds int) (Row, error) {
	row := Row{Name: p.name, Kind: p.kind}
	wasm := p.make(place)
	res, err := admit.Rewrite(wasm, admit.Policy{Import: func(string, string) (admit.Signature, bool) { return admit.Signature{}, false }})
	if err != nil {
		return row, err
	}
	plain, err := r.InstantiateWithConfig(ctx, wasm, wazero.NewModuleConfig().WithName(""))
	if err != nil {
		return row, err
	}
	metered, err := r.InstantiateWithConfig(ctx, res.Wasm, wazero.NewModuleConfig().WithName(""))
	if err != nil {
		return row, err
	}
	f, g := plain.ExportedFunction("run"), metered.ExportedFunction("run")
	with := context.WithValue(ctx, gasKey{}, metered.ExportedGlobal(admit.GasGlobal))
	for range max(rounds, 1) {
		want, d, err := timed(ctx, f, p.n)
		if err != nil {
			return row, err
		}
		got, e, err := timed(with, g, p.n)
		if err != nil {
			return row, err
		}
		if !slices.Equal(got, want) {
			return row, fmt.Errorf("gives %d, rewritten %d", want, got)
		}
		if row.Plain == 0 || d < row.Plain {
			row.Plain = d
		}
		if row.Metered == 0 || e < row.Metered {
			row.Metered = e
		}
	}
	return row, nil
}

func timed(ctx context.Context, f api.Function, n uint64) ([]uint64, time.Duration, error) {
	start := time.Now()
	out, err := f.Call(ctx, n)
	return out, time.Since(start), err
}

// Ratios gives the worst ratio among loops of integers and among loops of
// floats: the figures meter_ratio_int and meter_ratio_float.
func Ratios() (integer, float float64, err error) {
	rows, err := Measure(40)
	return Worst(rows, Integer), Worst(rows, Float), err
}
