package node

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/p2p"
	"github.com/metatopia/metatopia/scripting/guest"
	"github.com/metatopia/metatopia/scripting/guesttest"
	"github.com/metatopia/metatopia/scripting/pkg"
)

// planOf is a package file with one prebuilt module.
func planOf(name, version, target string, more map[string]any) []byte {
	plan := map[string]any{"name": name, "version": version, "description": "for a test", "license": "MIT", "author": "Ada",
		"build": map[string]any{"tool": "prebuilt"}, "modules": map[string]any{target: "x.wasm"}}
	for k, v := range more { //lint:sorted a map into a map
		plan[k] = v
	}
	b, err := json.Marshal(plan)
	if err != nil {
		panic(err)
	}
	return b
}

// buildPackage does what `pkg build` does.
func buildPackage(t *testing.T, n *Node, plan, wasm []byte) *control.Package {
	t.Helper()
	p, err := tryPackage(t, n, plan, wasm)
	return must(p, err)(t)
}

func tryPackage(t *testing.T, n *Node, plan, wasm []byte) (*control.Package, error) {
	t.Helper()
	p := must(pkg.ParsePlan(plan))(t)
	req := &control.PkgDraftRequest{Plan: plan}
	if !p.Closed {
		bundle := must(pkg.PackBundle([]pkg.File{{Path: pkg.FileName, Data: plan}, {Path: "x.wat", Data: []byte("(module)")}}))(t)
		req.Source = must(n.Backend().LumpAdd(t.Context(), false, once(bundle)))(t).CID
	}
	mod := must(n.Backend().LumpAdd(t.Context(), false, once(wasm)))(t)
	for target := range p.Modules { //lint:sorted there is one
		req.Modules = append(req.Modules, control.PackageModule{Target: target, CID: mod.CID})
	}
	d, err := n.Backend().PkgDraft(t.Context(), req)
	if err != nil {
		return nil, err
	}
	return n.Backend().PkgSeal(t.Context(), &control.PkgSealRequest{Body: d.Body})
}

var asksWorld = map[string]any{"privileges": map[string]any{"world": "to stand somewhere"}}

func publishPackage(t *testing.T, n *Node, ref string) *control.Package {
	t.Helper()
	return must(n.Backend().PkgPublish(t.Context(), &control.PkgPublishRequest{Ref: ref}))(t)
}

func exitOf(t *testing.T, n *Node, req *control.SpawnRequest) string {
	t.Helper()
	sp := must(n.Backend().Spawn(t.Context(), req))(t)
	info := must(n.procs.Wait(t.Context(), sp.Process.PID))(t)
	return info.Exit
}

