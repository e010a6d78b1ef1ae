package node

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/p2p"
	"github.com/metatopia/metatopia/raynet"
	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

const (
	protoRaynet = "/metatopia/raynet/1"
	// overlayQueue bounds what waits for the overlay's goroutine; messages of
	// peers beyond it are dropped, which the protocol survives.
	overlayQueue = 1024
	// poseStep is how far the point moves before the overlay is told, in units.
	poseStep = spatial.Unit / 4
	// poseRepeat is how often a steady velocity is told again.
	poseRepeat = 500 * time.Millisecond
	// addrEvery is how often the own addresses are looked at again.
	addrEvery  = 10 * time.Second
	protectTag = "raynet"
	// farewell bounds how long leaving waits for slow neighbours.
	farewell = 300 * time.Millisecond
)

// overlay binds the Raynet core to the network: one goroutine steps it, links
// carry its messages.
type overlay struct {
	w     *worldState
	links *p2p.Links
	in    chan raynet.Input
	began time.Time

	mu    sync.Mutex
	core  *raynet.Node
	kind  wire.Kind
	epoch uint32
	pos   spatial.Pos
	vel   spatial.Vec
	told  time.Time // when the core heard pos and vel
	up    map[base.Key]bool
	addr  []byte
	wake  int64
	left  bool
}

func (w *worldState) startOverlay() error {
	o := &overlay{
		w: w, in: make(chan raynet.Input, overlayQueue), began: time.Now(), up: map[base.Key]bool{},
	}
	o.links = w.n.net.Links(protoRaynet, wire.MaxMessage,
		func(from base.Key, msg []byte) { o.give(raynet.Recv{From: from, Bytes: msg}) },
		func(to base.Key) { o.give(raynet.SendFailed{To: to}) })
	w.overlay = o
	w.n.goRun(o.run)
	o.poseChanged()
	return nil
}

// give queues an input; a full queue drops it.
func (o *overlay) give(in raynet.Input) {
	select {
	case o.in <- in:
	default:
		o.w.n.count.add("raynet_dropped", 1)
	}
}

func (o *overlay) peerUp(k base.Key) {
	o.mu.Lock()
	known := o.up[k]
	o.up[k] = true
	o.mu.Unlock()
	o.give(raynet.PeerUp{Key: k})
	if !known {
		o.give(raynet.Bootstrap{Keys: []base.Key{k}})
	}
}

func (o *overlay) peerDown(k base.Key) {
	o.mu.Lock()
	delete(o.up, k)
	o.mu.Unlock()
	o.links.Drop(k)
	o.give(raynet.PeerDown{Key: k})
}

// point is where this node stands in the overlay: at its site when it serves
// a region, so that the region is found by its place; else where its avatar
// is.
func (o *overlay) point() (kind wire.Kind, pos spatial.Pos, vel spatial.Vec, ok bool) {
	if s := o.w.servedList(); len(s) > 0 {
		return wire.Site, s[0].rec.Site, spatial.Vec{}, true
	}
	p := o.w.player
	p.mu.Lock()
	defer p.mu.Unlock()
	return wire.Avatar, p.pos, p.vel, p.placed && !p.owner.IsZero()
}

// poseChanged tells the core where this node is, and starts it once there is
// a place to tell.
func (o *overlay) poseChanged() {
	kind, pos, vel, ok := o.point()
	if !ok {
		return
	}
	o.mu.Lock()
	if o.left {
		o.mu.Unlock()
		return
	}
	fresh := o.core == nil || o.kind != kind
	still := vel == o.vel
	if moving := vel != (spatial.Vec{}); moving && time.Since(o.told) >= poseRepeat {
		still = false // the core forgets a velocity that is not repeated
	}
	if !fresh && still && o.pos.Dist2(pos) < poseStep*poseStep {
		o.mu.Unlock()
		return
	}
	o.pos, o.vel, o.told = pos, vel, time.Now()
	var peers []base.Key
	if fresh {
		if err := o.begin(kind, pos); err != nil {
			o.mu.Unlock()
			o.w.n.log.Error("overlay not started", "err", err)
			return
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
			o.give(raynet.PeerUp{Key: k})
		}
		if len(peers) > 0 {
			o.give(raynet.Bootstrap{Keys: peers})
		}
	}
	o.give(raynet.SetPose{Pos: pos, Vel: vel, AOI: viewRadius})
}

