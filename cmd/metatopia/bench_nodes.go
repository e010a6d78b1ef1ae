package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/metatopia/metatopia/internal/figures"
	"github.com/metatopia/metatopia/node/borderbench"
)

// nodesPart is the part of bench physics that needs whole nodes.
const nodesPart = "nodes"

// nodes sends balls over the border of two servers and adds what was seen.
func (c physicsBench) nodes(ctx context.Context, e *environment, report *figures.Report) error {
	dir, err := os.MkdirTemp("", "metatopia-bench-*")
	if err != nil {
		return fmt.Errorf("bench physics: %w", err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // only logs of a world that is over
	r, err := borderbench.Run(ctx, borderbench.Options{Dir: dir, For: c.For, Tell: slowNotes(e)})
	if err != nil {
		return err
	}
	report.Aims["nodes.handoffs_lost"] = figures.AtMost(0)
	report.Aims["nodes.handoffs_doubled"] = figures.AtMost(0)
	report.Aims["nodes.handoff_p99_ticks"] = figures.AtMost(3 + r.RoundTrip/1000*float64(time.Second/tick))
	report.Aims["nodes.jump_mm_max"] = figures.AtMost(10)
	report.Aims["nodes.speed_error_max"] = figures.AtMost(0.001)
	report.Set("nodes.handoffs", float64(r.Crossed))
	report.Set("nodes.handoffs_lost", float64(r.Lost))
	report.Set("nodes.handoffs_doubled", float64(r.Doubled))
	report.Set("nodes.handoff_p50_ticks", r.P50)
	report.Set("nodes.handoff_p99_ticks", r.P99)
	report.Set("nodes.handoff_gap_p99_ticks", r.Gap99)
	report.Set("nodes.round_trip_ms", r.RoundTrip)
	report.Set("nodes.jump_mm_max", 1000*r.Jump)
	report.Set("nodes.speed_error_max", r.Speed)
	report.Set("nodes.slipped_ticks", float64(r.Slipped))
	return nil
}

// tick of a region.
const tick = 50 * time.Millisecond
