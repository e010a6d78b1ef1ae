// Package luabench measures Lua in the sandbox beside Lua itself: the same
// five small programs by the driver guest, metered and as it was compiled, and
// by the `lua5.4` of the machine.
package luabench

import (
	"context"
	"embed"
	"fmt"
	"os/exec"
	"path"
	"strconv"
	"strings"
	"time"
)

//go:embed programs/*.lua
var programs embed.FS

// Names of the programs, in the order of a report.
var Names = []string{"fib", "loop", "table", "oop", "float"}

// Program gives the text of one; it returns its result.
func Program(name string) string {
	b, err := programs.ReadFile(path.Join("programs", name+".lua"))
	if err != nil {
		panic("luabench: no program " + name)
	}
	return string(b)
}

// Row is one program's times on one core, the least of some rounds. Native is
// 0 when there is no lua5.4.
type Row struct {
	Name                   string
	Native, Plain, Metered time.Duration
	Gas                    int64 // of the metered run
}

// NativeRatio is how many times slower the metered guest is than lua5.4.
func (r Row) NativeRatio() float64 { return ratio(r.Metered, r.Native) }

// MeterRatio is what metering costs.
func (r Row) MeterRatio() float64 { return ratio(r.Metered, r.Plain) }

func ratio(a, b time.Duration) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// Result is a whole measurement.
type Result struct{ Rows []Row }

// NativeRatio and MeterRatio are the figures lua_ratio_native and
// meter_ratio_lua: the worst program's.
func (r Result) NativeRatio() float64 { return r.worst(Row.NativeRatio) }
func (r Result) MeterRatio() float64  { return r.worst(Row.MeterRatio) }

func (r Result) worst(of func(Row) float64) (w float64) {
	for _, row := range r.Rows {
		w = max(w, of(row))
	}
	return w
}

// Measure runs every program in turns, rounds times. driver is the lua guest
// as it is built. It takes about a second a round.
func Measure(ctx context.Context, driver []byte, rounds int) (Result, error) {
	plain, err := newMachine(ctx, driver, false)
	if err != nil {
		return Result{}, fmt.Errorf("luabench: %w", err)
	}
	defer plain.close()
	metered, err := newMachine(ctx, driver, true)
	if err != nil {
		return Result{}, fmt.Errorf("luabench: %w", err)
	}
	defer metered.close()
	lua, _ := exec.LookPath("lua5.4")
	var out Result
	for _, name := range Names {
		row := Row{Name: name}
		for range rounds {
			a, err := plain.run(ctx, name)
			if err != nil {
				return Result{}, fmt.Errorf("luabench: %s: %w", name, err)
			}
			b, err := metered.run(ctx, name)
			if err != nil {
				return Result{}, fmt.Errorf("luabench: %s, metered: %w", name, err)
			}
			if a.said != b.said {
				return Result{}, fmt.Errorf("luabench: %s: %q when metered, else %q", name, b.said, a.said)
			}
			row.Plain, row.Metered, row.Gas = least(row.Plain, a.took), least(row.Metered, b.took), b.gas
			if lua == "" {
				continue
			}
			took, said, err := native(ctx, lua, name)
			if err != nil {
				return Result{}, fmt.Errorf("luabench: %s: %w", name, err)
			}
			if said != a.said {
				return Result{}, fmt.Errorf("luabench: %s: %q, but lua5.4 says %q", name, a.said, said)
			}
			row.Native = least(row.Native, took)
		}
		out.Rows = append(out.Rows, row)
	}
	return out, nil
}

func least(best, d time.Duration) time.Duration {
	if best == 0 || d < best {
		return d
	}
	return best
}

// native runs a program by the machine's Lua, which measures itself.
func native(ctx context.Context, lua, name string) (time.Duration, string, error) {
	const around = "local f = assert(load(io.read('a')))\nlocal t = os.clock()\nlocal r = f()\nprint(os.clock() - t)\nprint(r)"
	cmd := exec.CommandContext(ctx, lua, "-e", around)
	cmd.Stdin = strings.NewReader(Program(name))
	out, err := cmd.Output()
	if err != nil {
		return 0, "", err
	}
	took, said, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	s, err := strconv.ParseFloat(took, 64)
	return time.Duration(s * 1e9), said, err
}