// One publishes, another installs by name, the first one is gone, and a third
// gets all of it from the second alone.
func TestPackageOutlivesItsPublisher(t *testing.T) {
	a := startNode(t, Config{Name: "Ada"})
	w := found(t, a)
	b := startNode(t, Config{Name: "Bob", Join: w.Link, Absent: true})
	c := startNode(t, Config{Name: "Eve", Join: must(b.Backend().WorldInfo(t.Context()))(t).Link, Absent: true})

	built := buildPackage(t, a, planOf("walker", "1.0.0", "process", asksWorld), guesttest.Walker(3))
	if _, err := b.Backend().PkgInstall(t.Context(), &control.PkgInstallRequest{Ref: "walker"}); control.CodeOf(err) != control.NotFound {
		t.Fatalf("installed before it was published: %v", err)
	}
	out := publishPackage(t, a, "walker")
	if out.CID != built.CID || out.Release != 1 || out.Published == "" || len(out.Interfaces) != 2 {
		t.Fatalf("%+v", out)
	}
	again := publishPackage(t, a, built.CID) // nothing happens twice
	if again.Release != 1 {
		t.Fatalf("%+v", again)
	}

	_, err := b.Backend().PkgInstall(t.Context(), &control.PkgInstallRequest{Ref: "walker"})
	if control.CodeOf(err) != control.Denied || !strings.Contains(err.Error(), "world (to stand somewhere)") || !strings.Contains(control.HintOf(err), "--grant world") {
		t.Fatalf("without its privilege: %v, hint %q", err, control.HintOf(err))
	}
	if list := must(b.Backend().PkgList(t.Context(), &control.PkgListRequest{All: true}))(t); len(list.Packages) != 0 {
		t.Fatalf("refused, and kept: %+v", list)
	}
	got := must(b.Backend().PkgInstall(t.Context(), &control.PkgInstallRequest{Ref: a.key.Short() + "/walker", Grants: []string{"world", "http=any"}}))(t)
	if got.CID != built.CID || !got.Installed || !slices.Equal(got.Grants, []string{"world"}) || got.Release != 1 {
		t.Fatalf("%+v", got)
	}
	if exit := exitOf(t, b, &control.SpawnRequest{CID: "walker@1.0.0"}); exit != "exit 3" {
		t.Errorf("%s", exit)
	}
	// The source of what ran, by its pid.
	ps := must(b.Backend().Ps(t.Context(), &control.PsRequest{All: true}))(t)
	if p := ps.Processes[0]; p.Name != "walker" || p.Module != got.Modules[0].CID {
		t.Errorf("%+v", p)
	}
	src := must(b.Backend().PkgSource(t.Context(), &control.PkgRequest{Ref: "1"}))(t)
	if src.CID != got.Source || src.Package != got.CID || !src.Bundle || src.License != "MIT" {
		t.Errorf("%+v", src)
	}

	stopNode(t, a)
	v := must(c.Backend().PkgVersions(t.Context(), &control.PkgRequest{Ref: "walker"}))(t)
	if len(v.Versions) != 1 || v.Versions[0].CID != got.CID || v.Versions[0].Author != a.key.String() || v.Versions[0].Doubtful {
		t.Fatalf("%+v", v)
	}
	third := must(c.Backend().PkgInstall(t.Context(), &control.PkgInstallRequest{Ref: a.key.String() + "/walker@1.0.0", GrantAsked: true}))(t)
	if third.CID != got.CID || exitOf(t, c, &control.SpawnRequest{CID: third.CID}) != "exit 3" {
		t.Fatalf("%+v", third)
	}
	// What a package is made of is not forgotten by accident, and goes with it.
	if _, err := c.Backend().LumpForget(t.Context(), &control.LumpRequest{CID: third.Source}); control.CodeOf(err) != control.Conflict {
		t.Errorf("the source was forgotten: %v", err)
	}
	must(c.Backend().PkgRemove(t.Context(), &control.PkgRequest{Ref: "walker"}))(t)
	if l := must(c.Backend().LumpStat(t.Context(), &control.LumpRequest{CID: third.CID}))(t); l.Pinned {
		t.Error("removed, and pinned still")
	}
	if _, err := c.Backend().Spawn(t.Context(), &control.SpawnRequest{CID: "walker"}); control.CodeOf(err) != control.NotFound {
		t.Errorf("removed, and started: %v", err)
	}
}

