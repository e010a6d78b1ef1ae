package hostile_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/metatopia/metatopia/scripting"
	"github.com/metatopia/metatopia/scripting/compiler"
	"github.com/metatopia/metatopia/scripting/hostile"
	"github.com/metatopia/metatopia/scripting/internal/asm"
)

// TestMain makes the test program the command that compiles hard modules.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == compiler.Command {
		os.Exit(compiler.Main(os.Args[2:], os.Stdin, os.Stderr))
	}
	os.Exit(m.Run())
}

// budget is the gas of a process of the corpus: more than any needs that ends.
const budget = 10_000_000

// node is what the guests attack: an engine, a process table, and a process
// that has done nothing to anybody.
type node struct {
	t        testing.TB
	engine   *scripting.Engine
	procs    *scripting.Processes
	innocent uint64
	sent     uint64
}

func newNode(t testing.TB) *node {
	t.Helper()
	e, err := scripting.NewEngine(scripting.EngineConfig{CacheDir: t.TempDir(), Compiler: []string{os.Args[0], compiler.Command}})
	if err != nil {
		t.Fatal(err)
	}
	n := &node{t: t, engine: e, procs: scripting.NewProcesses(scripting.ProcessesConfig{Engine: e})}
	t.Cleanup(func() {
		if err := n.procs.Close(); err != nil {
			t.Error(err)
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	var m asm.Module
	receive := m.Import("mt:message@1", "receive", []byte{asm.I32, asm.I32, asm.I64}, []byte{asm.I32})
	m.Memory(1, 1)
	m.Export("run", asm.Func, m.Func(nil, nil, nil, []byte{0x03, 0x40},
		asm.I32Const(0), asm.I32Const(0), asm.I64Const(-1), asm.Op(0x10, receive), []byte{0x1a}, asm.Op(0x0c, 0), []byte{0x0b}))
	mod, err := e.Admit(m.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	i, err := n.procs.Spawn(scripting.SpawnSpec{Module: mod, Name: "innocent"})
	if err != nil {
		t.Fatal(err)
	}
	n.innocent = i.PID
	return n
}

// ask sends the innocent a letter and waits until it has taken it.
func (n *node) ask() {
	n.t.Helper()
	if err := n.procs.Send(n.innocent, 1, []byte("are you there")); err != nil {
		n.t.Fatalf("the innocent process: %v", err)
	}
	n.sent++
	until(n.t, "the innocent process to answer", func() bool {
		i, err := n.procs.Get(n.innocent)
		return err == nil && i.Received >= n.sent
	})
}

func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// endOf says how a run ended, from its error.
func endOf(err error) hostile.End {
	switch {
	case errors.Is(err, scripting.ErrOutOfGas), errors.Is(err, scripting.ErrKilled):
		return hostile.Spent
	case errors.Is(err, scripting.ErrNotUsable):
		return hostile.Unusable
	case errors.Is(err, scripting.ErrTooDeep):
		return hostile.Deep
	case errors.Is(err, scripting.ErrTrap):
		return hostile.Trapped
	}
	return hostile.Done
}

// run lets a guest loose and says how it ended. What the error says must come
// from the guest, never from a fault of the node's own code.
func (n *node) run(g hostile.Guest, spec scripting.SpawnSpec) (end hostile.End, exit string) {
	n.t.Helper()
	mod, err := n.engine.Admit(g.Wasm)
	if errors.Is(err, scripting.ErrRefused) {
		return hostile.Refused, err.Error()
	}
	if err != nil {
		n.t.Errorf("%s: %v", g.Name, err)
		return 0, ""
	}
	switch g.Kind {
	case hostile.Handler:
		return n.handle(g, mod)
	case hostile.Loader:
		_, err := n.engine.Load(context.Background(), mod, scripting.LoadSpec{Input: []byte("input"), Gas: budget, Memory: 4 << 20, Output: 1 << 20})
		return endOf(err), text(err)
	}
	spec.Module, spec.Name = mod, g.Name
	p, err := n.procs.Spawn(spec)
	if err != nil {
		return hostile.Unusable, err.Error()
	}
	var i scripting.Info
	until(n.t, g.Name+" to end or wait", func() bool {
		i, err = n.procs.Get(p.PID)
		return err != nil || i.State == scripting.Exited || i.State == scripting.Waiting && g.Want&hostile.Waits != 0
	})
	n.killTree(p.PID)
	if errors.Is(err, scripting.ErrNoProcess) { // so many of its children ended after it
		return hostile.Done, "forgotten"
	}
	if err != nil {
		n.t.Fatalf("%s: %v", g.Name, err)
	}
	if i.State == scripting.Waiting {
		return hostile.Waits, "waits"
	}
	return endOf(i.Err), i.Exit
}

// killTree ends a guest and all that it started, which may outlive it.
func (n *node) killTree(root uint64) {
	n.t.Helper()
	for _, i := range n.procs.List(false) {
		if i.Root != root {
			continue
		}
		if err := n.procs.KillTree(i.PID); err != nil && !errors.Is(err, scripting.ErrNoProcess) {
			n.t.Errorf("%s: %v", i.Name, err)
		}
	}
}

// handle runs a handler twice: a region needs the same from every node.
func (n *node) handle(g hostile.Guest, mod *scripting.Module) (hostile.End, string) {
	n.t.Helper()
	ev := scripting.Event{Name: "touch"}
	first, err := n.engine.Handle(mod, ev, nil, 1, budget)
	again, err2 := n.engine.Handle(mod, ev, nil, 1, budget)
	if first.Gas != again.Gas || text(err) != text(err2) {
		n.t.Errorf("%s: %d gas, %v; then %d gas, %v", g.Name, first.Gas, err, again.Gas, err2)
	}
	return endOf(err), text(err)
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestCorpus lets every guest loose, one after the other, beside an innocent
// process. Each must end as it should, and leave the node as it was.
func TestCorpus(t *testing.T) {
	n := newNode(t)
	guests := hostile.Guests()
	ends := map[hostile.End]int{}
	for k, g := range guests {
		if testing.Short() && k%10 != 0 {
			continue
		}
		end, exit := n.run(g, scripting.SpawnSpec{Gas: budget})
		ends[end]++
		if end&g.Want == 0 || g.Checked && exit != "exit 0" {
			t.Errorf("%s: %v (%s), want %v", g.Name, end, exit, g.Want)
		}
		if strings.Contains(exit, "runtime error") || strings.Contains(exit, "goroutine") {
			t.Errorf("%s: a fault of the node: %s", g.Name, exit)
		}
		if k%20 == 0 {
			n.ask()
		}
	}
	n.ask()
	until(t, "nothing but the innocent process to be left", func() bool { return n.procs.Len() == 1 })
	if len(guests) < 100 {
		t.Errorf("only %d guests", len(guests))
	}
	t.Logf("%d guests: %v", len(guests), ends)
}
