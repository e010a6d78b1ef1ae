package node

import (
	"bytes"
	"slices"
	"testing"

	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/scripting/guest"
)

func keptOne(t *testing.T, n *Node, name string) *control.KeptRegion {
	t.Helper()
	for _, r := range must(n.Backend().Kept(t.Context()))(t).Regions {
		if r.Name == name {
			return &r
		}
	}
	return nil
}

// The owner seeds a region with things and a script, a friend keeps it, the
// owner is gone, and a third node gets all of it from the friend alone.
func TestAFriendKeepsARegion(t *testing.T) {
	owner := startNode(t, Config{Name: "Ada", Guests: guest.FS()})
	w := found(t, owner)
	seeded := must(owner.Backend().RegionSeed(t.Context(), &control.SeedRequest{Name: "Hearthside", Furnish: "hearth"}))(t)
	script := must(owner.Backend().LumpAdd(t.Context(), true, once(bytes.Repeat([]byte("a mesh that a thing names "), 60_000))))(t)
	setSlot(t, owner, "lamp", region.SlotWrite{Name: "mesh", Value: region.LumpSlot(script.CID)})

	home := t.TempDir()
	friend := startNode(t, Config{Name: "Bob", Home: home, Join: w.Link, Absent: true})
	waitFor(t, "the friend to know the region", func() bool { return len(friend.current().records()) == 1 })
	res := must(friend.Backend().Keep(t.Context(), &control.KeepRequest{Region: "Hearthside", Quota: 64 << 20}))(t)
	if len(res.Regions) != 1 || !res.Regions[0].Whole || res.Regions[0].Tick == 0 || res.Used == 0 || res.Quota != 64<<20 {
		t.Fatalf("%+v", res)
	}
	// A newer one comes by itself; the one before stays.
	last := must(owner.Backend().RegionCheckpoint(t.Context(), &control.CheckpointRequest{}))(t)
	friend.current().keeper.Hurry()
	waitFor(t, "the next checkpoint", func() bool {
		r := keptOne(t, friend, "Hearthside")
		return r.Tick >= last.Tick && r.Whole && len(r.Older) == 1
	})
	kept := keptOne(t, friend, "Hearthside")
	if kept.Hash == "" || kept.Owner != owner.key.String() || kept.From != must(owner.Backend().Status(t.Context()))(t).PeerID {
		t.Fatalf("%+v", kept)
	}

	// The friend's own pin of that root is another matter than the keeper's.
	if _, err := friend.Backend().LumpUnpin(t.Context(), &control.LumpRequest{CID: kept.Root}); control.CodeOf(err) != control.Conflict {
		t.Errorf("a kept root was unpinned: %v", err)
	}

	stopNode(t, owner)
	stopNode(t, friend)
	again, err := Start(t.Context(), Config{Name: "Bob", Home: home, Listen: loopback, Absent: true})
	if err != nil {
		t.Fatal(err)
	}
	defer stopNode(t, again)
	if r := keptOne(t, again, "Hearthside"); r == nil || !r.Whole || r.Root != kept.Root {
		t.Fatalf("after a restart: %+v, want %+v", r, kept)
	}

	third := startNode(t, Config{Name: "Eve", Join: must(again.Backend().WorldInfo(t.Context()))(t).Link, Absent: true})
	for i, name := range []string{seeded.ID, "Hearthside"} {
		if i > 0 {
			if left := must(third.Backend().Unkeep(t.Context(), &control.UnkeepRequest{Region: "Hearthside"}))(t); len(left.Regions) > 0 {
				t.Fatalf("%+v", left)
			}
		}
		res = must(third.Backend().Keep(t.Context(), &control.KeepRequest{Region: name}))(t)
	}
	bob := must(again.Backend().Status(t.Context()))(t)
	if r := res.Regions[0]; !r.Whole || r.Root != kept.Root || r.From != bob.PeerID || r.Carry == 0 || r.Lacks != 0 {
		t.Fatalf("%+v", r)
	}
	if l := must(third.Backend().LumpStat(t.Context(), &control.LumpRequest{CID: script.CID}))(t); !l.Local {
		t.Fatal("what the lamp names is not here")
	}

	// It is all there: an archive of the root is enough for a node that knows
	// nobody, and the things begin another region with it.
	car := export(t, third, kept.Root)
	alone := startNode(t, Config{Name: "Zed"})
	roots := must(alone.Backend().LumpImport(t.Context(), true, once(car)))(t)
	if len(roots.Lumps) != 1 || roots.Lumps[0].CID != kept.Root || !roots.Lumps[0].Local {
		t.Fatalf("%+v", roots)
	}
	found(t, alone)
	must(alone.Backend().RegionSeed(t.Context(), &control.SeedRequest{Name: "Again", At: control.Point{X: 64}, From: kept.Root}))(t)
	served := alone.current().servedList()[0]
	waitFor(t, "the things", func() bool { return len(served.srv.Things()) > 20 })
	things := served.srv.Things()
	lamp := slices.IndexFunc(things, func(s region.Seen) bool { return s.Thing.Name == "lamp" })
	if v, _ := things[lamp].Thing.Slots.Get("mesh"); v.Lump != script.CID {
		t.Fatalf("the lamp's mesh is %+v", v)
	}
	for _, slot := range []string{region.SlotScript, region.SlotSource} {
		v, ok := things[lamp].Thing.Slots.Get(slot)
		if !ok {
			continue // the guests are not built
		}
		if l := must(alone.Backend().LumpStat(t.Context(), &control.LumpRequest{CID: v.Lump}))(t); !l.Local {
			t.Errorf("the lamp's %s is not here", slot)
		}
	}
	if st := must(alone.Backend().Status(t.Context()))(t); st.Serving[0].From != kept.Root {
		t.Fatalf("%+v", st.Serving)
	}
}

