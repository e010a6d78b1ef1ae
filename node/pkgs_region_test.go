package node

import (
	"bytes"
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/scripting/guest"
	"github.com/metatopia/metatopia/scripting/guesttest"
	"github.com/metatopia/metatopia/scripting/pkg/recipe"
)

// A region with the rule of copyleft runs what is open and refuses the rest.
func TestCopyleftRegion(t *testing.T) {
	a := startNode(t, Config{Name: "Ada", Guests: guest.FS()})
	found(t, a)
	must(a.Backend().RegionSeed(t.Context(), &control.SeedRequest{Name: "Commons", Furnish: "hearth", Copyleft: true}))(t)
	srv := a.current().servedList()[0].srv
	thing := ""
	waitFor(t, "the things", func() bool {
		for _, x := range srv.Things() {
			if x.Thing.Name == "bench" || thing == "" && !x.Thing.Hollow && x.Thing.Player.IsZero() && x.Thing.Script() == "" {
				thing = x.Thing.ID.String()
			}
		}
		return thing != ""
	})
	waitFor(t, "the rule", func() bool {
		return must(a.Backend().RegionRules(t.Context(), &control.RegionRulesRequest{}))(t).Copyleft
	})
	closed := buildPackage(t, a, planOf("closed", "1.0.0", "sim", map[string]any{"closed": true}), guesttest.Bell("no"))
	mine := buildPackage(t, a, planOf("mine", "1.0.0", "sim", map[string]any{"license": "LicenseRef-Mine"}), guesttest.Bell("no"))
	open := buildPackage(t, a, planOf("open", "1.0.0", "sim", map[string]any{"license": "AGPL-3.0-or-later"}), guesttest.Bell("ding"))
	for _, p := range []*control.Package{closed, mine, open} {
		must(a.Backend().PkgInstall(t.Context(), &control.PkgInstallRequest{Ref: p.CID}))(t)
	}
	waitFor(t, "the avatar to see the thing", func() bool {
		_, err := a.Backend().Inspect(t.Context(), &control.InspectRequest{Thing: thing})
		return err == nil
	})
	put := func(ref string) error {
		return answered(t, func() error {
			_, err := a.Backend().PkgPut(t.Context(), &control.PkgPutRequest{Ref: ref, Thing: thing})
			return err
		})
	}
	for _, p := range []*control.Package{closed, mine} {
		if err := put(p.CID); control.CodeOf(err) != control.Denied {
			t.Fatalf("%s: %v", p.Name, err)
		}
	}
	if err := put("open"); err != nil {
		t.Fatal(err)
	}
	src := must(a.Backend().PkgSource(t.Context(), &control.PkgRequest{Ref: thing}))(t)
	if src.CID != open.Source || src.Package != open.CID || !src.Bundle || src.License != "AGPL-3.0-or-later" {
		t.Errorf("%+v", src)
	}
	if in := must(a.Backend().Inspect(t.Context(), &control.InspectRequest{Thing: thing}))(t); !strings.Contains(in.Source, "==> x.wat\n(module)") {
		t.Errorf("%q", in.Source)
	}
	// The region waits for the source as it does for the module.
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	id := must(parseThing(thing))(t)
	runs := func() uint64 {
		for _, x := range srv.Things() {
			if x.Thing.ID == id {
				if x.Thing.LastError != "" && !strings.Contains(x.Thing.LastError, "not loaded yet") {
					t.Fatal(x.Thing.LastError)
				}
				return x.Thing.Runs
			}
		}
		return 0
	}
	if err := srv.Control(ctx, region.ControlEntry{Kind: region.ControlSet, ID: id, Slot: region.SlotWrite{Name: region.SlotEvery, Value: region.IntSlot(region.MinEvery)}}); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the script to run", func() bool { return runs() > 0 })
	// A script without source is refused to whoever sets it by hand, too.
	err := answered(t, func() error {
		_, err := a.Backend().SetSlot(t.Context(), &control.SetSlotRequest{Thing: thing, Slot: control.Slot{Name: region.SlotSource, Type: "none"}})
		return err
	})
	if control.CodeOf(err) != control.Denied {
		t.Errorf("the source was taken away: %v", err)
	}
	off := false
	if r := must(a.Backend().RegionRules(t.Context(), &control.RegionRulesRequest{Copyleft: &off}))(t); r.Copyleft {
		t.Errorf("%+v", r)
	}
	if err := put("closed"); err != nil {
		t.Error(err)
	}
}

