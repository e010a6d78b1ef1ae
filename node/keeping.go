package node

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/keeper"
	"github.com/metatopia/metatopia/node/world"
)

const (
	keepFile = "keep.json"
	// keepWait bounds the first try to get a checkpoint, for which a person
	// waits: less than a single call of the local API may take.
	keepWait = 90 * time.Second
)

func (w *worldState) openKeeper() (err error) {
	w.keeper, err = keeper.New(w.n.ctx, keeper.Config{
		World: w.id, Lumps: w.n.lumps, Pins: w.n.store,
		Forget: func(ctx context.Context, roots []lumps.Ref) error {
			_, err := w.n.store.Forget(ctx, roots...)
			return err
		},
		Ask:   w.askCheckpoints,
		Sites: w.records,
		Load:  func(v any) (bool, error) { return w.n.home.loadJSON(keepFile, v) },
		Save:  func(v any) error { return w.n.home.saveJSON(keepFile, v) },
		Log:   w.n.log,
	})
	if err != nil {
		return fmt.Errorf("node: %w", err)
	}
	return nil
}

// Keep follows a region's checkpoints, or all of the world's.
func (b *backend) Keep(ctx context.Context, req *control.KeepRequest) (*control.KeptResponse, error) {
	w, err := b.inWorld()
	if err != nil {
		return nil, err
	}
	if req.Quota > 0 {
		if err := w.keeper.SetQuota(req.Quota); err != nil {
			return nil, keepError(err)
		}
	}
	switch {
	case req.World:
		if err := w.keeper.FollowWorld(true); err != nil {
			return nil, err
		}
	case req.Region != "":
		id, site, err := w.findRegion(ctx, req.Region)
		if err != nil {
			return nil, err
		}
		ctx, cancel := context.WithTimeout(ctx, keepWait)
		defer cancel()
		if err := w.keeper.Follow(ctx, id, site); err != nil {
			return nil, keepError(err)
		}
	}
	return b.Kept(ctx)
}

// Unkeep lets a region go, or those that were kept with the world.
func (b *backend) Unkeep(ctx context.Context, req *control.UnkeepRequest) (*control.KeptResponse, error) {
	w, err := b.inWorld()
	if err != nil {
		return nil, err
	}
	if req.World {
		if err := w.keeper.FollowWorld(false); err != nil {
			return nil, err
		}
		return b.Kept(ctx)
	}
	id, err := w.keptRegion(req.Region)
	if err != nil {
		return nil, err
	}
	if err := w.keeper.Unfollow(ctx, id); err != nil {
		return nil, keepError(err)
	}
	return b.Kept(ctx)
}

// Kept lists what is kept.
func (b *backend) Kept(context.Context) (*control.KeptResponse, error) {
	w, err := b.inWorld()
	if err != nil {
		return nil, err
	}
	rep := w.keeper.List()
	out := &control.KeptResponse{World: rep.World, Quota: rep.Quota, Used: rep.Used}
	for i := range rep.Regions {
		out.Regions = append(out.Regions, keptOf(&rep.Regions[i]))
	}
	return out, nil
}

// RegionCheckpoint makes a checkpoint of a region served here.
func (b *backend) RegionCheckpoint(ctx context.Context, req *control.CheckpointRequest) (*control.KeptRegion, error) {
	w, err := b.inWorld()
	if err != nil {
		return nil, err
	}
	own, err := w.ownRegion(req.Region)
	if err != nil {
		return nil, err
	}
	if _, err := w.makeCheckpoint(ctx, own.id); err != nil {
		return nil, err
	}
	for _, r := range w.keeper.List().Regions {
		if r.ID == own.id {
			k := keptOf(&r)
			return &k, nil
		}
	}
	return nil, errors.New("node: checkpoint: it is gone again")
}

// ownRegion finds a region served here by name or id; "" is the only one.
func (w *worldState) ownRegion(name string) (*servedRegion, error) {
	var own []*servedRegion
	for _, s := range w.servedList() {
		if name == "" || s.rec.Name == name || s.id.String() == name {
			own = append(own, s)
		}
	}
	switch {
	case len(own) == 1:
		return own[0], nil
	case len(own) > 1:
		return nil, control.Errorf(control.NotFound, "see `metatopia region status`", "%d regions served here fit %q", len(own), name)
	case name == "":
		return nil, control.Errorf(control.NotFound, "see `metatopia region status`", "no region is served here")
	}
	return nil, control.Errorf(control.NotFound, "see `metatopia region status`", "no region %q is served here", name)
}

