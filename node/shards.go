package node

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/server"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/wire"
	"github.com/metatopia/metatopia/spatial"
)

const (
	defaultShardRate   = 5
	defaultShardRadius = 32
)

// looker is a client that wants to see the physics. Its fields are guarded by
// player.mu.
type looker struct {
	want   wire.Look
	latest map[base.ID]seenShard // by region, until it is sent
}

type seenShard struct {
	site spatial.Pos
	m    *wire.Shard
}

// Shards sends what the physics around the avatar holds.
func (b *backend) Shards(ctx context.Context, req *control.ShardRequest, send func(*control.Shard) error) error {
	w, err := b.inWorld()
	if err != nil {
		return err
	}
	rate, radius := req.Rate, req.Radius
	if rate == 0 {
		rate = defaultShardRate
	}
	if radius == 0 {
		radius = defaultShardRadius
	}
	l := &looker{want: wire.Look{Rate: uint8(rate), Radius: uint16(radius)}, latest: map[base.ID]seenShard{}}
	p := w.player
	p.mu.Lock()
	p.lookers[l] = struct{}{}
	p.mu.Unlock()
	p.poke()
	defer func() {
		p.mu.Lock()
		delete(p.lookers, l)
		p.mu.Unlock()
	}()
	t := time.NewTicker(time.Second / time.Duration(rate))
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-b.ctx.Done():
			return nil
		case <-t.C:
		}
		p.mu.Lock()
		due := l.latest
		l.latest = map[base.ID]seenShard{}
		p.mu.Unlock()
		for id, s := range due { //lint:sorted each on its own
			if err := send(shardOf(id, s)); err != nil {
				return err
			}
		}
	}
}

// looks is what regions are asked for: the most that a looker wants. p.mu is
// held.
func (p *player) looks() (want wire.Look) {
	for l := range p.lookers { //lint:sorted a maximum has no order
		want.Rate, want.Radius = max(want.Rate, l.want.Rate), max(want.Radius, l.want.Radius)
	}
	return want
}

// askLook tells the region what is wanted, when that has changed. p.mu is held.
func (c *regionConn) askLook(want wire.Look) {
	if c.ready && c.asked != want {
		c.asked = want
		c.send(&want)
	}
}

// sawShard keeps a region's newest shard for those who look.
func (p *player) sawShard(c *regionConn, m *wire.Shard) {
	hidden := p.w.n.blocks.masks
	m.Bodies = slices.DeleteFunc(m.Bodies, func(b wire.Body) bool { return hidden(b.Pose.ID) })
	m.Touches = slices.DeleteFunc(m.Touches, func(t wire.Touch) bool { return hidden(t.A) || hidden(t.B) })
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.lookers { //lint:sorted each on its own
		l.latest[c.id] = seenShard{c.rec.Site, m}
	}
}

func shardOf(id base.ID, s seenShard) *control.Shard {
	out := &control.Shard{Region: id.String(), Tick: uint64(s.m.Tick), Bodies: []control.ShardBody{}, Touches: []control.Touching{}}
	for i := range s.m.Bodies {
		x := &s.m.Bodies[i]
		q, v := x.Pose.Quat(), x.Pose.Velocity()
		shape := "box"
		if x.Shape == region.Sphere {
			shape = "sphere"
		}
		out.Bodies = append(out.Bodies, control.ShardBody{
			ID: x.Pose.ID.String(), Owner: x.Owner.String(), Epoch: strconv.FormatUint(x.Epoch, 10), Shape: shape, Size: triple(x.Size),
			Pos: meters(x.Pose.Pos(s.site)), Rot: [4]float64{milli4(q.X), milli4(q.Y), milli4(q.Z), milli4(q.W)}, Vel: triple(v),
			Fixed: x.Fixed, Asleep: x.Asleep, Age: int(x.Age),
		})
	}
	for _, t := range s.m.Touches {
		x := control.Touching{B: t.B.String(), Normal: triple(t.Normal), Impulse: milli(float64(t.Impulse)), Points: [][3]float64{}}
		if !t.A.IsZero() {
			x.A = t.A.String()
		}
		for _, p := range t.Points {
			x.Points = append(x.Points, meters(s.site.Add(p)))
		}
		out.Touches = append(out.Touches, x)
	}
	return out
}

func triple(v spatial.Vec) [3]float64 {
	return [3]float64{milli(float64(v.X)), milli(float64(v.Y)), milli(float64(v.Z))}
}

func meters(p spatial.Pos) [3]float64 {
	x, y, z := p.Meters()
	return [3]float64{milli(x), milli(y), milli(z)}
}

// ShardRecord records the physics of a region served here.
func (b *backend) ShardRecord(ctx context.Context, req *control.ShardRecordRequest, send func(*control.ShardPiece) error) error {
	w, err := b.inWorld()
	if err != nil {
		return err
	}
	own, err := w.ownRegion(req.Region)
	if err != nil {
		return err
	}
	err = own.srv.Record(ctx, req.Steps, req.Every, func(data []byte) error {
		return send(&control.ShardPiece{Data: data})
	})
	if errors.Is(err, server.ErrBusy) {
		return control.Errorf(control.Conflict, "wait for its end", "a recording of this region is under way")
	}
	return err
}
