package server

import (
	"testing"

	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/wire"
	"github.com/metatopia/metatopia/spatial"
)

func TestClientSeesAndActs(t *testing.T) {
	cfg := Config{Region: regionConfig("commons", 64), Dir: t.TempDir(), Furnish: set("commons")}
	h := start(t, cfg)
	ann := newPlayer(t, "ann").dial(h)
	ann.join(h, -5, 10.5)
	ann.send(&wire.View{Pos: spatial.At(64, 0, 0), Radius: 60})
	h.until("the furniture", func() bool {
		h.ticks(1)
		_, bell := ann.entity("bell")
		_, me := ann.entity("ann")
		return bell && me
	})
	b, _ := ann.entity("bell")
	if b.Script != "bell" || !b.Fixed || b.Kind != "bell" {
		t.Fatalf("bell looks like %+v", b)
	}
	if a := ann.do(h, region.Input{Kind: region.InTouch, Thing: b.Pose.ID}); a.Code != region.OK || a.Thing != b.Pose.ID {
		t.Fatalf("touch: %+v", a)
	}
	h.until("a ding", func() bool { h.ticks(1); return ann.heard("Ding! (1)") })
	if a := ann.do(h, region.Input{Kind: region.InSay, Text: "hello"}); a.Code != region.OK || h.Status().Durable < a.Tick {
		t.Fatalf("say: %+v, durable %d", a, h.Status().Durable)
	}
	if !ann.heard("hello") {
		h.until("my own line", func() bool { return ann.heard("hello") })
	}
	ann.send(&wire.Inspect{Ref: 9, Thing: b.Pose.ID})
	h.until("inspection", func() bool {
		return ann.has(func(m wire.Message) bool {
			r, ok := m.(*wire.InspectReply)
			return ok && r.Ref == 9 && r.Found && r.Runs >= 1 && len(r.Slots) == 2
		})
	})
}

// set furnishes a region with one of the sets.
func set(name string) func() ([]region.ControlEntry, error) {
	return func() ([]region.ControlEntry, error) { return Furnish(name), nil }
}