func setSlot(t *testing.T, n *Node, thing string, w region.SlotWrite) {
	t.Helper()
	s := n.current().servedList()[0]
	var id = s.id
	waitFor(t, thing, func() bool {
		for _, x := range s.srv.Things() {
			if x.Thing.Name == thing {
				id = x.Thing.ID
				return true
			}
		}
		return false
	})
	if err := s.srv.Control(t.Context(), region.ControlEntry{Kind: region.ControlSet, ID: id, Slot: w}); err != nil {
		t.Fatal(err)
	}
}

func export(t *testing.T, n *Node, cid string) []byte {
	t.Helper()
	var out []byte
	err := n.Backend().LumpExport(t.Context(), &control.LumpRequest{CID: cid}, func(c *control.LumpChunk) error {
		out = append(out, c.Data...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// What is forgotten is gone here and not given to others any more; what other
// nodes have stays there, and what this node needs is not forgotten.
func TestForget(t *testing.T) {
	a := startNode(t, Config{Name: "Ada"})
	w := found(t, a)
	b := startNode(t, Config{Name: "Bob", Join: w.Link, Absent: true})
	content := bytes.Repeat([]byte("words that I would rather not have said "), 100_000)
	l := must(a.Backend().LumpAdd(t.Context(), true, once(content)))(t)
	req := &control.LumpRequest{CID: l.CID, Providers: true}
	if st := must(a.Backend().LumpStat(t.Context(), req))(t); len(st.Holders) != 1 || !st.Holders[0].Self {
		t.Errorf("before anybody fetched it: %+v", st.Holders)
	}
	must(b.Backend().LumpPin(t.Context(), req))(t)
	res := must(a.Backend().LumpForget(t.Context(), req))(t)
	if res.Freed < int64(len(content)) || res.Kept != 0 || res.Young != 0 {
		t.Errorf("%+v", res)
	}
	st := must(a.Backend().LumpStat(t.Context(), req))(t)
	if st.Local || st.Pinned {
		t.Errorf("still here: %+v", st)
	}
	if h := st.Holders; len(h) == 0 || h[0].PeerID != must(b.Backend().Status(t.Context()))(t).PeerID || h[0].Answer != "has it" {
		t.Errorf("%+v", h)
	}
	if _, err := a.Backend().LumpForget(t.Context(), &control.LumpRequest{CID: w.ID}); control.CodeOf(err) != control.Conflict {
		t.Errorf("the charter was forgotten: %v", err)
	}
	if _, err := a.Backend().LumpForget(t.Context(), req); control.CodeOf(err) != control.NotFound {
		t.Errorf("forgotten twice: %v", err)
	}
}
