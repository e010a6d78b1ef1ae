package physbench

import (
	"context"
	"fmt"

	"github.com/metatopia/metatopia/region/handoff/campaign"
	"github.com/metatopia/metatopia/region/shard/lab"
)

// handoffs makes as many as were asked for in simulation, while messages are
// lost, doubled and late and servers crash; and a few where messages are only
// late, to see how long one takes, from the first offer on and of that how long
// nobody steps the bodies.
func (b *bench) handoffs(ctx context.Context) error {
	r, err := campaign.Run(ctx, campaign.Options{Seed: 1, Handoffs: b.Handoffs, Progress: func(n int) {
		b.Tell(fmt.Sprintf("%d hand-offs", n))
	}})
	if err != nil {
		return err
	}
	b.report.Set("handoffs", float64(r.Handoffs))
	b.report.Set("handoffs_lost", float64(r.Lost))
	b.report.Set("handoffs_doubled", float64(r.Doubled))
	const none = -1
	calm, err := campaign.Run(ctx, campaign.Options{Seed: 1, Handoffs: min(b.Handoffs, 50_000), Loss: none, Double: none, Crash: none, Early: none, Shapes: none})
	if err != nil {
		return err
	}
	b.report.Set("handoff_p99_ticks", float64(calm.P99))
	b.report.Set("handoff_gap_p99_ticks", float64(calm.GapP99))
	return nil
}

// border plays scenes over a border and in one shard.
func (b *bench) border(context.Context) error {
	f, err := lab.Measure()
	if err != nil {
		return err
	}
	b.report.Set("momentum_error_max", f.MomentumErrorMax)
	b.report.Set("energy_ratio_max", f.EnergyRatioMax)
	b.report.Set("tower_top_drop_mm", f.TowerTopDropMM)
	b.report.Set("jump_mm_max", f.JumpMMMax)
	b.report.Set("speed_error_max", f.SpeedErrorMax)
	b.report.Set("border_bytes_per_body_tick", f.BytesPerBodyTick)
	b.report.Set("border_doubled", float64(f.Doubled))
	return nil
}
