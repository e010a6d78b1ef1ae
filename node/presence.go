package node

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/overlay"
	"github.com/metatopia/metatopia/node/p2p"
	"github.com/metatopia/metatopia/presence"
	pwire "github.com/metatopia/metatopia/presence/wire"
	"github.com/metatopia/metatopia/raynet"
	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

// presenceProtocol carries poses from avatar to avatar. A crowd's sensor sends
// 10 poses, 20 digests and a few questions a second; the core counts again.
var presenceProtocol = p2p.Protocol{
	ID: "/metatopia/presence/1", Name: "presence", Limit: pwire.MaxMessage, Idle: 30 * time.Second, Value: 5,
	Messages: p2p.Rate{PerSecond: 80, Burst: 300}, Bytes: p2p.Rate{PerSecond: 48 << 10, Burst: 256 << 10},
}

// protocols are all that this node's links carry.
func protocols() []p2p.Protocol { return append(overlay.Protocols(), presenceProtocol) }

const (
	// presenceBeat is how often the own pose is looked at: the full rate.
	presenceBeat = 100 * time.Millisecond
	// presenceFeed is how often the overlay's near view is handed on.
	presenceFeed = time.Second
	// presenceQueue bounds the messages that wait for the core; more are
	// dropped, which the protocol survives.
	presenceQueue = 1024
)

// presenceConfig keeps fewer relations than the protocol allows: each is a
// connection of some 200 kB, and all are to be fewer than p2p keeps.
var presenceConfig = presence.Config{Subs: 64, MaxPeers: 96}

// interest tells the nodes of the people around where this node's avatar is,
// and hears it from them. It stands beside the regions' views: nothing that a
// person sees comes from it yet.
type interest struct {
	w       *worldState
	links   linkSender
	in      chan presence.Input
	began   time.Time
	dropped atomic.Uint64
	foreign atomic.Uint64
	entered atomic.Uint64
	left    atomic.Uint64

	mu   sync.Mutex
	core *presence.Node // nil until the avatar has a place, and after leaving
	pose presence.SetPose
	told time.Time
	gone bool
	wake int64
	out  presence.Outbox
}

// linkSender is the part of p2p.Links that interest uses.
type linkSender interface {
	Send(to base.Key, proto int, m p2p.Outgoing) bool
	Drop(to base.Key)
	Strike(from base.Key)
	Flush(ctx context.Context)
	LinkStats(m map[string]uint64)
	Close()
}

func (w *worldState) startPresence() error {
	i := &interest{w: w, in: make(chan presence.Input, presenceQueue), began: time.Now()}
	l, err := w.n.net.Links(p2p.LinksConfig{
		Protocols: []p2p.Protocol{presenceProtocol}, Recv: i.recv,
		Fail: func(to base.Key) { i.give(presence.PeerGone{Key: to}) },
	})
	if err != nil {
		return err
	}
	i.links = l
	w.presence = i
	w.n.goRun(i.run)
	return nil
}

// recv is called by the goroutine of each inbound stream, so that parsing does
// not hold up the core.
func (i *interest) recv(from base.Key, _ int, msg []byte) {
	if i.w.n.blocks.blocked(from) {
		return // neither seen nor answered
	}
	m, err := pwire.Parse(msg)
	if err != nil {
		i.foreign.Add(1)
		i.links.Strike(from)
		return
	}
	i.give(presence.Message{From: from, Msg: m})
}

func (i *interest) give(in presence.Input) {
	select {
	case i.in <- in:
	default:
		i.dropped.Add(1)
	}
}

// peerDown tells that the last connection to a node has ended.
func (i *interest) peerDown(k base.Key) {
	i.links.Drop(k)
	i.give(presence.PeerGone{Key: k})
}

func (i *interest) run(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	beat := time.NewTicker(presenceBeat)
	defer beat.Stop()
	feed := time.NewTicker(presenceFeed)
	defer feed.Stop()
	for {
		var in presence.Input
		select {
		case <-ctx.Done():
			return
		case in = <-i.in:
		case <-timer.C:
			in = presence.Tick{}
		case <-beat.C:
			i.place()
			continue
		case <-feed.C:
			in = i.neighbours()
		}
		i.mu.Lock()
		if i.core != nil {
			i.step(in)
			timer.Reset(max(time.Duration(i.wake)-time.Since(i.began), time.Millisecond))
		}
		i.mu.Unlock()
	}
}

// place tells the core where the avatar is, and starts it once it is anywhere.
func (i *interest) place() {
	p := i.w.player
	p.mu.Lock()
	pose, ok := presence.SetPose{Pos: p.pos, Vel: p.vel, AOI: viewRadius}, p.placed && !p.owner.IsZero()
	p.mu.Unlock()
	i.mu.Lock()
	defer i.mu.Unlock()
	if !ok || i.gone {
		return
	}
	if i.core == nil {
		if err := i.begin(pose); err != nil {
			i.w.n.log.Error("presence not started", "err", err)
			i.gone = true
			return
		}
	}
	// The core forgets a velocity that is not repeated.
	repeat := pose.Vel != (spatial.Vec{}) && time.Since(i.told) >= poseRepeat
	if pose == i.pose && !repeat {
		return
	}
	i.pose, i.told = pose, time.Now()
	i.step(pose)
}

