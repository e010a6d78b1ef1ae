package node

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/region"
)

// changeWait is how long a change of a script may take: a region gives one up
// after a minute. changeLook is how often its outcome is asked for.
const (
	changeWait = 70 * time.Second
	changeLook = 100 * time.Millisecond
)

// rescript gives a thing another script, with all that says whose it is, while
// it runs, and waits until it has it or has refused it. None is the one before.
func (b *backend) rescript(ctx context.Context, w *worldState, id base.ID, identity []region.SlotWrite) (*control.TickResponse, error) {
	identity = slices.DeleteFunc(identity, func(s region.SlotWrite) bool { return s.Value.Type == region.SlotNone })
	slices.SortFunc(identity, func(a, b region.SlotWrite) int { return strings.Compare(a.Name, b.Name) })
	for _, s := range identity {
		if err := s.Check(); err != nil {
			return nil, control.Errorf(control.Invalid, "", "%w", err)
		}
	}
	ack, err := w.player.do(ctx, region.Input{Kind: region.InScript, Thing: id, Identity: identity})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, changeWait)
	defer cancel()
	for {
		res, err := b.Inspect(ctx, &control.InspectRequest{Thing: id.String()})
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(res.Slots, func(s control.Slot) bool { return s.Name == region.SlotNext }) {
			if why, failed := strings.CutPrefix(res.LastError, region.NotChanged); failed {
				return nil, control.Errorf(control.Invalid, "the thing runs its old script, as before", "not changed%s", why)
			}
			return &control.TickResponse{Region: w.player.inName(), Tick: uint64(ack.Tick)}, nil
		}
		select {
		case <-time.After(changeLook):
		case <-ctx.Done():
			return nil, control.Errorf(control.Unavailable, "`metatopia script show THING` shows what became of it", "the change of the script takes long: %w", ctx.Err())
		}
	}
}

// ScriptRollback gives a thing the script that it had before.
func (b *backend) ScriptRollback(ctx context.Context, req *control.ScriptRollbackRequest) (*control.TickResponse, error) {
	w, err := b.inWorld()
	if err != nil {
		return nil, err
	}
	id, err := w.thingNamed(ctx, req.Thing)
	if err != nil {
		return nil, err
	}
	return b.rescript(ctx, w, id, nil)
}
