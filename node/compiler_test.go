package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/scripting/guest"
	"github.com/metatopia/metatopia/scripting/mote"
)

// TestCompilerInside: a module is made of a message, stored, started and called
// from a script, by processes of the node alone.
func TestCompilerInside(t *testing.T) {
	needGuest(t, "compiler")
	n := startNode(t, Config{Name: "Ada", Guests: guest.FS()})
	b := n.Backend()
	if _, err := b.PkgInstall(t.Context(), &control.PkgInstallRequest{Ref: "compiler", Grants: []string{"process.spawn=any"}}); err != nil {
		t.Fatal(err)
	}
	follow := func(pid uint64, lines int) (got []string) {
		t.Helper()
		enough := errors.New("enough")
		err := b.Tail(t.Context(), &control.TailRequest{PID: pid, Follow: true}, func(l *control.LogLine) error {
			if got = append(got, l.Text); len(got) == lines {
				return enough
			}
			return nil
		})
		if err != nil && !errors.Is(err, enough) {
			t.Fatal(err)
		}
		return got
	}
	// made sends a program and gives the CID of what was made of it.
	sent := 0
	made := func(pid uint64, before, src string) string {
		t.Helper()
		if err := b.Send(t.Context(), &control.SendRequest{PID: pid, Data: []byte(before + src)}); err != nil {
			t.Fatal(err)
		}
		sent++
		line := follow(pid, sent)[sent-1]
		var cid string
		var size int
		if _, err := fmt.Sscanf(line, "ok %s %d", &cid, &size); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		want, err := mote.Compile([]byte(src))
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := n.lumps.Bytes(t.Context(), must(lumps.Parse(cid))(t), maxModule)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s has %d bytes, want %d: %v", cid, len(got), len(want), err)
		}
		return cid
	}
	const hello = `import "mt:log@1" log(level: i32, line: text)
import "mt:process@1" exit(code: i32)
import "mt:process@1" arg(i: i32, at: i32, room: i32) i32
export fn run() { log(1, text(heap(), arg(0, heap(), 64))) exit(7) }`

	c := must(b.Spawn(t.Context(), &control.SpawnRequest{CID: "compiler"}))(t).Process
	if !c.MayPut || !slices.Equal(c.MaySpawn, []string{"any"}) {
		t.Errorf("%+v", c)
	}
	cid := made(c.PID, "", hello)
	if exit := exitOf(t, n, &control.SpawnRequest{CID: cid, Args: []string{"hi"}}); exit != "exit 7" {
		t.Errorf("started by a person: %s", exit)
	}

	// The compiler starts it: a child of its tree, with an argument.
	if again := made(c.PID, "run from the inside\n", hello); again != cid {
		t.Errorf("%s, and then %s", cid, again)
	}
	waitFor(t, "the child to log", func() bool {
		for _, p := range must(b.Ps(context.Background(), &control.PsRequest{All: true}))(t).Processes {
			if p.Parent == c.PID && p.Exit == "exit 7" {
				return slices.Equal(follow(p.PID, 1), []string{"from the inside"})
			}
		}
		return false
	})

	// Lua calls what was made.
	lib := made(c.PID, "", "export fn twice(n: i64) i64 { return n + n }")
	s := must(b.ScriptAdd(t.Context(), &control.ScriptAddRequest{Name: "user.lua", Process: true, Text: "local m = require 'm' function run() print(m.twice(21)) end",
		Uses: []control.ScriptUse{{Name: "m", CID: lib}}}))(t)
	p := must(b.Spawn(t.Context(), &control.SpawnRequest{CID: s.CID}))(t).Process
	if got := follow(p.PID, 1); !slices.Equal(got, []string{"42"}) {
		t.Errorf("%q", got)
	}

	// What is wrong is said with its place; a program may come as a lump.
	bad := must(b.LumpAdd(t.Context(), false, once([]byte("export fn run() {\n  let x = y\n}"))))(t)
	p = must(b.Spawn(t.Context(), &control.SpawnRequest{CID: "compiler", Args: []string{bad.CID}}))(t).Process
	if got := follow(p.PID, 1); !slices.Equal(got, []string{`error 2:11: "y" is not declared`}) {
		t.Errorf("%q", got)
	}

	// Without the grant nothing is stored.
	wasm, _, _, err := guest.Open("compiler")
	if err != nil {
		t.Fatal(err)
	}
	good := must(b.LumpAdd(t.Context(), false, once([]byte(hello))))(t)
	p = must(b.Spawn(t.Context(), &control.SpawnRequest{Wasm: wasm, Args: []string{good.CID}}))(t).Process
	if got := follow(p.PID, 1); len(got) != 1 || !strings.HasPrefix(got[0], "error the module was not stored: refused") {
		t.Errorf("%q", got)
	}
}