// A published version is never another content; who signs two gives evidence
// that everybody believes.
func TestPublishedVersionStays(t *testing.T) {
	a := startNode(t, Config{Name: "Ada"})
	w := found(t, a)
	b := startNode(t, Config{Name: "Bob", Join: w.Link, Absent: true})
	c := startNode(t, Config{Name: "Eve", Join: w.Link, Absent: true})
	first := buildPackage(t, a, planOf("walker", "1.0.0", "process", asksWorld), guesttest.Walker(3))
	publishPackage(t, a, first.CID)
	must(b.Backend().PkgInstall(t.Context(), &control.PkgInstallRequest{Ref: "walker", GrantAsked: true}))(t)

	other := buildPackage(t, a, planOf("walker", "1.0.0", "process", asksWorld), guesttest.Walker(4))
	if _, err := a.Backend().PkgPublish(t.Context(), &control.PkgPublishRequest{Ref: other.CID}); control.CodeOf(err) != control.Conflict {
		t.Fatalf("published twice: %v", err)
	}
	if _, err := b.Backend().PkgInstall(t.Context(), &control.PkgInstallRequest{Ref: other.CID, GrantAsked: true}); control.CodeOf(err) != control.Conflict {
		t.Fatalf("installed another content by its CID: %v", err)
	}
	// A's key signs it all the same, and shows that history to Eve only.
	m, _, root := parts(t, a, other.CID)
	forged := &pkg.Release{Seq: 1, Name: m.Name, Version: m.Version, Package: root, Time: 1}
	if err := forged.Sign(a.priv); err != nil {
		t.Fatal(err)
	}
	if _, err := c.packages.Learn(a.key, []*pkg.Release{forged}, nil); err != nil {
		t.Fatal(err)
	}
	// When the two meet, neither is believed any more, and the evidence travels.
	for _, n := range []*Node{c, b, a} {
		n.refresh(t.Context(), a.key)
		if h := n.packages.History(a.key); h.Against == nil || h.Against.Seq() != 1 {
			t.Fatalf("%s knows of nothing: %+v", n.cfg.Name, h)
		}
	}
	for _, ref := range []string{"walker", first.CID} {
		if _, err := c.Backend().PkgInstall(t.Context(), &control.PkgInstallRequest{Ref: ref, GrantAsked: true}); control.CodeOf(err) != control.Conflict {
			t.Errorf("%s: %v", ref, err)
		}
	}
	if v := must(b.Backend().PkgVersions(t.Context(), &control.PkgRequest{Ref: "walker"}))(t); !v.Versions[0].Doubtful {
		t.Errorf("%+v", v)
	}
	next := buildPackage(t, a, planOf("walker", "1.1.0", "process", asksWorld), guesttest.Walker(5))
	if _, err := a.Backend().PkgPublish(t.Context(), &control.PkgPublishRequest{Ref: next.CID}); control.CodeOf(err) != control.Conflict {
		t.Errorf("a convicted key publishes: %v", err)
	}
}

func parts(t *testing.T, n *Node, cid string) (*pkg.Manifest, []lumps.Ref, lumps.Ref) {
	t.Helper()
	root := must(lumps.Parse(cid))(t)
	m := must(n.readPackage(t.Context(), root))(t)
	return m, m.Parts(), root
}

func TestUpdate(t *testing.T) {
	a := startNode(t, Config{Name: "Ada"})
	w := found(t, a)
	home := t.TempDir()
	b := startNode(t, Config{Name: "Bob", Home: home, Join: w.Link, Absent: true, Grants: []string{"world"}})
	for _, v := range []string{"1.0.0", "1.1.0-rc.1"} {
		publishPackage(t, a, buildPackage(t, a, planOf("walker", v, "process", asksWorld), guesttest.Walker(3)).CID)
	}
	// The node's own policy grants it.
	old := must(b.Backend().PkgInstall(t.Context(), &control.PkgInstallRequest{Ref: "walker"}))(t)
	if old.Version != "1.0.0" {
		t.Fatalf("%+v", old)
	}
	update := func(grants ...string) (control.PackageUpdate, error) {
		t.Helper()
		res, err := b.Backend().PkgUpdate(t.Context(), &control.PkgInstallRequest{Ref: "walker", Grants: grants})
		if err != nil {
			return control.PackageUpdate{}, err
		}
		return res.Packages[0], nil
	}
	if u := must(update())(t); u.To != "" {
		t.Fatalf("to a version that is not out: %+v", u)
	}
	more := map[string]any{"privileges": map[string]any{"world": "to stand", "lump.send": "to write"}}
	publishPackage(t, a, buildPackage(t, a, planOf("walker", "1.2.0", "process", more), guesttest.Walker(4)).CID)
	if _, err := update(); control.CodeOf(err) != control.Denied {
		t.Fatalf("it got more than before: %v", err)
	}
	all := must(b.Backend().PkgUpdate(t.Context(), &control.PkgInstallRequest{}))(t)
	if len(all.Packages) != 1 || all.Packages[0].Error == "" || all.Packages[0].To != "1.2.0" {
		t.Fatalf("%+v", all)
	}
	if u := must(update("lump.send=any"))(t); u.From != "1.0.0" || u.To != "1.2.0" {
		t.Fatalf("%+v", u)
	}
	// It is there after a restart.
	stopNode(t, b)
	again, err := Start(t.Context(), Config{Name: "Bob", Home: home, Listen: loopback, Absent: true})
	if err != nil {
		t.Fatal(err)
	}
	defer stopNode(t, again)
	list := must(again.Backend().PkgList(t.Context(), &control.PkgListRequest{}))(t)
	if len(list.Packages) != 1 || list.Packages[0].Version != "1.2.0" || !slices.Equal(list.Packages[0].Grants, []string{"lump.send=any", "world"}) || list.Packages[0].Release != 3 {
		t.Fatalf("%+v", list)
	}
	sp := must(again.Backend().Spawn(t.Context(), &control.SpawnRequest{CID: "walker", SendTo: []string{p2p.PeerID(a.key)}}))(t)
	if !slices.Equal(sp.Process.SendTo, []string{p2p.PeerID(a.key)}) {
		t.Errorf("%+v", sp.Process)
	}
}