// answered tries again while the region does not answer in time: on a busy
// machine its disk may not keep up.
func answered(t *testing.T, do func() error) (err error) {
	t.Helper()
	waitFor(t, "the region to answer", func() bool {
		err = do()
		return control.CodeOf(err) != control.Unavailable
	})
	return err
}

// A Lua script is a package too: the node binds it to its own driver, and
// whoever builds it again gets the same bytes.
func TestLuaPackage(t *testing.T) {
	needGuest(t, guest.Lua)
	a := startNode(t, Config{Name: "Ada", Guests: guest.FS()})
	found(t, a)
	must(a.Backend().RegionSeed(t.Context(), &control.SeedRequest{Name: "Hearthside", Furnish: "hearth", Copyleft: true}))(t)
	seen := watch(t, a)
	var lamp control.Entity
	waitFor(t, "the lamp", func() (ok bool) { lamp, ok = seen.named("lamp"); return ok })
	const text = "function on_heard(who, text)\n  self.heard = (self.heard or 0) + 1\nend\n"
	plan := planOf("parrot", "1.0.0", "sim", map[string]any{"build": map[string]any{"tool": "lua"}, "modules": map[string]any{"sim": "parrot.lua"}})
	p := buildPackage(t, a, plan, []byte(text))
	if p.Options["driver.sim"] == "" || p.Tool != "lua" {
		t.Fatalf("%+v", p)
	}
	b, _, err := a.lumps.Bytes(t.Context(), must(lumps.Parse(p.Modules[0].CID))(t), 1<<20)
	if want := must(recipe.Lua("parrot.lua", p.Options["driver.sim"], []byte(text)))(t); err != nil || !bytes.Equal(b, want) {
		t.Fatalf("%s, %v", b, err)
	}
	must(a.Backend().PkgInstall(t.Context(), &control.PkgInstallRequest{Ref: p.CID}))(t)
	waitFor(t, "an avatar", func() bool { st, err := a.Backend().Status(t.Context()); return err == nil && st.InRegion != "" })
	err = answered(t, func() error {
		_, err := a.Backend().PkgPut(t.Context(), &control.PkgPutRequest{Ref: "parrot", Thing: "lamp"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the script to run", func() bool {
		_, _ = a.Backend().Say(t.Context(), &control.SayRequest{Text: "hello"}) // too many at once are refused
		in := must(a.Backend().Inspect(t.Context(), &control.InspectRequest{Thing: lamp.ID}))(t)
		return slices.ContainsFunc(in.Slots, func(s control.Slot) bool { return s.Name == "heard" })
	})
	// The same for a process.
	plan = planOf("teller", "1.0.0", "process", map[string]any{"build": map[string]any{"tool": "lua"}, "modules": map[string]any{"process": "teller.lua"}})
	p = buildPackage(t, a, plan, []byte("function run() print('hello') end\n"))
	must(a.Backend().PkgInstall(t.Context(), &control.PkgInstallRequest{Ref: p.CID}))(t)
	sp := must(a.Backend().Spawn(t.Context(), &control.SpawnRequest{CID: "teller"}))(t)
	if info := must(a.procs.Wait(t.Context(), sp.Process.PID))(t); info.Exit != "exit 0" || !sp.Process.NoWorld {
		t.Errorf("%s, %+v", info.Exit, sp.Process)
	}
	if src := must(a.Backend().PkgSource(t.Context(), &control.PkgRequest{Ref: strconv.FormatUint(sp.Process.PID, 10)}))(t); src.CID != p.Source || src.Language != "lua" {
		t.Errorf("%+v", src)
	}
	bad := planOf("broken", "1.0.0", "sim", map[string]any{"build": map[string]any{"tool": "lua"}, "modules": map[string]any{"sim": "broken.lua"}})
	if _, err := tryPackage(t, a, bad, []byte("function (")); control.CodeOf(err) != control.Invalid || !strings.Contains(err.Error(), "broken.lua:1") {
		t.Errorf("a script that is none: %v", err)
	}
}
