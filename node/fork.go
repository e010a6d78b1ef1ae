package node

import (
	"context"
	"fmt"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/keeper"
	"github.com/metatopia/metatopia/node/server"
	"github.com/metatopia/metatopia/node/world"
	"github.com/metatopia/metatopia/region"
)

// forkWait bounds reading a checkpoint that a new region begins with.
const forkWait = keepWait

// checkFork fetches a checkpoint, keeps it for good, and tells whether a region
// may begin with it: before anything of the region is founded.
func (b *backend) checkFork(ctx context.Context, cid string) error {
	ref, err := parseRef(cid)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, forkWait)
	defer cancel()
	if _, err := b.lumps.Pin(ctx, ref); err != nil {
		return lumpError(err)
	}
	w := b.current()
	w.keeper.Holds(ref, true)
	list, err := w.fork(cid)
	if err == nil {
		err = server.CheckFurnish(list)
	}
	if err = otherVersion(err, false); control.CodeOf(err) == control.Conflict {
		return err
	}
	if err != nil {
		return control.Errorf(control.Invalid, "`metatopia lump kept` lists the checkpoints here", "%w", err)
	}
	return nil
}

// fork makes the first entries of a region that begins with the things of a
// checkpoint: as they stood, with their owners, slots and scripts, without
// people, motion, loans and timers. Where it was is forgotten: poses are relative
// to the site; whose region it was and what that began with is not.
func (w *worldState) fork(cid string) ([]region.ControlEntry, error) {
	ref, err := lumps.Parse(cid)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(w.n.ctx, forkWait)
	defer cancel()
	if _, err := w.n.lumps.Fetch(ctx, ref); err != nil {
		return nil, err
	}
	parts, err := w.n.lumps.Parts(ctx, ref)
	if err != nil {
		return nil, err
	}
	s, snapshot, err := keeper.ReadState(ctx, w.n.lumps, parts)
	if err != nil {
		return nil, err
	}
	b, _, err := w.n.lumps.Bytes(ctx, snapshot, region.MaxSnapshot)
	if err != nil {
		return nil, err
	}
	// The sim of the world that it is of, which need not be this one.
	founding, _, err := w.n.lumps.Bytes(ctx, s.Site.World, world.MaxCharter)
	if err != nil {
		return nil, err
	}
	charter, err := world.ParseCharter(founding)
	if err != nil {
		return nil, err
	}
	cfg := w.simConfig(s.Site)
	cfg.World, cfg.Scripts, cfg.Parallel = s.Site.World.String(), nil, nil
	cfg.Min, cfg.Max = charter.Box.Min, charter.Box.Max
	sim, err := region.Restore(cfg, b)
	if err != nil {
		return nil, fmt.Errorf("node: fork: %w", err)
	}
	list := []region.ControlEntry{{Kind: region.ControlOrigin,
		Origins: sim.From(region.Origin{CID: cid, Region: s.Site.Region(), Name: s.Site.Name, Owner: s.Site.Owner, Tick: s.Tick})}}
	for _, t := range sim.Specs() {
		list = append(list, region.ControlEntry{Kind: region.ControlCreate, Thing: t})
	}
	return list, nil
}
