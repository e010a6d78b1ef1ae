package controltest

import (
	"context"

	"github.com/metatopia/metatopia/node/control"
)

// Shards sends one look at a box on the ground, and waits.
func (b *Backend) Shards(ctx context.Context, r *control.ShardRequest, send func(*control.Shard) error) error {
	if err := b.called("shards rate=%d", r.Rate); err != nil {
		return err
	}
	upright := [4]float64{0, 0, 0, 1}
	err := send(&control.Shard{Region: HearthID, Tick: 100,
		Bodies:  []control.ShardBody{{ID: BallID, Owner: CommonsID, Epoch: "2", Shape: "sphere", Size: [3]float64{0.6, 0.6, 0.6}, Pos: [3]float64{31, 0.3, 2}, Rot: upright}},
		Touches: []control.Touching{{B: BallID, Normal: [3]float64{0, 1, 0}, Impulse: 0.1, Points: [][3]float64{{31, 0, 2}}}}})
	if err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// ShardRecord sends what is no recording.
func (b *Backend) ShardRecord(_ context.Context, r *control.ShardRecordRequest, send func(*control.ShardPiece) error) error {
	if err := b.called("record %s steps=%d every=%d", r.Region, r.Steps, r.Every); err != nil {
		return err
	}
	return send(&control.ShardPiece{Data: []byte("MTREC")})
}

// Tie says that it was called.
func (b *Backend) Tie(_ context.Context, r *control.TieRequest) (*control.TickResponse, error) {
	return &control.TickResponse{Region: "Hearthside", Tick: 7}, b.called("tie %s %s by=%s", r.Thing, r.Other, r.By)
}

// Untie says that it was called.
func (b *Backend) Untie(_ context.Context, r *control.UntieRequest) (*control.TickResponse, error) {
	return &control.TickResponse{Region: "Hearthside", Tick: 8}, b.called("untie %s %s", r.Thing, r.Other)
}