func keptOf(r *keeper.Region) control.KeptRegion {
	k := control.KeptRegion{ID: r.ID.String(), Own: r.Own, Bytes: r.Bytes, Whole: r.Whole, Carry: r.Carry, Lacks: r.Lacks, From: r.From}
	if r.Site != nil {
		k.Name, k.Owner = r.Site.Name, r.Site.Owner.String()
	}
	if r.At != nil {
		k.Root, k.Tick, k.Hash = r.At.Root.String(), uint64(r.At.Tick), hex.EncodeToString(r.At.Hash[:])
		k.Time, k.Age = r.At.When().Format(time.RFC3339), time.Since(r.At.When()).Seconds()
	}
	for _, o := range r.Older {
		k.Older = append(k.Older, o.String())
	}
	if r.Err != nil {
		k.Error = r.Err.Error()
	}
	return k
}

// findRegion finds a region by its name or id: among those known and kept,
// else among those that the connected nodes keep.
func (w *worldState) findRegion(ctx context.Context, text string) (base.ID, *world.SiteRecord, error) {
	sites := map[base.ID]*world.SiteRecord{}
	add := func(s *world.SiteRecord) {
		if s != nil && (s.Name == text || s.Region().String() == text) {
			sites[s.Region()] = s
		}
	}
	for _, s := range w.records() {
		add(s)
	}
	for _, r := range w.keeper.List().Regions {
		add(r.Site)
	}
	id, err := base.ParseID(text)
	if err == nil && len(sites) == 0 {
		return id, nil, nil // whoever is asked by it may know the rest
	}
	if len(sites) == 0 {
		var peers []base.Key
		for _, p := range w.n.net.Peers() {
			if !p.Key.IsZero() && len(peers) < askPeers {
				peers = append(peers, p.Key)
			}
		}
		for _, o := range w.askAll(ctx, peers, base.ID{}) {
			add(o.Site)
		}
	}
	switch len(sites) {
	case 0:
		return base.ID{}, nil, control.Errorf(control.NotFound, "see `metatopia region status`; a region that nobody serves now is found by its id", "no region %q is known", text)
	case 1:
		for id, s := range sites { //lint:sorted there is one
			return id, s, nil
		}
	}
	return base.ID{}, nil, control.Errorf(control.Conflict, "name it by its id: `metatopia region status --json`", "%d regions are called %q", len(sites), text)
}

// keptRegion finds one of those kept.
func (w *worldState) keptRegion(text string) (id base.ID, err error) {
	n := 0
	for _, r := range w.keeper.List().Regions {
		if !r.Own && (r.ID.String() == text || r.Site != nil && r.Site.Name == text) {
			id = r.ID
			n++
		}
	}
	switch n {
	case 0:
		return id, control.Errorf(control.NotFound, "see `metatopia lump kept`", "no region %q is kept here", text)
	case 1:
		return id, nil
	}
	return id, control.Errorf(control.Conflict, "name it by its id: `metatopia lump kept --json`", "%d regions called %q are kept", n, text)
}

// keepError gives the code and the hint that a person can act on.
func keepError(err error) error {
	switch {
	case errors.Is(err, keeper.ErrQuota):
		return control.Errorf(control.TooLarge, "allow more with --quota, or let a region go with `metatopia lump unpin --region`", "%w", err)
	case errors.Is(err, keeper.ErrNothing):
		return control.Errorf(control.NotFound, "the region stays on the list and is asked for again; see `metatopia lump kept`", "%w", err)
	case errors.Is(err, keeper.ErrRegion):
		return control.Errorf(control.Conflict, "its own server keeps its newest checkpoints", "%w", err)
	case errors.Is(err, keeper.ErrFull):
		return control.Errorf(control.TooLarge, "", "%w", err)
	case errors.Is(err, keeper.ErrUnknown):
		return control.Errorf(control.NotFound, "see `metatopia lump kept`", "%w", err)
	}
	return lumpError(err)
}