// begin makes a core; a later epoch replaces what peers know of an earlier
// one. o.mu is held.
func (o *overlay) begin(kind wire.Kind, pos spatial.Pos) error {
	w, n := o.w, o.w.n
	if err := o.nextEpoch(); err != nil {
		return err
	}
	core, err := raynet.New(raynet.Config{
		World: base.DeriveID("world", []byte(w.id.String())),
		Min:   w.charter.Box.Min, Max: w.charter.Box.Max,
		Kind: kind, Pos: pos, Epoch: o.epoch, UnixMs: uint64(time.Now().UnixMilli() - time.Since(o.began).Milliseconds()),
	}, n.key, uint64(time.Now().UnixNano()), raynet.Env{
		Sign: func(msg []byte) (sig [64]byte) {
			copy(sig[:], ed25519.Sign(n.priv, msg))
			return sig
		},
		Verify: func(k base.Key, msg, sig []byte) bool { return ed25519.Verify(k[:], msg, sig) },
	})
	if err != nil {
		return err
	}
	o.core, o.kind = core, kind
	return nil
}

// savedEpoch is epoch.json: the epoch of the last overlay point. Peers refuse
// one that does not rise.
type savedEpoch struct {
	Epoch uint32 `json:"epoch"`
}

// nextEpoch rises over restarts, also when the clock was set back or two fall
// into one second. o.mu is held.
func (o *overlay) nextEpoch() error {
	var saved savedEpoch
	if _, err := o.w.n.home.loadJSON("epoch.json", &saved); err != nil {
		return err
	}
	o.epoch = max(o.epoch, saved.Epoch, uint32(time.Now().Unix())) + 1
	return o.w.n.home.saveJSON("epoch.json", savedEpoch{o.epoch})
}

// tellAddr gives the core this node's addresses, when they changed.
func (o *overlay) tellAddr(always bool) {
	var b []byte
	for _, a := range o.w.n.net.Addrs() {
		a, _, _ = strings.Cut(a, "/p2p/")
		if len(b)+len(a)+1 > wire.MaxAddr {
			break
		}
		b = append(append(b, a...), '\n')
	}
	o.mu.Lock()
	same := bytes.Equal(b, o.addr)
	o.addr = b
	o.mu.Unlock()
	if !same || always {
		o.give(raynet.SetAddr{Addr: b})
	}
}

func (o *overlay) run(ctx context.Context) {
	var out raynet.Outbox
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	addr := time.NewTicker(addrEvery)
	defer addr.Stop()
	for {
		var in raynet.Input
		select {
		case <-ctx.Done():
			return
		case in = <-o.in:
		case <-timer.C:
			in = raynet.Tick{}
		case <-addr.C:
			o.tellAddr(false)
			continue
		}
		o.mu.Lock()
		if o.core != nil {
			out.Reset()
			o.core.Step(int64(time.Since(o.began)), in, &out)
			o.perform(&out)
			if o.wake > 0 {
				timer.Reset(max(time.Duration(o.wake)-time.Since(o.began), time.Millisecond))
			}
		}
		o.mu.Unlock()
	}
}

// perform carries out the effects in order. o.mu is held.
func (o *overlay) perform(out *raynet.Outbox) {
	net := o.w.n.net
	for _, e := range out.Effects {
		switch e := e.(type) {
		case raynet.Send:
			class := p2p.Reliable
			if e.Class == raynet.LatestWins {
				class = p2p.Latest
			}
			o.links.Send(e.To, class, e.Bytes)
		case raynet.Dial:
			net.Learn(e.Key, strings.Fields(string(e.Addr)))
		case raynet.Protect:
			net.Protect(e.Key, protectTag)
		case raynet.Unprotect:
			net.Unprotect(e.Key, protectTag)
		case raynet.WakeAt:
			o.wake = e.T
		case raynet.Event:
			if e.Kind == raynet.Refused {
				o.w.n.count.add(countRefused, 1)
			}
		}
	}
}

// leave says farewell to the neighbours, and waits a moment for it to be sent.
func (o *overlay) leave() {
	var out raynet.Outbox
	o.mu.Lock()
	if o.core != nil {
		o.core.Step(int64(time.Since(o.began)), raynet.Leave{}, &out)
		o.perform(&out)
		o.core, o.wake, o.left = nil, 0, true
	}
	o.mu.Unlock()
	ctx, cancel := context.WithTimeout(o.w.n.ctx, farewell)
	defer cancel()
	o.links.Flush(ctx)
}

// neighbours lists the near view, nearest first.
func (o *overlay) neighbours() []control.Neighbour {
	out := []control.Neighbour{}
	o.mu.Lock()
	if o.core == nil {
		o.mu.Unlock()
		return out
	}
	near, self := o.core.Near(), o.core.Self()
	o.mu.Unlock()
	for _, i := range near {
		d := i.Pos.Sub(self.Pos)
		nb := control.Neighbour{
			Key: i.Key.String(), PeerID: p2p.PeerID(i.Key), Kind: "avatar", Pos: pointOf(i.Pos), Rays: i.Rays,
			Distance: milli(math.Sqrt(float64(d.X)*float64(d.X) + float64(d.Y)*float64(d.Y) + float64(d.Z)*float64(d.Z))),
			Age:      math.Round(float64(i.AgeNs)/1e8) / 10, Name: o.w.nameOf(i.Key, i.Kind == wire.Site),
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
