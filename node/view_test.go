package node

import (
	"testing"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/wire"
	"github.com/metatopia/metatopia/spatial"
)

var (
	regA, regB   = base.ID{0xa}, base.ID{0xb}
	siteA, siteB = spatial.At(0, 0, 0), spatial.At(64, 0, 0)
)

func entity(n byte, epoch uint64, x float64) wire.Entity {
	e := wire.Entity{Epoch: epoch, Kind: "ball", Name: "Ball"}
	e.Pose.ID = base.ID{n}
	e.Pose.Off[0] = int32(x * spatial.Unit)
	return e
}

func TestViewFollowsAHandOff(t *testing.T) {
	v, now := newView(), time.Unix(1000, 0)
	v.apply(regA, siteA, &wire.Delta{Full: true, Upserts: []wire.Entity{entity(1, 1, 31), entity(2, 1, 5)}}, now)
	f, rev, _, _ := v.frame(0, base.ID{})
	if !f.Full || len(f.Upsert) != 2 || len(f.Poses) != 0 {
		t.Fatalf("first frame %+v", f)
	}
	// A hands it to B; it stays on screen until B shows it.
	v.apply(regA, siteA, &wire.Delta{Gone: []wire.Gone{{ID: base.ID{1}, To: regB}}}, now)
	if f, rev, _, _ = v.frame(rev, base.ID{}); len(f.Gone) != 0 {
		t.Fatalf("vanished at the border: %+v", f)
	}
	v.apply(regB, siteB, &wire.Delta{Upserts: []wire.Entity{entity(1, 2, -31)}}, now)
	f, rev, _, _ = v.frame(rev, base.ID{})
	if len(f.Upsert) != 1 || f.Upsert[0].Region != regB.String() || f.Upsert[0].Pos.X != 33 {
		t.Fatalf("after the hand-off %+v", f.Upsert)
	}
	// A's late words about it count no more.
	v.apply(regA, siteA, &wire.Delta{Upserts: []wire.Entity{entity(1, 1, 30)}, Poses: []wire.Pose{entity(1, 1, 29).Pose}}, now)
	if s, _ := v.get(base.ID{1}); s.region != regB || s.pos().X != 33*spatial.Unit {
		t.Fatalf("stale word believed: %+v", s)
	}
	v.apply(regA, siteA, &wire.Delta{Gone: []wire.Gone{{ID: base.ID{1}}}}, now)
	if _, ok := v.get(base.ID{1}); !ok {
		t.Fatal("the old owner removed a thing that is no longer its own")
	}
	v.sweep(now.Add(time.Hour))
	if f, _, _, _ = v.frame(rev, base.ID{}); len(f.Gone) != 0 {
		t.Fatalf("swept what B shows: %+v", f)
	}
}

func TestViewDropsWhatNobodyTakesOver(t *testing.T) {
	v, now := newView(), time.Unix(1000, 0)
	v.apply(regA, siteA, &wire.Delta{Full: true, Upserts: []wire.Entity{entity(1, 1, 31)}}, now)
	_, rev, _, _ := v.frame(0, base.ID{})
	v.apply(regA, siteA, &wire.Delta{Gone: []wire.Gone{{ID: base.ID{1}, To: regB}}}, now)
	v.sweep(now.Add(handoverGrace - time.Millisecond))
	if _, ok := v.get(base.ID{1}); !ok {
		t.Fatal("dropped too soon")
	}
	v.sweep(now.Add(handoverGrace + time.Millisecond))
	if f, _, _, _ := v.frame(rev, base.ID{}); len(f.Gone) != 1 {
		t.Fatalf("not dropped: %+v", f)
	}
}

func TestViewFullDeltaReplaces(t *testing.T) {
	v, now := newView(), time.Unix(1000, 0)
	v.apply(regA, siteA, &wire.Delta{Full: true, Upserts: []wire.Entity{entity(1, 1, 1), entity(2, 1, 2)}}, now)
	v.apply(regB, siteB, &wire.Delta{Full: true, Upserts: []wire.Entity{entity(3, 1, 1)}}, now)
	_, rev, _, _ := v.frame(0, base.ID{})
	v.apply(regA, siteA, &wire.Delta{Full: true, Upserts: []wire.Entity{entity(2, 1, 2)}}, now)
	f, _, _, _ := v.frame(rev, base.ID{})
	if len(f.Gone) != 1 || len(f.Upsert) != 0 || len(f.Poses) != 1 {
		t.Fatalf("%+v", f)
	}
	v.lost(regB)
	if _, ok := v.get(base.ID{3}); ok {
		t.Fatal("a lost region's things are still shown")
	}
}

func TestViewNearIsSorted(t *testing.T) {
	v := newView()
	v.apply(regA, siteA, &wire.Delta{Full: true, Upserts: []wire.Entity{entity(1, 1, 9), entity(2, 1, 3), entity(3, 1, 6)}}, time.Unix(1, 0))
	got := v.near(siteA, 2, base.ID{3})
	if len(got) != 2 || got[0].e.Pose.ID != (base.ID{2}) || got[1].e.Pose.ID != (base.ID{1}) {
		t.Fatalf("%+v", got)
	}
}
