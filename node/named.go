package node

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/control"
)

// maxNamed bounds the things among which a name is looked for.
const maxNamed = 4096

// Who has just entered a region sees it a moment later: a name is looked for
// that long.
const (
	nameWait = 3 * time.Second
	nameLook = 50 * time.Millisecond
)

// thingNamed is thingHere for an id or the name of a thing in sight, of which
// there must be one.
func (w *worldState) thingNamed(ctx context.Context, text string) (base.ID, error) {
	id, err := w.thingInSight(ctx, text)
	if err != nil {
		return id, err
	}
	return w.thingHere(id.String())
}

// thingInSight is the thing with an id, or with a name, in whatever region.
func (w *worldState) thingInSight(ctx context.Context, text string) (base.ID, error) {
	if id, err := parseThing(text); err == nil {
		return id, nil
	}
	ctx, cancel := context.WithTimeout(ctx, nameWait)
	defer cancel()
	for {
		id, err := w.lookFor(text)
		if code := control.CodeOf(err); code != control.NotFound && code != control.Unavailable {
			return id, err
		}
		select {
		case <-time.After(nameLook):
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return id, ctx.Err()
			}
			return id, err
		}
	}
}

func (w *worldState) lookFor(name string) (base.ID, error) {
	pos, ok := w.player.place()
	if !ok {
		return base.ID{}, control.Errorf(control.Unavailable, "try again in a moment", "the avatar is nowhere yet")
	}
	var found []base.ID
	for _, s := range w.player.view.near(pos, maxNamed, w.player.id) {
		if strings.EqualFold(s.e.Name, name) {
			found = append(found, s.e.Pose.ID)
		}
	}
	switch len(found) {
	case 0:
		return base.ID{}, control.Errorf(control.NotFound, "only things in sight have names", "no thing %q is in sight", name)
	case 1:
		return found[0], nil
	}
	return base.ID{}, control.Errorf(control.Conflict, "name it by its id, "+found[0].String()+" is the nearest", "%d things are called %q", len(found), name)
}
