package node

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/scripting/guest"
)

// TestThePastOfARegion: a node makes past ticks again, scripts included, keeps one
// of them as a checkpoint that another region begins with, and puts back what
// somebody did.
func TestThePastOfARegion(t *testing.T) {
	n := startNode(t, Config{Name: "Ada", Guests: guest.FS()})
	found(t, n)
	b := n.Backend()
	must(b.RegionSeed(t.Context(), &control.SeedRequest{Name: "Hearthside", Furnish: "hearth"}))(t)
	waitFor(t, "the avatar to stand in the region", func() bool { return must(b.Status(t.Context()))(t).InRegion != "" })
	srv := n.current().servedList()[0].srv
	lamp := ""
	waitFor(t, "the lamp", func() bool {
		for _, x := range srv.Things() {
			if x.Thing.Name == "lamp" {
				lamp = x.Thing.ID.String()
			}
		}
		return lamp != ""
	})
	setTitle := func(v string) {
		t.Helper()
		must(b.SetSlot(t.Context(), &control.SetSlotRequest{Thing: lamp, Slot: control.Slot{Name: "title", Type: "text", Value: v}}))(t)
	}
	setTitle("before")
	since := srv.Status().Tick + 1
	setTitle("after")
	waitFor(t, "some ticks", func() bool { return srv.Status().Tick > since+40 })

	var last *control.ReplayStep
	run := func(req *control.ReplayRequest) *control.ReplayStep {
		t.Helper()
		if err := b.RegionReplay(t.Context(), req, func(s *control.ReplayStep) error { last = s; return nil }); err != nil {
			t.Fatal(err)
		}
		return last
	}
	whole := run(&control.ReplayRequest{From: "1"})
	if whole.From != 1 || whole.Tick < uint64(since)+40 || !whole.Checked || whole.Differs != 0 {
		t.Fatalf("%+v", whole)
	}
	// The state before the second write, as a region of its own.
	kept := run(&control.ReplayRequest{From: "1", To: uint64(since) - 1, Keep: true})
	if kept.CID == "" || !kept.Checked {
		t.Fatalf("%+v", kept)
	}
	must(b.RegionSeed(t.Context(), &control.SeedRequest{Name: "Past", At: control.Point{X: 64}, From: kept.CID}))(t)
	past, err := n.current().ownRegion("Past")
	if err != nil {
		t.Fatal(err)
	}
	title := func(s *servedRegion) (v string) {
		for _, x := range s.srv.Things() {
			if x.Thing.Name == "lamp" {
				s, _ := x.Thing.Slots.Get("title")
				v = s.Text
			}
		}
		return v
	}
	waitFor(t, "the things of the past", func() bool { return title(past) == "before" })
	if past.from != kept.CID {
		t.Fatal("the new region does not say what it began with")
	}

	// And one of that: who made what is as it was, and both say where they come from.
	waitFor(t, "some ticks", func() bool { return past.srv.Status().Tick > 10 })
	twice := run(&control.ReplayRequest{Region: "Past", Keep: true})
	must(b.RegionSeed(t.Context(), &control.SeedRequest{Name: "Older", At: control.Point{X: 128}, From: twice.CID}))(t)
	older, err := n.current().ownRegion("Older")
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, "its things", func() bool { return title(older) == "before" })
	credits := func(s *servedRegion) string {
		var list []string
		for _, x := range s.srv.Things() {
			if x.Thing.Player.IsZero() && x.Thing.Name != "runner" { // they come and go
				line := x.Thing.Name + " " + x.Thing.Owner.String()
				for _, slot := range []string{region.SlotScript, region.SlotSource, region.SlotLanguage, region.SlotLicense, region.SlotAuthor, region.SlotPackage} {
					v, _ := x.Thing.Slots.Get(slot)
					line += " " + v.Lump + v.Text
				}
				list = append(list, line)
			}
		}
		slices.Sort(list)
		return strings.Join(list, "\n")
	}
	first, err := n.current().ownRegion("Hearthside")
	if err != nil {
		t.Fatal(err)
	}
	if want := credits(first); len(want) < 100 || credits(past) != want || credits(older) != want {
		t.Fatalf("%s\n\n%s\n\n%s", want, credits(past), credits(older))
	}
	for _, r := range must(b.Status(t.Context()))(t).Serving {
		want := map[string][]control.RegionOrigin{}
		one := control.RegionOrigin{CID: kept.CID, Region: first.id.String(), Name: "Hearthside", Owner: n.key.String(), Tick: kept.Tick}
		want["Past"] = []control.RegionOrigin{one}
		want["Older"] = []control.RegionOrigin{one, {CID: twice.CID, Region: past.id.String(), Name: "Past", Owner: n.key.String(), Tick: twice.Tick}}
		if !slices.Equal(r.Origins, want[r.Name]) {
			t.Fatalf("%s comes from %+v, want %+v", r.Name, r.Origins, want[r.Name])
		}
	}

	// What Ada did since then is put back.
	var prop *control.UndoProposal
	own := first
	err = b.RegionUndo(t.Context(), &control.UndoRequest{Region: "Hearthside", Player: "Ada", Since: strconv.FormatUint(uint64(since), 10)}, func(a *control.UndoAnswer) error {
		prop = a.Proposal
		return nil
	})
	if err != nil || prop == nil || len(prop.Parts) != 1 || prop.Inputs == 0 {
		t.Fatal(prop, err)
	}
	if title(own) != "after" {
		t.Fatal("a proposal changes the region")
	}
	must(b.RegionUndoCommit(t.Context(), &control.UndoCommitRequest{Region: prop.Region, Part: prop.Parts[0]}))(t)
	waitFor(t, "the slot as it was", func() bool { return title(own) == "before" })
	// Once more it does not fit.
	if _, err := b.RegionUndoCommit(t.Context(), &control.UndoCommitRequest{Region: prop.Region, Part: prop.Parts[0]}); control.CodeOf(err) != control.Conflict {
		t.Fatal(err)
	}
	if again := run(&control.ReplayRequest{Region: "Hearthside", From: "1"}); again.Differs != 0 || !again.Checked {
		t.Fatalf("%+v", again)
	}
	// What nobody keeps is said so.
	err = b.RegionUndo(t.Context(), &control.UndoRequest{Region: "Hearthside", Player: "Nobody at all", Since: "2"}, func(*control.UndoAnswer) error { return nil })
	if control.CodeOf(err) != control.NotFound {
		t.Fatal(err)
	}
	err = b.RegionReplay(t.Context(), &control.ReplayRequest{Region: "Hearthside", To: 1 << 40}, func(*control.ReplayStep) error { return nil })
	if control.CodeOf(err) != control.NotFound {
		t.Fatal(err)
	}
}