const poseRepeat = 500 * time.Millisecond

// begin makes the core. i.mu is held.
func (i *interest) begin(pose presence.SetPose) error {
	cfg, err := presenceConfig.Complete()
	if err != nil {
		return err
	}
	epoch, err := i.w.n.nextEpoch()
	if err != nil {
		return err
	}
	i.core, err = presence.New(cfg, i.w.n.key, presence.Start{
		Pos: pose.Pos, AOI: pose.AOI, Epoch: epoch, Seed: uint64(time.Now().UnixNano()),
	}, nil)
	return err
}

// neighbours are the overlay's. A site says where a region is, not where the
// person at its node is: it is named as standing here, so that it is asked.
func (i *interest) neighbours() presence.Input {
	near, _, _ := i.w.overlay.Near()
	i.mu.Lock()
	here := i.pose.Pos
	i.mu.Unlock()
	return feedOf(near, here)
}

func feedOf(near []raynet.NeighbourInfo, here spatial.Pos) presence.Neighbours {
	list := make([]presence.Neighbour, 0, len(near))
	for _, k := range near {
		n := presence.Neighbour{Key: k.Key, Pos: k.Pos, Vel: k.Vel, AOI: k.AOI, AgeNs: k.BehindNs()}
		if k.Kind == wire.Site {
			n.Pos, n.Vel = here, spatial.Vec{}
		}
		list = append(list, n)
	}
	return presence.Neighbours{List: list}
}

// step gives the core one input and carries out the effects. i.mu is held.
func (i *interest) step(in presence.Input) {
	i.out.Reset()
	i.core.Step(int64(time.Since(i.began)), in, &i.out)
	if i.out.WakeAt != 0 {
		i.wake = i.out.WakeAt
	}
	var last pwire.Message
	var bytes []byte
	for k := range i.out.Sends {
		s := &i.out.Sends[k]
		// One pose goes to many; links do not change what they are given.
		if s.Msg != last {
			last, bytes = s.Msg, pwire.Append(nil, s.Msg)
		}
		m := p2p.Outgoing{Class: p2p.Reliable, Msg: bytes}
		switch s.Class {
		case presence.LatestWins:
			m.Class = p2p.Latest
		case presence.Bulk:
			m.Class = p2p.Bulk
		}
		i.links.Send(s.To, 0, m)
	}
	for _, e := range i.out.Events {
		switch e.Kind {
		case presence.Entered:
			i.entered.Add(1)
		case presence.Left:
			i.left.Add(1)
		case presence.Distrusted, presence.Flooding:
			i.links.Strike(e.Key)
		}
	}
}

// leave says farewell and waits until it is sent, or ctx ends.
func (i *interest) leave(ctx context.Context) {
	i.mu.Lock()
	if i.core != nil {
		i.step(presence.Leave{})
	}
	i.core, i.gone = nil, true
	i.mu.Unlock()
	i.links.Flush(ctx)
	i.links.Close()
}

// of tells what an avatar's own node says of it, for people to compare with
// shown, where its region has it. nil when nothing is known, or the thing is
// no avatar.
func (i *interest) of(avatar base.ID, shown spatial.Pos) *control.Presence {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.core == nil {
		return nil
	}
	for _, a := range i.core.Seen(nil) {
		if !a.FirstHand || base.AvatarID(a.Key) != avatar {
			continue
		}
		d := a.Pos.Sub(shown)
		return &control.Presence{
			Rate: a.Rate.String(), Age: milli(float64(a.AgeNs) / 1e9), Pos: pointOf(a.Pos),
			Off: milli(math.Sqrt(float64(d.X)*float64(d.X) + float64(d.Y)*float64(d.Y) + float64(d.Z)*float64(d.Z))),
		}
	}
	return nil
}

// stats adds the counters of links, driver and core to m; names begin with
// presence_ and zeros are left out.
func (i *interest) stats(m map[string]uint64) {
	i.links.LinkStats(m)
	put := func(name string, v uint64) {
		if v > 0 {
			m["presence_"+name] = v
		}
	}
	put("inbox_dropped", i.dropped.Load())
	put("foreign", i.foreign.Load())
	put("entered", i.entered.Load())
	put("left", i.left.Load())
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.core == nil {
		return
	}
	publishers, subscribers, hearsay := i.core.Links()
	put("publishers", uint64(publishers))
	put("subscribers", uint64(subscribers))
	put("hearsay", uint64(hearsay))
	put("seen", uint64(len(i.core.Seen(nil))))
	c := i.core.Counters()
	put("poses_skipped", c.Skipped)
	put("poses_held", c.Held)
	put("marks_cut", c.Cut)
	put("stale", c.Stale)
	put("unasked", c.Unasked)
	put("over_rate", c.OverRate)
	put("no_room", c.TooMany)
	put("hints_good", c.HintsGood)
	put("hints_bad", c.HintsBad)
}
