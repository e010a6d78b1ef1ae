package node

import (
	"context"
	"math"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/region"
)

// Say speaks; the answer means that the line is in the region's log.
func (b *backend) Say(ctx context.Context, req *control.SayRequest) (*control.SayResponse, error) {
	w, err := b.inWorld()
	if err != nil {
		return nil, err
	}
	if req.Channel != "" {
		return nil, control.Errorf(control.NotImplemented, "", "chat channels are not implemented yet")
	}
	ack, err := w.player.do(ctx, region.Input{Kind: region.InSay, Text: req.Text})
	if err != nil {
		return nil, err
	}
	return &control.SayResponse{Region: w.player.inName(), Tick: uint64(ack.Tick)}, nil
}

// Steer sets the walking velocity.
func (b *backend) Steer(ctx context.Context, req *control.SteerRequest) error {
	w, err := b.inWorld()
	if err != nil {
		return err
	}
	if bad(req.X) || bad(req.Z) {
		return control.Errorf(control.Invalid, "", "steer: not a number")
	}
	in := region.Input{Kind: region.InSteer, Vel: vecOf(control.Point{X: req.X, Z: req.Z})}
	if req.Jump {
		in = region.Input{Kind: region.InJump}
	} else if req.X == 0 && req.Z == 0 {
		in = region.Input{Kind: region.InStop}
	}
	return w.player.steer(ctx, in)
}

func bad(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) }

// Walk sets out for a place or for a region's site.
func (b *backend) Walk(ctx context.Context, req *control.WalkRequest) (*control.WalkResponse, error) {
	w, err := b.inWorld()
	if err != nil {
		return nil, err
	}
	var to control.Point
	switch {
	case (req.To == nil) == (req.Region == ""):
		return nil, control.Errorf(control.Invalid, "", "walk: want either a place or a region")
	case req.To != nil:
		to = *req.To
	default:
		found := false
		for _, r := range w.records() {
			if r.Name == req.Region {
				to, found = pointOf(r.Site), true
				break
			}
		}
		if !found {
			return nil, control.Errorf(control.NotFound, "see `metatopia region status`", "walk: no region is called %q", req.Region)
		}
	}
	if bad(to.X) || bad(to.Y) || bad(to.Z) {
		return nil, control.Errorf(control.Invalid, "", "walk: not a number")
	}
	pos := w.charter.Box.Clamp(posOf(to))
	if err := w.player.steer(ctx, region.Input{Kind: region.InWalk, Pos: pos}); err != nil {
		return nil, err
	}
	from, _ := w.player.place()
	a, z := pointOf(from), pointOf(pos)
	return &control.WalkResponse{To: z, Distance: math.Hypot(a.X-z.X, a.Z-z.Z)}, nil
}

// Throw throws the nearest loose thing, or the one named.
func (b *backend) Throw(ctx context.Context, req *control.ThrowRequest) (*control.ThrowResponse, error) {
	w, err := b.inWorld()
	if err != nil {
		return nil, err
	}
	in := region.Input{Kind: region.InThrow, Vel: vecOf(req.Vel)}
	if req.Thing != "" {
		if in.Thing, err = w.thingHere(req.Thing); err != nil {
			return nil, err
		}
	}
	ack, err := w.player.do(ctx, in)
	if err != nil {
		return nil, err
	}
	return &control.ThrowResponse{Thing: ack.Thing.String(), Tick: uint64(ack.Tick)}, nil
}

func parseThing(s string) (base.ID, error) {
	id, err := base.ParseID(s)
	if err != nil {
		return id, control.Errorf(control.Invalid, "", "thing: %w", err)
	}
	return id, nil
}

// thingHere parses a thing's id, and says where the thing is when that is not
// the region that the avatar is in: only things of the same region can be
// reached.
func (w *worldState) thingHere(text string) (base.ID, error) {
	id, err := parseThing(text)
	if err != nil {
		return id, err
	}
	p := w.player
	p.mu.Lock()
	owner := p.owner
	p.mu.Unlock()
	s, ok := p.view.get(id)
	if !ok || owner.IsZero() || s.region == owner {
		return id, nil // the region decides
	}
	where := "another region"
	if rec := p.record(s.region); rec != nil {
		where = rec.Name
	}
	return id, control.Errorf(control.Conflict, "walk there first", "%s is in %s", s.e.Name, where)
}

// Touch gives a thing's script a touch event.
func (b *backend) Touch(ctx context.Context, req *control.TouchRequest) (*control.TickResponse, error) {
	w, err := b.inWorld()
	if err != nil {
		return nil, err
	}
	id, err := w.thingNamed(ctx, req.Thing)
	if err != nil {
		return nil, err
	}
	ack, err := w.player.do(ctx, region.Input{Kind: region.InTouch, Thing: id})
	if err != nil {
		return nil, err
	}
	return &control.TickResponse{Region: w.player.inName(), Tick: uint64(ack.Tick)}, nil
}
