package server

import (
	"sync/atomic"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
)

// TestFurnished joins the two sets of the demo: the balls of both tracks roll
// over the border to their ends, and the tower stands meanwhile.
func TestFurnished(t *testing.T) {
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
	for range 300 {
		a.ticks(1)
		b.ticks(1)
		// A release waits for the disk, which knows nothing of this clock: a
		// sync must not take as long as a stall of seconds would.
		a.until("the disk", func() bool {
			x, y := a.Status(), b.Status()
			return x.Durable+groupTicks+2 >= x.Tick && y.Durable+groupTicks+2 >= y.Tick
		})
	}
	for i, h := range []*harness{a, b} {
		if in, out := h.count(EventHandoffs), h.count(EventHandoffsOut); in != 3 || out != 3 {
			t.Errorf("region %d: %d balls came, %d went", i, in, out)
		}
		balls := 0
		for _, s := range h.Things() {
			if s.Thing.Name != "runner" {
				continue
			}
			balls++
			// At the end of its track: near the board, on the plank.
			x, _, z := h.cfg.Region.Site.Add(s.Motion.Pos).Meters()
			want := 40.0
			if i == 0 {
				want = 24
			}
			if x < want-4 || x > want+4 || s.Motion.Pos.Y < 0.7 || s.Motion.Pos.Y > 1.9 || z < 18 || z > 24 {
				t.Errorf("region %d: a ball ended at %.2f, %.2f, %.2f", i, x, s.Motion.Pos.Y, z)
			}
		}
		if balls != 3 {
			t.Errorf("region %d has %d balls", i, balls)
		}
	}
	boxes := 0
	for _, h := range []*harness{a, b} {
		for _, s := range h.Things() {
			if s.Thing.Name == "tower" {
				boxes++
				if x, _, _ := h.cfg.Region.Site.Add(s.Motion.Pos).Meters(); x < 31.7 || x > 32.1 {
					t.Errorf("a box of the tower is at %v", s.Motion.Pos)
				}
			}
		}
	}
	if boxes != 10 {
		t.Errorf("%d boxes of the tower", boxes)
	}
}
