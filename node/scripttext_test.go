package node

import (
	"slices"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/scripting/guest"
)

// TestScriptAdd: a script becomes a thing's, runs, keeps its slots, says where
// it fails, is replaced in place, and runs again after a restart of the node;
// a checkpoint carries its driver.
func TestScriptAdd(t *testing.T) {
	needGuest(t, guest.Lua)
	home := t.TempDir()
	n := startNode(t, Config{Name: "Ada", Home: home, Guests: guest.FS()})
	found(t, n)
	must(n.Backend().RegionSeed(t.Context(), &control.SeedRequest{Name: "Hearthside", Furnish: "hearth"}))(t)
	seen := watch(t, n)
	var lamp control.Entity
	waitFor(t, "the lamp", func() (ok bool) { lamp, ok = seen.named("lamp"); return ok })
	waitFor(t, "an avatar", func() bool { st, err := n.Backend().Status(t.Context()); return err == nil && st.InRegion != "" })

	add := func(text string) *control.ScriptAddResponse {
		t.Helper()
		return must(n.Backend().ScriptAdd(t.Context(), &control.ScriptAddRequest{Name: "lamp.lua", Text: text, Thing: "lamp", License: "MIT", Author: "Ada"}))(t)
	}
	say := func(line string) {
		_, _ = n.Backend().Say(t.Context(), &control.SayRequest{Text: line}) // too many at once are refused
	}
	inspect := func() *control.InspectResponse {
		t.Helper()
		return must(n.Backend().Inspect(t.Context(), &control.InspectRequest{Thing: lamp.ID}))(t)
	}
	slot := func(name string) string {
		t.Helper()
		for _, s := range inspect().Slots {
			if s.Name == name {
				return s.Value
			}
		}
		return ""
	}

	const counter = "function on_heard(who, text)\n  self.heard = (self.heard or 0) + 1\n  say('I heard ' .. text)\nend\n"
	res := add(counter)
	waitFor(t, "the script to run", func() bool { say("hello"); return slot("heard") != "" })
	waitFor(t, "its line", func() bool { return seen.heard("lamp: I heard hello") })
	got := inspect()
	if got.Source != counter || got.Language != "Lua" || got.License != "MIT" || got.Author != "Ada" || slot("script") != res.CID {
		t.Errorf("inspect: %+v", got)
	}

	// Another text takes its place; the slots stay.
	before := slot("heard")
	add("function on_heard()\n  self.other = true\n  nothing.here = 1\nend\n")
	waitFor(t, "the fault", func() bool { say("again"); return strings.Contains(inspect().LastError, "nothing") })
	waitFor(t, "word of it", func() bool {
		return noticed(n, "Your lamp in Hearthside failed: heard: lamp.lua:3: attempt to index a nil value")
	})
	if e := inspect().LastError; e != "heard: lamp.lua:3: attempt to index a nil value (global 'nothing') [lamp.lua:3: in function 'on_heard']" {
		t.Errorf("the fault is told as %q", e)
	}
	if slot("other") != "" || slot("heard") < before {
		t.Errorf("slots after a fault: %+v", inspect().Slots)
	}

	// What cannot run is not taken.
	for text, want := range map[string]string{"x = = 1": "lamp.lua:1: unexpected symbol near '='", "error('no')": "lamp.lua:1: no", "while true do end": "out of gas"} {
		if _, err := n.Backend().ScriptAdd(t.Context(), &control.ScriptAddRequest{Name: "lamp.lua", Text: text, Thing: "lamp"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	for name, thing := range map[string]string{"lamp.py": "lamp", "lamp.lua": "no such thing"} {
		if _, err := n.Backend().ScriptAdd(t.Context(), &control.ScriptAddRequest{Name: name, Text: "", Thing: thing}); err == nil {
			t.Errorf("%s for %s", name, thing)
		}
	}
	driver := must(lumps.Parse(res.Driver))(t)
	script := must(lumps.Parse(slot("script")))(t)
	if all := n.modules.withModules([]lumps.Ref{script}); !slices.Contains(all, driver) {
		t.Errorf("a checkpoint would carry %v without the driver", all)
	}

	// A script that fails to take over is not taken either; one that does
	// makes of the slots what it wants; and there is a way back.
	now := slot("script")
	if _, err := n.Backend().ScriptAdd(t.Context(), &control.ScriptAddRequest{Name: "lamp.lua", Thing: "lamp",
		Text: "function on_upgrade() self.lost = self.heard self.heard = nil error('I cannot') end"}); err == nil || !strings.Contains(err.Error(), "lamp.lua:1: I cannot") {
		t.Errorf("a script that fails its upgrade: %v", err)
	}
	if slot("script") != now || slot("heard") == "" || slot("lost") != "" {
		t.Errorf("after a change that failed: %+v", inspect().Slots)
	}
	add("function on_upgrade(who, old) self.by, self.old = who.name, old end")
	if slot("by") != "Ada" || slot("old") != now || slot("heard") == "" {
		t.Errorf("after a change: %+v", inspect().Slots)
	}
	must(n.Backend().ScriptRollback(t.Context(), &control.ScriptRollbackRequest{Thing: "lamp"}))(t)
	if slot("script") != now {
		t.Errorf("back to %s, not %s", slot("script"), now)
	}

	add(counter)
	stopNode(t, n)
	n = startNode(t, Config{Name: "Ada", Home: home, Guests: guest.FS()})
	seen = watch(t, n)
	waitFor(t, "the lamp again", func() (ok bool) { lamp, ok = seen.named("lamp"); return ok })
	waitFor(t, "an avatar again", func() bool { st, err := n.Backend().Status(t.Context()); return err == nil && st.InRegion != "" })
	waitFor(t, "the script to run again", func() bool { say("back"); return seen.heard("lamp: I heard back") })
}

// TestSpawnLua: a script runs as a process, with its arguments; what it logs
// and why it ends is told.
func TestSpawnLua(t *testing.T) {
	needGuest(t, guest.LuaProcess)
	n := startNode(t, Config{Name: "Ada", Guests: guest.FS()})
	added := must(n.Backend().ScriptAdd(t.Context(), &control.ScriptAddRequest{Name: "p.lua", Process: true,
		Text: "function run() print('hello ' .. arg[1]) local l = receive() print(l.data, l.node) error('the end') end"}))(t)
	for range 2 { // the second from what is ready
		p := must(n.Backend().Spawn(t.Context(), &control.SpawnRequest{CID: added.CID, Args: []string{"world"}}))(t).Process
		if err := n.Backend().Send(t.Context(), &control.SendRequest{PID: p.PID, Data: []byte("a letter")}); err != nil {
			t.Fatal(err)
		}
		var got []string
		if err := n.Backend().Tail(t.Context(), &control.TailRequest{PID: p.PID, Follow: true}, func(l *control.LogLine) error {
			got = append(got, l.Text)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if s := strings.Join(got, "|"); !strings.HasPrefix(s, "hello world|a letter\ttrue|p.lua:1: the end|stack traceback:") {
			t.Errorf("log %q", s)
		}
	}
	thing := must(n.Backend().ScriptAdd(t.Context(), &control.ScriptAddRequest{Name: "t.lua", Text: "function on_touch() end"}))(t)
	if _, err := n.Backend().Spawn(t.Context(), &control.SpawnRequest{CID: thing.CID}); control.CodeOf(err) != control.Invalid {
		t.Errorf("a thing's script as a process: %v", err)
	}
	if err := n.loadScript(added.CID); err == nil {
		t.Error("a process's script for a thing")
	}
}

// TestLibraryReplaced: the same script with a library in Lua, and with a
// module in its place.
func TestLibraryReplaced(t *testing.T) {
	needGuest(t, guest.LuaProcess)
	n := startNode(t, Config{Name: "Ada", Guests: guest.FS()})
	add := func(name, text string, uses ...control.ScriptUse) *control.ScriptAddResponse {
		t.Helper()
		return must(n.Backend().ScriptAdd(t.Context(), &control.ScriptAddRequest{Name: name, Text: text, Process: true, Uses: uses}))(t)
	}
	// (module (func (export "twice") (param i64) (result i64) local.get 0 local.get 0 i64.add))
	wasm := []byte("\x00asm\x01\x00\x00\x00\x01\x06\x01\x60\x01\x7e\x01\x7e\x03\x02\x01\x00\x07\x09\x01\x05twice\x00\x00\x0a\x09\x01\x07\x00\x20\x00\x20\x00\x7c\x0b")
	module := must(n.Backend().LumpAdd(t.Context(), true, once(wasm)))(t)
	lua := add("maths.lua", "return {twice = function(n) return n + n end}")
	for _, cid := range []string{lua.CID, module.CID} {
		s := add("user.lua", "local maths = require 'maths' function run() print(maths.twice(21)) end", control.ScriptUse{Name: "maths", CID: cid})
		p := must(n.Backend().Spawn(t.Context(), &control.SpawnRequest{CID: s.CID}))(t).Process
		var got []string
		if err := n.Backend().Tail(t.Context(), &control.TailRequest{PID: p.PID, Follow: true}, func(l *control.LogLine) error {
			got = append(got, l.Text)
			return nil
		}); err != nil || !slices.Equal(got, []string{"42"}) {
			t.Errorf("%s: %q, %v", cid, got, err)
		}
	}
	for _, cid := range []string{"no cid", lua.Driver, lua.Source} {
		if _, err := n.Backend().ScriptAdd(t.Context(), &control.ScriptAddRequest{Name: "user.lua", Process: true, Uses: []control.ScriptUse{{Name: "maths", CID: cid}}}); err == nil {
			t.Errorf("%s as a library", cid)
		}
	}
}