// A file is enough for a node that knows nobody, and it proves the release.
func TestPackageArchive(t *testing.T) {
	a := startNode(t, Config{Name: "Ada"})
	p := publishPackage(t, a, buildPackage(t, a, planOf("bell", "0.1.0", "sim", nil), guesttest.Bell("ding")).CID)
	var car bytes.Buffer
	err := a.Backend().PkgArchive(t.Context(), &control.PkgRequest{Ref: "bell@0.1.0"}, func(c *control.LumpChunk) error {
		car.Write(c.Data)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	alone := startNode(t, Config{Name: "Zed"})
	got := must(alone.Backend().PkgImport(t.Context(), false, once(car.Bytes())))(t)
	if got.CID != p.CID || got.Release != 1 || got.Installed {
		t.Fatalf("%+v", got)
	}
	if got = must(alone.Backend().PkgInstall(t.Context(), &control.PkgInstallRequest{Ref: p.CID}))(t); !got.Installed {
		t.Fatalf("%+v", got)
	}
	// What is no archive of a package is said to be none.
	for _, bad := range [][]byte{[]byte("text"), export(t, a, p.CID)} {
		if _, err := alone.Backend().PkgImport(t.Context(), false, once(bad)); control.CodeOf(err) != control.Invalid {
			t.Errorf("%d bytes: %v", len(bad), err)
		}
	}
}

func TestPackagesThatAreRefused(t *testing.T) {
	a := startNode(t, Config{Name: "Ada"})
	for what, c := range map[string]struct {
		plan, wasm []byte
	}{
		"privilege not asked for": {planOf("walker", "1.0.0", "process", nil), guesttest.Walker(1)},
		"import not admitted to":  {planOf("walker", "1.0.0", "process", map[string]any{"privileges": asksWorld["privileges"], "interfaces": map[string]any{"mt:world": "2"}}), guesttest.Walker(1)},
		"wrong target":            {planOf("walker", "1.0.0", "sim", asksWorld), guesttest.Walker(1)},
		"no module at all":        {planOf("walker", "1.0.0", "process", asksWorld), []byte("not wasm")},
		"too much memory":         {planOf("walker", "1.0.0", "process", map[string]any{"privileges": asksWorld["privileges"], "memory": "1G"}), guesttest.Walker(1)},
		"unknown interface":       {planOf("walker", "1.0.0", "process", map[string]any{"privileges": asksWorld["privileges"], "interfaces": map[string]any{"mt:teleport": "1"}}), guesttest.Walker(1)},
	} {
		if p, err := tryPackage(t, a, c.plan, c.wasm); err == nil || strings.Contains(err.Error(), "panic") {
			t.Errorf("%s: %+v, %v", what, p, err)
		}
	}
	// An unknown privilege may be asked for; nobody can grant it.
	p := buildPackage(t, a, planOf("odd", "1.0.0", "process", map[string]any{"privileges": map[string]any{"world": "x", "flying": "y"}}), guesttest.Walker(1))
	if _, err := a.Backend().PkgInstall(t.Context(), &control.PkgInstallRequest{Ref: p.CID, GrantAsked: true}); control.CodeOf(err) != control.Denied {
		t.Error(err)
	}
	// What is no package is not taken for one.
	l := must(a.Backend().LumpAdd(t.Context(), false, once(bytes.Repeat([]byte("long "), 1<<20))))(t)
	for _, ref := range []string{l.CID, p.Modules[0].CID} {
		if _, err := a.Backend().PkgInstall(t.Context(), &control.PkgInstallRequest{Ref: ref}); control.CodeOf(err) != control.Invalid {
			t.Errorf("%s: %v", ref, err)
		}
	}
}

// What was not granted is refused at every call, also to what is run by hand.
func TestWithoutTheWorld(t *testing.T) {
	a := startNode(t, Config{Name: "Ada"})
	b := startNode(t, Config{Name: "Bob", Bootstrap: a.net.Addrs()})
	waitFor(t, "Bob to reach Ada", func() bool { return b.net.Connected(a.key) })
	may := map[string]any{"privileges": map[string]any{"world": map[string]any{"why": "to look", "optional": true}}}
	p := publishPackage(t, a, buildPackage(t, a, planOf("looker", "1.0.0", "process", may), guesttest.Looker()).CID)
	for i, grants := range [][]string{nil, {"world"}} {
		got := must(b.Backend().PkgInstall(t.Context(), &control.PkgInstallRequest{Ref: p.CID, Grants: grants}))(t)
		if len(got.Grants) != i {
			t.Fatalf("%+v", got)
		}
		// 6 is refused; 5 is that there is no world here.
		if exit := exitOf(t, b, &control.SpawnRequest{CID: "looker"}); exit != []string{"exit 6", "exit 5"}[i] {
			t.Errorf("with %v: %s", grants, exit)
		}
	}
	if exit := exitOf(t, b, &control.SpawnRequest{CID: "looker", NoWorld: true}); exit != "exit 6" {
		t.Error(exit)
	}
	if exit := exitOf(t, b, &control.SpawnRequest{CID: p.Modules[0].CID}); exit != "exit 5" {
		t.Errorf("as a bare module: %s", exit)
	}
}

// The guests of this program are packages of the node's own.
func TestShippedPackage(t *testing.T) {
	a := startNode(t, Config{Name: "Ada", Guests: guest.FS()})
	needGuest(t, "greeter")
	for _, name := range []string{"greeter", "obj", "bell", "resident@1.0.0"} {
		p := must(a.Backend().PkgInstall(t.Context(), &control.PkgInstallRequest{Ref: name}))(t)
		if !p.Installed || p.Source == "" || p.Keys[0] != a.key.String() || p.Toolchain == "" {
			t.Errorf("%+v", p)
		}
	}
	sp := must(a.Backend().Spawn(t.Context(), &control.SpawnRequest{CID: "greeter"}))(t)
	src := must(a.Backend().PkgSource(t.Context(), &control.PkgRequest{Ref: strconv.FormatUint(sp.Process.PID, 10)}))(t)
	if !src.Bundle || src.Language != "go" {
		t.Errorf("%+v", src)
	}
	if _, err := a.Backend().PkgInstall(t.Context(), &control.PkgInstallRequest{Ref: "greeter@9.0.0"}); control.CodeOf(err) != control.NotFound {
		t.Error(err)
	}
}
