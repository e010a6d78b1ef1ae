package node

import (
	"context"
	"fmt"
	"time"

	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/scripting"
)

// avatarHost is what processes may do with this node's avatar.
type avatarHost struct{ n *Node }

// hostWait bounds one call: a process cannot be killed inside one.
const hostWait = 3 * time.Second

func (h avatarHost) world() (*worldState, error) {
	if w := h.n.current(); w != nil {
		return w, nil
	}
	return nil, fmt.Errorf("no world: %w", scripting.ErrUnavailable)
}

// hostError marks what may work later.
func hostError(err error) error {
	switch control.CodeOf(err) {
	case control.Unavailable, control.Timeout, control.Conflict:
		return fmt.Errorf("%w: %w", scripting.ErrUnavailable, err)
	case control.NotFound:
		return fmt.Errorf("%w: %w", scripting.ErrNotFound, err)
	}
	return err
}

func (h avatarHost) Where() (scripting.Place, error) {
	w, err := h.world()
	if err != nil {
		return scripting.Place{}, err
	}
	s, ok := w.player.view.get(w.player.id)
	if !ok {
		w.player.enter()
		return scripting.Place{}, fmt.Errorf("no avatar: %w", scripting.ErrUnavailable)
	}
	x, y, z := s.pos().Meters()
	return scripting.Place{X: x, Y: y, Z: z, Region: w.player.inName()}, nil
}

func (h avatarHost) Nearby(max int) ([]scripting.Seen, error) {
	w, err := h.world()
	if err != nil {
		return nil, err
	}
	pos, ok := w.player.place()
	if !ok {
		return nil, fmt.Errorf("no place: %w", scripting.ErrUnavailable)
	}
	var out []scripting.Seen
	for _, s := range w.player.view.near(pos, max, w.player.id) {
		seen := scripting.Seen{ID: s.e.Pose.ID.String(), Kind: s.e.Kind, Name: s.e.Name}
		if rec := w.player.record(s.region); rec != nil {
			seen.Region = rec.Name
		}
		seen.X, seen.Y, seen.Z = s.pos().Meters()
		out = append(out, seen)
	}
	return out, nil
}

func (h avatarHost) call(fn func(context.Context, *backend) error) error {
	ctx, cancel := context.WithTimeout(h.n.ctx, hostWait)
	defer cancel()
	return hostError(fn(ctx, &backend{h.n}))
}

func (h avatarHost) Walk(x, z float64) error {
	return h.call(func(ctx context.Context, b *backend) error {
		_, err := b.Walk(ctx, &control.WalkRequest{To: &control.Point{X: x, Z: z}})
		return err
	})
}

func (h avatarHost) Say(text string) error {
	return h.call(func(ctx context.Context, b *backend) error {
		_, err := b.Say(ctx, &control.SayRequest{Text: text})
		return err
	})
}

func (h avatarHost) Throw(thing string, vx, vy, vz float64) error {
	return h.call(func(ctx context.Context, b *backend) error {
		_, err := b.Throw(ctx, &control.ThrowRequest{Thing: thing, Vel: control.Point{X: vx, Y: vy, Z: vz}})
		return err
	})
}

func (h avatarHost) Touch(thing string) error {
	return h.call(func(ctx context.Context, b *backend) error {
		_, err := b.Touch(ctx, &control.TouchRequest{Thing: thing})
		return err
	})
}

// overheard gives a line that others said to the processes that this node's
// owner started, as "heard TAB who TAB text". What they do with it is theirs: a
// process that answers everything would answer another for ever.
func (n *Node) overheard(l control.ChatLine) {
	n.procs.Announce([]byte("heard\t" + l.From + "\t" + l.Text))
}
