package samples

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/scripting"
)

const dir = ".."

// TestSamples is the suite: every sample of every language does the same.
func TestSamples(t *testing.T) {
	for _, language := range Languages {
		t.Run(language, func(t *testing.T) {
			for _, s := range []struct {
				name  string
				check func(t *testing.T, h *host, m *scripting.Module)
			}{{"echo", echo}, {"counter", counter}, {"visits", visits}, {"tree", tree}} {
				t.Run(s.name, func(t *testing.T) {
					if language == "Go" && (s.name == "counter" || s.name == "visits") {
						t.Skip("a Go module is too large for a handler, and its run-time system imports what handlers are not offered")
					}
					h := newHost(t)
					s.check(t, h, h.build(t, language, s.name))
				})
			}
		})
	}
}

// host is an engine with processes.
type host struct {
	e  *scripting.Engine
	ps *scripting.Processes

	mu      sync.Mutex
	modules map[string]*scripting.Module
}

func newHost(t *testing.T) *host {
	e, err := scripting.NewEngine(scripting.EngineConfig{})
	if err != nil {
		t.Fatal(err)
	}
	h := &host{e: e, modules: map[string]*scripting.Module{}}
	h.ps = scripting.NewProcesses(scripting.ProcessesConfig{Engine: e, Modules: h})
	t.Cleanup(func() {
		if err := errors.Join(h.ps.Close(), e.Close()); err != nil {
			t.Error(err)
		}
	})
	return h
}

// LoadModule implements scripting.ModuleLoader.
func (h *host) LoadModule(_ context.Context, cid string) (*scripting.Module, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if m := h.modules[cid]; m != nil {
		return m, nil
	}
	return nil, scripting.ErrNotFound
}

