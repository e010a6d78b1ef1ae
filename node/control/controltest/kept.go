package controltest

import (
	"context"

	"github.com/metatopia/metatopia/node/control"
)

func (b *Backend) RegionCheckpoint(_ context.Context, r *control.CheckpointRequest) (*control.KeptRegion, error) {
	return &control.KeptRegion{ID: "00aa", Name: "Hearthside", Own: true, Root: "cid7", Tick: 1200, Bytes: 40_000, Whole: true}, b.called("checkpoint %s", r.Region)
}

// kept is a region kept of somebody else.
func (b *Backend) kept(world bool, quota int64) *control.KeptResponse {
	return &control.KeptResponse{World: world, Quota: quota, Used: 2_000_000, Regions: []control.KeptRegion{{
		ID: "00bb", Name: "Commons", Owner: "c0ffee00c0ffee00", Root: "cid8", Tick: 600, Age: 95, Bytes: 2_000_000,
		Whole: true, Carry: 3, Lacks: 1, From: "12D3KooWFriend", Older: []string{"cid6"},
	}}}
}

func (b *Backend) Keep(_ context.Context, r *control.KeepRequest) (*control.KeptResponse, error) {
	if r.Region == "Nowhere" {
		return nil, control.Errorf(control.NotFound, "see `metatopia region status`", "no region Nowhere is known")
	}
	return b.kept(r.World, max(r.Quota, 1<<30)), b.called("keep %s world=%v quota=%d", r.Region, r.World, r.Quota)
}

func (b *Backend) Unkeep(_ context.Context, r *control.UnkeepRequest) (*control.KeptResponse, error) {
	return &control.KeptResponse{Quota: 1 << 30}, b.called("unkeep %s world=%v", r.Region, r.World)
}

func (b *Backend) Kept(context.Context) (*control.KeptResponse, error) {
	return b.kept(false, 1<<30), b.called("kept")
}
