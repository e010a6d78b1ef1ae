package regionbench

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/metatopia/metatopia/internal/figures"
)

var crowdAims = map[string]figures.Aim{
	"tick_p99_ms":        figures.AtMost(40),
	"client_bytes_per_s": figures.AtMost(12_000),
	"crowd_ticks_late":   figures.AtMost(0),
	"crowd_faults":       figures.AtMost(0),
}

// crowd is the region of 500 people, 5,000 things and 1,000 scripts.
func (b *bench) crowd(ctx context.Context) error {
	r, err := Crowd(ctx, CrowdOptions{Dir: filepath.Join(b.Dir, "crowd"), For: b.For, Tell: b.Tell})
	if err != nil {
		return err
	}
	b.report.Set("tick_p50_ms", r.P50)
	b.report.Set("tick_p99_ms", r.P99)
	b.report.Set("client_bytes_per_s", r.Bytes)
	b.report.Set("crowd_ticks_late", float64(r.Slipped))
	b.report.Set("crowd_faults", float64(r.Faults)+r.Gone)
	b.report.Set("crowd_scripts_per_s", r.Runs)
	b.report.Set("crowd_inputs_per_s", r.Inputs)
	b.report.Set("crowd_processors", r.Processors)
	if r.Ticks == 0 || r.Runs == 0 || r.Inputs == 0 {
		return fmt.Errorf("nobody did anything: %+v", r)
	}
	return nil
}
