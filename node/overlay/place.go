package overlay

import (
	"fmt"
	"slices"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/raynet"
	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

const (
	// poseStep is how far the point moves before the core is told, in units.
	poseStep = spatial.Unit / 4
	// poseRepeat is how often a steady velocity is told again: the core
	// forgets one that is not repeated.
	poseRepeat = 500 * time.Millisecond
)

// Place says where this node's point is and what it stands for. The first call
// starts the overlay; another kind starts it anew, as another epoch. Calling
// it often is cheap.
func (o *Overlay) Place(kind wire.Kind, pose raynet.SetPose) error {
	o.mu.Lock()
	if o.left {
		o.mu.Unlock()
		return nil
	}
	fresh := o.core == nil || o.kind != kind
	still := pose.Vel == o.pose.Vel && pose.AOI == o.pose.AOI && pose.Load == o.pose.Load
	if pose.Vel != (spatial.Vec{}) && time.Since(o.told) >= poseRepeat {
		still = false
	}
	if !fresh && still && o.pose.Pos.Dist2(pose.Pos) < poseStep*poseStep {
		o.mu.Unlock()
		return nil
	}
	o.pose, o.told = pose, time.Now()
	var peers []base.Key
	if fresh {
		if err := o.begin(kind, pose.Pos); err != nil {
			o.mu.Unlock()
			return err
		}
		for k := range o.up { //lint:sorted below
			peers = append(peers, k)
		}
		slices.SortFunc(peers, base.Key.Compare)
	}
	o.mu.Unlock()
	if fresh {
		o.tellAddr(true)
		for _, k := range peers {
			o.give(o.upOf(k))
		}
		if entries := o.remembered(bootstrapFrom); len(peers)+len(entries) > 0 {
			o.give(raynet.Bootstrap{Keys: peers, Entries: entries})
		}
	}
	o.give(pose)
	return nil
}

// begin makes a core; a later epoch replaces what peers know of an earlier
// one. o.mu is held.
func (o *Overlay) begin(kind wire.Kind, pos spatial.Pos) error {
	epoch, err := o.cfg.Epoch()
	if err != nil {
		return fmt.Errorf("overlay: epoch: %w", err)
	}
	core, err := raynet.New(o.setup, o.key, raynet.Start{
		Kind: kind, Pos: pos, Epoch: epoch, Seed: o.cfg.Seed + uint64(epoch),
		UnixMs: uint64(time.Now().UnixMilli() - time.Since(o.began).Milliseconds()),
	}, &coreEnv{key: o.cfg.Key})
	if err != nil {
		return fmt.Errorf("overlay: %w", err)
	}
	o.release()
	o.core, o.kind = core, kind
	return nil
}
