package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"slices"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/internal/durable"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/overlay"
	"github.com/metatopia/metatopia/node/p2p"
	"github.com/metatopia/metatopia/raynet"
	"github.com/metatopia/metatopia/raynet/wire"
)

const (
	// farewell bounds how long leaving waits for slow neighbours.
	farewell = 300 * time.Millisecond
	// maxRaynetFile bounds what is read of raynet.nodes: 500 nodes at their
	// largest are 600 kB.
	maxRaynetFile = 1 << 20
)

func (w *worldState) startOverlay() error {
	n := w.n
	o, err := overlay.New(overlay.Config{
		Net: n.net, Key: n.priv, Log: n.log, Epoch: n.nextEpoch, Store: raynetFile{n.home},
		Core: raynet.Config{
			World: base.DeriveID("world", []byte(w.id.String())),
			Min:   w.charter.Box.Min, Max: w.charter.Box.Max,
		},
	})
	if err != nil {
		return fmt.Errorf("node: %w", err)
	}
	w.overlay = o
	n.goRun(o.Run)
	w.poseChanged()
	return nil
}

// poseChanged tells the overlay where this node stands: at its site when it
// serves a region, so that the region is found by its place; else where its
// avatar is.
func (w *worldState) poseChanged() {
	kind, pose, ok := w.point()
	if !ok {
		return
	}
	if err := w.overlay.Place(kind, pose); err != nil {
		w.n.log.Error("overlay not started", "err", err)
	}
}

func (w *worldState) point() (kind wire.Kind, pose raynet.SetPose, ok bool) {
	if s := w.servedList(); len(s) > 0 {
		return wire.Site, raynet.SetPose{Pos: s[0].rec.Site, AOI: viewRadius}, true
	}
	p := w.player
	p.mu.Lock()
	defer p.mu.Unlock()
	return wire.Avatar, raynet.SetPose{Pos: p.pos, Vel: p.vel, AOI: viewRadius}, p.placed && !p.owner.IsZero()
}

// leaveOverlay says farewell to the neighbours.
func (w *worldState) leaveOverlay() {
	ctx, cancel := context.WithTimeout(w.n.ctx, farewell)
	defer cancel()
	w.presence.leave(ctx)
	w.overlay.Leave(ctx)
}

// savedEpoch is epoch.json: the epoch of the last overlay point. Peers refuse
// one that does not rise.
type savedEpoch struct {
	Epoch uint32 `json:"epoch"`
}

// nextEpoch rises over restarts, also when the clock was set back or two fall
// into one second. The overlay and the interest layer share the row.
func (n *Node) nextEpoch() (uint32, error) {
	n.epochs.Lock()
	defer n.epochs.Unlock()
	var saved savedEpoch
	if _, err := n.home.loadJSON("epoch.json", &saved); err != nil {
		return 0, err
	}
	e := max(saved.Epoch, uint32(time.Now().Unix())) + 1
	return e, n.home.saveJSON("epoch.json", savedEpoch{e})
}

// raynetFile keeps the overlay's remembered nodes in the home.
type raynetFile struct{ h *home }

func (f raynetFile) name() string { return f.h.path("raynet.nodes") }

func (f raynetFile) Load() ([]byte, error) {
	r, err := os.Open(f.name())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(io.LimitReader(r, maxRaynetFile))
}

func (f raynetFile) Save(b []byte) error { return durable.WriteFile(f.name(), b) }

// neighbours lists the near view, nearest first.
func (w *worldState) neighbours() []control.Neighbour {
	out := []control.Neighbour{}
	near, self, _ := w.overlay.Near()
	for _, i := range near {
		d := i.Pos.Sub(self.Pos)
		nb := control.Neighbour{
			Key: i.Key.String(), PeerID: p2p.PeerID(i.Key), Kind: "avatar", Pos: pointOf(i.Pos), Rays: i.Rays,
			Distance: milli(math.Sqrt(float64(d.X)*float64(d.X) + float64(d.Y)*float64(d.Y) + float64(d.Z)*float64(d.Z))),
			Age:      math.Round(float64(i.AgeNs)/1e8) / 10, Name: w.nameOf(i.Key, i.Kind == wire.Site),
		}
		if i.Kind == wire.Site {
			nb.Kind = "site"
		}
		out = append(out, nb)
	}
	slices.SortStableFunc(out, func(a, b control.Neighbour) int {
		switch {
		case a.Distance < b.Distance:
			return -1
		case a.Distance > b.Distance:
			return 1
		}
		return 0
	})
	return out
}

// nameOf gives a neighbour's name where this node knows it: a region it has a
// record of, an avatar it sees.
func (w *worldState) nameOf(k base.Key, site bool) string {
	if site {
		for _, r := range w.records() {
			if r.Owner == k {
				return r.Name
			}
		}
	}
	if s, ok := w.player.view.get(base.AvatarID(k)); ok {
		return s.e.Name
	}
	return ""
}
