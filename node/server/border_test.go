package server

import (
	"sync/atomic"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/wire"
	"github.com/metatopia/metatopia/spatial"
)

// TestTwoServers joins two servers back to back: a ball and an avatar cross.
func TestTwoServers(t *testing.T) {
	var peers [2]atomic.Pointer[Server]
	link := func(to int) func(base.ID, []byte) error {
		return func(from base.ID, msg []byte) error {
			if p := peers[to].Load(); p != nil {
				p.HandleBorder(from, msg)
			}
			return nil
		}
	}
	ca := Config{Region: regionConfig("hearth", 0), Dir: t.TempDir(), Publish: link(1), Furnish: set("hearth")}
	cb := Config{Region: regionConfig("commons", 64), Dir: t.TempDir(), Publish: link(0), Furnish: set("commons")}
	a, b := start(t, ca), start(t, cb)
	peers[0].Store(a.Server)
	peers[1].Store(b.Server)
	a.SetNeighbours([]region.Neighbour{{ID: cb.Region.ID, Name: "commons", Site: cb.Region.Site}})
	b.SetNeighbours([]region.Neighbour{{ID: ca.Region.ID, Name: "hearth", Site: ca.Region.Site}})
	both := func(n int) {
		for range n {
			a.ticks(1)
			b.ticks(1)
		}
	}
	ann := newPlayer(t, "ann")
	inA, inB := ann.dial(a), ann.dial(b)
	inA.join(a, 25.5, 2)
	view := &wire.View{Pos: spatial.At(30, 0, 0), Radius: 40}
	inA.send(view)
	inB.send(view)
	if ack := inA.do(a, region.Input{Kind: region.InThrow, Vel: spatial.Vec{X: 10, Y: 4}}); ack.Code != region.OK {
		t.Fatalf("throw: %v", ack.Code)
	}
	inA.send(&wire.Input{Signed: ann.signed(region.Input{Kind: region.InWalk, Pos: spatial.At(40, 0, 2)})})
	a.until("the ball and ann to arrive", func() bool {
		both(1)
		return b.count(EventHandoffs) >= 2 && b.count(EventCrossings) == 1 // balls of the run may come too
	})
	a.until("word of the move", func() bool {
		both(1)
		return inA.has(func(m wire.Message) bool {
			mv, ok := m.(*wire.Moved)
			return ok && mv.To == cb.Region.ID && mv.Thing == base.AvatarID(ann.key)
		})
	})
	a.until("the view to follow", func() bool {
		both(1)
		_, ball := inB.entity("red ball")
		_, me := inB.entity("ann")
		_, old := inA.entity("ann")
		return ball && me && !old
	})
	// What left is marked with where it went.
	inA.mu.Lock()
	to := base.ID{}
	for _, g := range inA.gone {
		if g.ID == base.AvatarID(ann.key) {
			to = g.To
		}
	}
	inA.mu.Unlock()
	if to != cb.Region.ID {
		t.Errorf("ann left the view towards %v", to)
	}
	if ack := inB.do(b, region.Input{Kind: region.InSay, Text: "here I am"}); ack.Code != region.OK {
		t.Fatalf("say over there: %v", ack.Code)
	}
	if ack := inA.do(a, region.Input{Kind: region.InSay, Text: "and here?"}); ack.Code != region.NotHere {
		t.Fatalf("say in the old region: %v", ack.Code)
	}
	a.until("everything to be settled", func() bool {
		both(1)
		st := a.Status()
		return st.Limbo == 0 && st.Players == 0
	})
}
