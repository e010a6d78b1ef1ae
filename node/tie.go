package node

import (
	"context"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/spatial"
)

// tieKinds are the names of what holds things together.
var tieKinds = map[string]region.TieKind{"": region.TieFixed, "fixed": region.TieFixed, "ball": region.TieBall, "hinge": region.TieHinge,
	"slider": region.TieSlider, "distance": region.TieDistance}

// Tie holds a thing to another, or to the world.
func (b *backend) Tie(ctx context.Context, req *control.TieRequest) (*control.TickResponse, error) {
	w, err := b.inWorld()
	if err != nil {
		return nil, err
	}
	kind, ok := tieKinds[req.By]
	if !ok {
		return nil, control.Errorf(control.Invalid, "ball, hinge, slider, fixed or distance", "nothing ties by %q", req.By)
	}
	t := region.Tie{Kind: kind, Axis: vecOf(req.Axis), Break: float32(req.Break)}
	var at spatial.Pos
	if t.A, t.B, at, err = w.pairNamed(ctx, req.Thing, req.Other); err != nil {
		return nil, err
	}
	if req.At != nil {
		at = posOf(*req.At)
	}
	t.At = at
	return w.tied(ctx, region.Input{Kind: region.InTie, Tie: t}, region.ControlEntry{Kind: region.ControlTie, Tie: t})
}

// Untie ends it.
func (b *backend) Untie(ctx context.Context, req *control.UntieRequest) (*control.TickResponse, error) {
	w, err := b.inWorld()
	if err != nil {
		return nil, err
	}
	var t region.Tie
	if t.A, t.B, _, err = w.pairNamed(ctx, req.Thing, req.Other); err != nil {
		return nil, err
	}
	return w.tied(ctx, region.Input{Kind: region.InUntie, Tie: t}, region.ControlEntry{Kind: region.ControlUntie, Tie: t})
}

// pairNamed finds two things, or one, and the place in the middle of them.
func (w *worldState) pairNamed(ctx context.Context, thing, other string) (a, b base.ID, at spatial.Pos, err error) {
	if a, err = w.thingInSight(ctx, thing); err != nil {
		return a, b, at, err
	}
	x, ok := w.player.view.get(a)
	if !ok {
		return a, b, at, control.Errorf(control.NotFound, "", "%s is not in sight", thing)
	}
	if at = x.pos(); other == "" {
		return a, b, at, nil
	}
	if b, err = w.thingInSight(ctx, other); err != nil {
		return a, b, at, err
	}
	y, ok := w.player.view.get(b)
	if !ok {
		return a, b, at, control.Errorf(control.NotFound, "", "%s is not in sight", other)
	}
	if x.region != y.region {
		return a, b, at, control.Errorf(control.Conflict, "bring them into one first", "%s and %s are in two regions", thing, other)
	}
	p := y.pos()
	return a, b, spatial.Pos{X: (at.X + p.X) / 2, Y: (at.Y + p.Y) / 2, Z: (at.Z + p.Z) / 2}, nil
}

// tied asks the region: as an admin, from wherever, where it is served here;
// else as a player who stands near.
func (w *worldState) tied(ctx context.Context, in region.Input, entry region.ControlEntry) (*control.TickResponse, error) {
	if s, ok := w.player.view.get(in.Tie.A); ok {
		if srv := w.localServer(s.region); srv != nil {
			_, err := w.act(ctx, s.region, entry)
			switch control.CodeOf(err) {
			case control.Denied: // what is the player's own they may still tie
				return w.tiedByHand(ctx, in)
			case control.Conflict:
				return nil, control.Errorf(control.Conflict, "both must be loose, near each other and not held by too many", "%w", err)
			}
			if err != nil {
				return nil, err
			}
			return &control.TickResponse{Region: srv.Status().Name, Tick: uint64(srv.Status().Tick)}, nil
		}
	}
	return w.tiedByHand(ctx, in)
}

// tiedByHand is the player's own wish, within reach of the avatar.
func (w *worldState) tiedByHand(ctx context.Context, in region.Input) (*control.TickResponse, error) {
	ack, err := w.player.do(ctx, in)
	if err != nil {
		return nil, err
	}
	return &control.TickResponse{Region: w.player.inName(), Tick: uint64(ack.Tick)}, nil
}
