package controltest

import (
	"context"

	"github.com/metatopia/metatopia/node/control"
)

// ThingCreate says that it was called.
func (b *Backend) ThingCreate(_ context.Context, r *control.ThingCreateRequest) (*control.ThingResponse, error) {
	return &control.ThingResponse{Thing: BallID, Region: "Hearthside", Tick: 9}, b.called("create %s %s", r.Shape, r.Name)
}

// ThingDo says that it was called.
func (b *Backend) ThingDo(_ context.Context, r *control.ThingDoRequest) (*control.ThingResponse, error) {
	return &control.ThingResponse{Thing: BallID, Region: "Hearthside", Tick: 10}, b.called("%s %s to=%s for=%g", r.Do, r.Thing, r.To, r.Seconds)
}

// Tell says that it was called.
func (b *Backend) Tell(_ context.Context, r *control.TellRequest) (*control.ThingResponse, error) {
	return &control.ThingResponse{Thing: BallID, Region: "Hearthside", Tick: 11}, b.called("tell %s %s %s", r.Thing, r.Verb, r.Text)
}
