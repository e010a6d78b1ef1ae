package node

import (
	"context"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/wire"
	"github.com/metatopia/metatopia/spatial"
)

// ThingCreate makes a thing of mine.
func (b *backend) ThingCreate(ctx context.Context, req *control.ThingCreateRequest) (*control.ThingResponse, error) {
	w, err := b.inWorld()
	if err != nil {
		return nil, err
	}
	spec := region.ThingSpec{Kind: req.Kind, Name: req.Name, Shape: region.Box, Size: vecOf(req.Size), Color: 0xb08d57, Mass: float32(req.Mass), Fixed: req.Fixed}
	kind := "box"
	switch req.Shape {
	case "", "box":
	case "sphere":
		spec.Shape, kind = region.Sphere, "ball"
		spec.Size.Y, spec.Size.Z = spec.Size.X, spec.Size.X
	default:
		return nil, control.Errorf(control.Invalid, "box or sphere", "no thing has the shape %q", req.Shape)
	}
	if spec.Kind == "" {
		spec.Kind = kind
	}
	if spec.Size == (spatial.Vec{}) {
		spec.Size = spatial.Vec{X: 0.5, Y: 0.5, Z: 0.5}
	}
	if req.Color != "" {
		c, err := strconv.ParseUint(strings.TrimPrefix(req.Color, "#"), 16, 24)
		if err != nil || len(strings.TrimPrefix(req.Color, "#")) != 6 {
			return nil, control.Errorf(control.Invalid, "#rrggbb", "%q is no colour", req.Color)
		}
		spec.Color = uint32(c)
	}
	in := region.Input{Kind: region.InCreate, Spec: spec}
	if req.At != nil {
		in.Pos = posOf(*req.At)
	} else if in.Pos, err = w.before(ctx, float64(spec.Size.Y)/2); err != nil {
		return nil, err
	}
	return w.thingDone(w.player.do(ctx, in))
}

// before is a place a metre and a half in front of the avatar, so high above
// its feet.
func (w *worldState) before(ctx context.Context, up float64) (spatial.Pos, error) {
	if err := w.player.awaitAvatar(ctx); err != nil {
		return spatial.Pos{}, err
	}
	s, ok := w.player.view.get(w.player.id)
	if !ok {
		return spatial.Pos{}, control.Errorf(control.Unavailable, "try again in a moment", "the avatar is nowhere yet")
	}
	at, r := pointOf(s.pos()), s.e.Pose.Rot
	turn := spatial.Quat{X: float32(r[0]) / 32767, Y: float32(r[1]) / 32767, Z: float32(r[2]) / 32767, W: float32(r[3]) / 32767}
	ahead := turn.Rotate(spatial.Vec{Z: -1.5})
	return posOf(control.Point{X: at.X + float64(ahead.X), Y: math.Max(0, at.Y-0.9) + up, Z: at.Z + float64(ahead.Z)}), nil
}

func (w *worldState) thingDone(ack wire.Ack, err error) (*control.ThingResponse, error) {
	if err != nil {
		return nil, err
	}
	return &control.ThingResponse{Thing: ack.Thing.String(), Region: w.player.inName(), Tick: uint64(ack.Tick)}, nil
}

var thingKinds = map[string]region.InputKind{control.DoMove: region.InMove, control.DoGive: region.InGive, control.DoTake: region.InTake, control.DoLend: region.InLend,
	control.DoReturn: region.InReturn, control.DoDelete: region.InDelete, control.DoUndelete: region.InUndelete}

// ThingDo does something with a thing.
func (b *backend) ThingDo(ctx context.Context, req *control.ThingDoRequest) (*control.ThingResponse, error) {
	w, err := b.inWorld()
	if err != nil {
		return nil, err
	}
	in := region.Input{Kind: thingKinds[req.Do]}
	if in.Kind == 0 {
		return nil, control.Errorf(control.Invalid, "move, give, take, lend, return, delete or undelete", "nothing to do with a thing is called %q", req.Do)
	}
	if in.Kind == region.InUndelete { // it is in nobody's sight
		in.Thing, err = parseThing(req.Thing)
	} else {
		in.Thing, err = w.thingNamed(ctx, req.Thing)
	}
	if err != nil {
		return nil, err
	}
	if in.To, err = w.personNamed(ctx, req.To); err != nil {
		return nil, err
	}
	switch in.Kind {
	case region.InMove:
		if req.At == nil {
			return nil, control.Errorf(control.Invalid, "", "where to is missing")
		}
		in.Pos = posOf(*req.At)
	case region.InLend:
		in.Ticks = uint32(math.Ceil(req.Seconds * region.TickRate))
		if in.To.IsZero() || in.Ticks == 0 {
			return nil, control.Errorf(control.Invalid, "to whom, and for how long?", "a loan to nobody or for no time")
		}
	}
	return w.thingDone(w.player.do(ctx, in))
}

// personNamed is a key, or that of the person in sight who is called so.
func (w *worldState) personNamed(ctx context.Context, text string) (key base.Key, err error) {
	if text == "" {
		return key, nil
	}
	if key, err = base.ParseKey(text); err == nil {
		return key, nil
	}
	id, err := w.thingInSight(ctx, text)
	if err != nil {
		return base.Key{}, err
	}
	s, ok := w.player.view.get(id)
	if !ok || s.e.Player.IsZero() {
		return base.Key{}, control.Errorf(control.Invalid, "name somebody in sight, or give a key", "%s is nobody", text)
	}
	return s.e.Player, nil
}

// loadWait is how long Tell waits for a program that is not loaded yet.
const loadWait = 10 * time.Second

// Tell tells a thing something.
func (b *backend) Tell(ctx context.Context, req *control.TellRequest) (*control.ThingResponse, error) {
	w, err := b.inWorld()
	if err != nil {
		return nil, err
	}
	in := region.Input{Kind: region.InTell, Name: req.Verb, Text: req.Text}
	if in.Thing, err = w.thingNamed(ctx, req.Thing); err != nil {
		return nil, err
	}
	if !region.Verb(req.Verb) {
		return nil, control.Errorf(control.Invalid, "a-z, 0-9, _ and -, a letter first, at most 24", "%q is no verb", req.Verb)
	}
	end := time.Now().Add(loadWait)
	for {
		ack, err := w.player.do(ctx, in)
		var refused *refusal
		if !errors.As(err, &refused) || refused.code != region.Loading || time.Now().After(end) {
			return w.thingDone(ack, err)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// refusal is why a region did not do what an input asked for.
type refusal struct{ code region.Code }

func (r *refusal) Error() string { return "the region refused: " + r.code.String() }