func (h *host) build(t *testing.T, language, name string) *scripting.Module {
	wasm, err := Build(t.Context(), dir, language, name, t.Output())
	if errors.Is(err, ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	m, err := h.e.Admit(wasm)
	if err != nil {
		t.Fatal(err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.modules[name] = m
	t.Logf("%d bytes, imports %s", len(wasm), strings.Join(m.Interfaces(), " "))
	return m
}

// lines follows the log of a process until its end.
func (h *host) lines(t *testing.T, pid uint64) <-chan string {
	c := make(chan string, 64)
	go func() {
		defer close(c)
		err := h.ps.Tail(t.Context(), pid, "", true, func(l scripting.LogLine) error {
			c <- l.Level + " " + l.Text
			return nil
		})
		if err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
	}()
	return c
}

func (h *host) spawn(t *testing.T, m *scripting.Module, args ...string) uint64 {
	i, err := h.ps.Spawn(scripting.SpawnSpec{Module: m, Args: args, Grants: scripting.Grants{Modules: []string{"echo"}}})
	if err != nil {
		t.Fatal(err)
	}
	return i.PID
}

func (h *host) ends(t *testing.T, pid uint64, want string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if i, err := h.ps.Wait(ctx, pid); err != nil || i.Exit != want {
		t.Fatalf("it ended with %q, %v, want %q", i.Exit, err, want)
	}
}

func (h *host) send(t *testing.T, pid uint64, text string) {
	t.Helper()
	if err := h.ps.Send(pid, 0, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

func says(t *testing.T, lines <-chan string, want ...string) {
	t.Helper()
	for _, w := range want {
		select {
		case got, ok := <-lines:
			if !ok || got != w {
				t.Fatalf("it logged %q, want %q", got, w)
			}
		case <-time.After(30 * time.Second):
			t.Fatalf("no line %q", w)
		}
	}
}

func echo(t *testing.T, h *host, m *scripting.Module) {
	if m.IsProcess() != nil || m.IsHandler() == nil {
		t.Errorf("process: %v, handler: %v", m.IsProcess(), m.IsHandler())
	}
	pid := h.spawn(t, m)
	lines := h.lines(t, pid)
	for _, text := range []string{"hello", "", "stopp", "grüße"} {
		h.send(t, pid, text)
		says(t, lines, "info echo: "+text)
	}
	h.send(t, pid, "stop")
	h.ends(t, pid, "exit 7")

	client := h.spawn(t, h.build(t, "AssemblyScript", "client"), "echo")
	lines = h.lines(t, client)
	h.ends(t, client, "exit 0")
	for l := range lines {
		t.Errorf("the client: %s", l)
	}
}

func counter(t *testing.T, h *host, m *scripting.Module) {
	if m.IsHandler() != nil || m.IsProcess() == nil {
		t.Errorf("process: %v, handler: %v", m.IsProcess(), m.IsHandler())
	}
	slots := map[string]scripting.Value{}
	for n, s := range []struct {
		ev    scripting.Event
		says  string
		slots string
	}{
		{scripting.Event{Name: "touch", From: base.ID{1}, FromName: "Ada"}, "1", "count=1 last=Ada"},
		{scripting.Event{Name: "touch", From: base.ID{1}, FromName: "Bo"}, "2", "count=2 last=Bo"},
		{scripting.Event{Name: "heard", Text: "hello"}, "", "count=2 last=Bo"},
		{scripting.Event{Name: "tick"}, "", "count=2 last=Bo"},
		{scripting.Event{Name: "touch", FromName: "Günther"}, "3", "count=3 last=Günther"},
		{scripting.Event{Name: "heard", Text: "reset"}, "reset", "count=0"},
		{scripting.Event{Name: "touch"}, "1", "count=1 last="},
	} {
		run := func() (scripting.Effects, error) {
			return h.e.Handle(m, s.ev, func(name string) (scripting.Value, bool) { v, ok := slots[name]; return v, ok }, 1, 500_000)
		}
		out, err := run()
		again, err2 := run()
		if err != nil || err2 != nil || fmt.Sprint(out) != fmt.Sprint(again) {
			t.Fatalf("%d: %v %v, again %v %v", n, out, err, again, err2)
		}
		for _, w := range out.Set {
			if w.Value.Kind == scripting.KindNone {
				delete(slots, w.Name)
			} else {
				slots[w.Name] = w.Value
			}
		}
		var got []string
		for name, v := range slots {
			if v.Kind == scripting.KindInt {
				got = append(got, fmt.Sprintf("%s=%d", name, v.Int))
			} else {
				got = append(got, name+"="+v.Str)
			}
		}
		slices.Sort(got)
		if strings.Join(out.Say, "|") != s.says || strings.Join(got, " ") != s.slots {
			t.Errorf("%d: it said %q and has %v, want %q and %s", n, out.Say, got, s.says, s.slots)
		}
	}
	slots["count"] = scripting.Int(1<<40 - 1)
	out, err := h.e.Handle(m, scripting.Event{Name: "touch"}, func(name string) (scripting.Value, bool) { v, ok := slots[name]; return v, ok }, 1, 500_000)
	if err != nil || len(out.Say) != 1 || out.Say[0] != "1099511627776" {
		t.Errorf("a large number: %v %v", out, err)
	}
}

// visits asks the region's store, and hears of it in another event.
func visits(t *testing.T, h *host, m *scripting.Module) {
	run := func(ev scripting.Event) scripting.Effects {
		t.Helper()
		out, err := h.e.Handle(m, ev, func(string) (scripting.Value, bool) { return scripting.Value{}, false }, 1, 500_000)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	out := run(scripting.Event{Name: "touch", FromName: "Ada"})
	if len(out.Asks) != 1 || out.Asks[0].Tag != 7 || !slices.Equal(out.Asks[0].Steps, []scripting.AskStep{{Op: scripting.AskAdd, Key: "visits", Value: scripting.Int(1)}}) {
		t.Errorf("it asks %+v", out.Asks)
	}
	for _, s := range []struct {
		a    *scripting.Answer
		says string
	}{
		{&scripting.Answer{Items: []scripting.AnswerItem{{Key: "visits", Value: scripting.Int(41)}}}, "41"},
		{&scripting.Answer{Error: "timeout"}, "timeout"},
	} {
		if out := run(scripting.Event{Name: "answer", Tag: 7, Answer: s.a}); len(out.Asks) != 0 || len(out.Say) != 1 || out.Say[0] != s.says {
			t.Errorf("answered %+v it says %q", s.a, out.Say)
		}
	}
}

func tree(t *testing.T, h *host, m *scripting.Module) {
	pid := h.spawn(t, m)
	lines := h.lines(t, pid)
	says(t, lines, "info ready")
	for _, s := range []struct{ send, says string }{
		{"count a", "info a 1"}, {"count a", "info a 2"}, {"count b", "info b 1"},
		{"fall a", "info a fell: exit 1|info a is back"}, {"count a", "info a 1"}, {"count b", "info b 2"},
	} {
		h.send(t, pid, s.send)
		says(t, lines, strings.Split(s.says, "|")...)
	}
	all := h.ps.List(false)
	if len(all) != 4 { // itself, the supervisor, the workers
		t.Errorf("alive: %+v", all)
	}
	h.send(t, pid, "stop")
	h.ends(t, pid, "exit 0")
	for _, i := range all {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		if _, err := h.ps.Wait(ctx, i.PID); err != nil {
			t.Errorf("%s outlives its tree: %v", i.Name, err)
		}
		cancel()
	}
}
