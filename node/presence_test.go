package node

import (
	"testing"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/p2p"
	"github.com/metatopia/metatopia/presence"
	pwire "github.com/metatopia/metatopia/presence/wire"
	"github.com/metatopia/metatopia/raynet"
	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

// People hear of each other from their own nodes, over real streams: where
// they are, where they walk, and that they have gone.
func TestPeopleHearOfEachOther(t *testing.T) {
	one := startNode(t, Config{Name: "Owner"})
	w := must(one.Backend().WorldCreate(t.Context(), &control.WorldCreateRequest{
		Name: "Small", Spacing: 16, Size: control.Point{X: 64, Y: 16, Z: 64},
	}))(t)
	must(one.Backend().RegionSeed(t.Context(), &control.SeedRequest{Name: "One"}))(t)
	ada := startNode(t, Config{Name: "Ada", Join: w.Link})
	bob, err := Start(t.Context(), Config{Name: "Bob", Home: t.TempDir(), Listen: loopback, Join: w.Link})
	if err != nil {
		t.Fatal(err)
	}
	closed := false
	defer func() {
		if !closed {
			stopNode(t, bob)
		}
	}()
	of := func(who *Node) *control.Presence {
		r, err := ada.Backend().Inspect(t.Context(), &control.InspectRequest{Thing: base.AvatarID(who.key).String()})
		if err != nil {
			return nil
		}
		return r.Presence
	}
	// The owner's point of the overlay is its site; its person is asked.
	waitFor(t, "Ada to hear from Bob and from the owner", func() bool {
		b, o := of(bob), of(one)
		return b != nil && b.Rate == "full" && b.Off < 1 && o != nil && o.Off < 1
	})
	from := of(bob).Pos
	must(bob.Backend().Walk(t.Context(), &control.WalkRequest{To: &control.Point{X: from.X + 6, Z: from.Z}}))(t)
	waitFor(t, "Bob's own word that he is there", func() bool {
		p := of(bob)
		return p != nil && p.Pos.X > from.X+5 && p.Off < 1
	})
	s := must(ada.Backend().Status(t.Context()))(t)
	if c := s.Counters; c["presence_publishers"] != 2 || c["presence_subscribers"] != 2 || c["presence_seen"] != 2 || c["presence_received"] == 0 {
		t.Errorf("counters %v", c)
	}
	closed = true
	stopNode(t, bob)
	waitFor(t, "Bob to be gone", func() bool {
		return must(ada.Backend().Status(t.Context()))(t).Counters["presence_seen"] == 1
	})
}

// wires notes what interest sends.
type wires struct {
	linkSender
	sent []p2p.Outgoing
	bad  int
}

func (w *wires) Send(_ base.Key, _ int, m p2p.Outgoing) bool { w.sent = append(w.sent, m); return true }
func (w *wires) Strike(base.Key)                             { w.bad++ }

// One pose is encoded once for all who get it, and may be replaced while it
// waits; other messages may not.
func TestPresenceSharesPoses(t *testing.T) {
	cfg, err := presenceConfig.Complete()
	if err != nil {
		t.Fatal(err)
	}
	core, err := presence.New(cfg, base.Key{1}, presence.Start{AOI: 50, Epoch: 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	l := &wires{}
	w := &worldState{n: &Node{blocks: &blocks{of: map[base.Key]savedBlock{{8}: {}}}}}
	i := &interest{w: w, links: l, in: make(chan presence.Input, 8), core: core, began: time.Now()}
	for k := range byte(3) {
		i.step(presence.Message{From: base.Key{2 + k}, Msg: &pwire.Sub{Class: pwire.Full, Body: pwire.Body{AOI: 50}}})
	}
	for deadline := time.Now().Add(time.Minute); ; {
		l.sent = nil
		i.step(presence.SetPose{Pos: spatial.At(float64(time.Since(i.began).Milliseconds()), 0, 0), AOI: 50})
		poses := 0
		var first *byte
		for _, m := range l.sent {
			if pwire.Type(m.Msg[1]) != pwire.TypePose {
				if m.Class == p2p.Latest {
					t.Fatalf("a %v may be replaced", pwire.Type(m.Msg[1]))
				}
				continue
			}
			if m.Class != p2p.Latest {
				t.Fatal("a pose waits in line")
			}
			if poses == 0 {
				first = &m.Msg[0]
			} else if first != &m.Msg[0] {
				t.Fatal("a pose was encoded twice")
			}
			poses++
		}
		if poses == 3 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("no pose went to all three")
		}
	}
	i.recv(base.Key{9}, 0, []byte{1, 99})
	if l.bad != 1 || i.foreign.Load() != 1 || len(i.in) != 0 {
		t.Error("what is no message was taken for one")
	}
	i.recv(base.Key{8}, 0, []byte{1, 99})
	if l.bad != 1 || len(i.in) != 0 {
		t.Error("somebody who is blocked was listened to")
	}
}

// A region's owner may stand anywhere: its site is no hint of where. A pose is
// reckoned on for four seconds already, and only what is left of its age counts.
func TestPresenceAsksTheOwnersOfRegions(t *testing.T) {
	here := spatial.At(1, 2, 3)
	f := feedOf([]raynet.NeighbourInfo{
		{Key: base.Key{1}, Kind: wire.Site, Pos: spatial.At(500, 0, 0)},
		{Key: base.Key{2}, Kind: wire.Avatar, Pos: spatial.At(5, 0, 0), Vel: spatial.Vec{X: 1}, AOI: 9, AgeNs: 4_500_000_000},
	}, here)
	if len(f.List) != 2 || f.List[0].Pos != here || f.List[1].Pos != spatial.At(5, 0, 0) || f.List[1].AgeNs != 500_000_000 {
		t.Errorf("%+v", f.List)
	}
}
