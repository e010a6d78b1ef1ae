package scripting

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metatopia/metatopia/scripting/internal/asm"
)

func newProcesses(t testing.TB, cfg ProcessesConfig) *Processes {
	t.Helper()
	if cfg.Engine == nil {
		cfg.Engine = newEngine(t)
	}
	ps := NewProcesses(cfg)
	t.Cleanup(func() {
		if err := ps.Close(); err != nil {
			t.Error(err)
		}
	})
	return ps
}

func spawn(t testing.TB, ps *Processes, wasm []byte, spec SpawnSpec) uint64 {
	t.Helper()
	spec.Module = admitGuest(t, ps.cfg.Engine, wasm)
	info, err := ps.Spawn(spec)
	if err != nil {
		t.Fatal(err)
	}
	return info.PID
}

func wait(t testing.TB, ps *Processes, pid uint64) Info {
	t.Helper()
	info, err := ps.Wait(t.Context(), pid)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// lines follows a log until it has n lines.
func lines(t testing.TB, ps *Processes, pid uint64, n int) []string {
	t.Helper()
	var got []string
	enough := errors.New("enough")
	err := ps.Tail(t.Context(), pid, "", true, func(l LogLine) error {
		got = append(got, l.Text)
		if len(got) == n {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) {
		t.Fatalf("log ended with %v: %q", err, got)
	}
	return got
}

// TestKillEndlessLoop: a guest that loops for ever, or recurses for ever, lets
// others answer, lets the garbage collector run, and dies when killed.
func TestKillEndlessLoop(t *testing.T) {
	for name, wasm := range map[string][]byte{"loop": spinGuest(), "recursion": recurseGuest(false)} {
		t.Run(name, func(t *testing.T) {
			ps := newProcesses(t, ProcessesConfig{})
			var hogs []uint64
			for range 2 * runtime.GOMAXPROCS(0) {
				hogs = append(hogs, spawn(t, ps, wasm, SpawnSpec{}))
			}
			echo := spawn(t, ps, echoGuest(), SpawnSpec{})
			for i := range 20 {
				if err := ps.Send(echo, 0, fmt.Appendf(nil, "message %d", i)); err != nil {
					t.Fatal(err)
				}
				if got := lines(t, ps, echo, i+1); got[i] != fmt.Sprintf("message %d", i) {
					t.Fatalf("got %q", got)
				}
				runtime.GC()
			}
			for _, pid := range hogs {
				if err := ps.Kill(pid); err != nil {
					t.Fatal(err)
				}
				info, _ := ps.Get(pid)
				if info.State != Exited || info.Exit != "killed" || info.Gas < gasSlice {
					t.Errorf("got %+v", info)
				}
			}
			if info, _ := ps.Get(echo); info.State == Exited || info.Received != 20 {
				t.Errorf("echo: %+v", info)
			}
		})
	}
}

func TestProcessLimits(t *testing.T) {
	ps := newProcesses(t, ProcessesConfig{})
	if got := wait(t, ps, spawn(t, ps, recurseGuest(true), SpawnSpec{})); !errors.Is(got.Err, ErrTooDeep) {
		t.Errorf("recursion: %+v", got)
	}
	if got := wait(t, ps, spawn(t, ps, growGuest(), SpawnSpec{Memory: 20 << 16})); got.Exit != "exit 20" {
		t.Errorf("memory: %+v", got)
	}
	got := wait(t, ps, spawn(t, ps, spinGuest(), SpawnSpec{Gas: 250_000}))
	if !errors.Is(got.Err, ErrOutOfGas) || got.Gas < 250_000 || got.Gas > 250_100 {
		t.Errorf("gas: %+v", got)
	}
	m := admitGuest(t, ps.cfg.Engine, growGuest())
	for name, spec := range map[string]SpawnSpec{
		"too little memory": {Module: m, Memory: 1000},
		"too much memory":   {Module: m, Memory: MaxTreeMemory + 1},
		"many processes":    {Module: m, Processes: defaultMax + 1},
		"many arguments":    {Module: m, Args: make([]string, maxArgs+1)},
		"long arguments":    {Module: m, Args: []string{strings.Repeat("x", maxArgBytes+1)}},
	} {
		if _, err := ps.Spawn(spec); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := ps.Spawn(SpawnSpec{Module: admitGuest(t, ps.cfg.Engine, countGuest())}); !errors.Is(err, ErrNotUsable) {
		t.Errorf("a handler: got %v", err)
	}
	if _, err := ps.Spawn(SpawnSpec{}); !errors.Is(err, ErrNotUsable) {
		t.Errorf("no module: got %v", err)
	}
}

func TestMailbox(t *testing.T) {
	e := newEngine(t)
	ps := newProcesses(t, ProcessesConfig{Engine: e})
	pid := spawn(t, ps, spinGuest(), SpawnSpec{}) // never receives
	for range MaxMailbox {
		if err := ps.Send(pid, 0, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	if err := ps.Send(pid, 0, nil); !errors.Is(err, ErrFull) {
		t.Errorf("a full mailbox: %v", err)
	}
	if err := ps.Send(pid, 0, make([]byte, MaxMessage+1)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a large message: %v", err)
	}
	if info, _ := ps.Get(pid); info.Mailbox != MaxMailbox {
		t.Errorf("got %+v", info)
	}
	if info, _ := ps.Get(pid); info.Refused != 1 {
		t.Errorf("what was refused is not shown: %+v", info)
	}
	if err := ps.Send(99, 0, nil); !errors.Is(err, ErrNoProcess) {
		t.Errorf("nobody: %v", err)
	}
	if err := ps.Kill(pid); err != nil {
		t.Fatal(err)
	}
	if err := ps.Send(pid, 0, nil); !errors.Is(err, ErrNoProcess) {
		t.Errorf("a dead process: %v", err)
	}
}

func TestReceiveTimeout(t *testing.T) {
	e := newEngine(t)
	synctest.Test(t, func(t *testing.T) {
		ps := NewProcesses(ProcessesConfig{Engine: e})
		start := time.Now()
		pid := spawn(t, ps, timeoutGuest(), SpawnSpec{})
		synctest.Wait()
		if info, _ := ps.Get(pid); info.State != Waiting {
			t.Errorf("got %+v", info)
		}
		info := wait(t, ps, pid)
		if info.Exit != fmt.Sprintf("exit %d", codeTimeout) || time.Since(start) != time.Hour {
			t.Errorf("%+v after %v", info, time.Since(start))
		}
		// Killed while it waits.
		pid = spawn(t, ps, timeoutGuest(), SpawnSpec{})
		synctest.Wait()
		if err := ps.Kill(pid); err != nil {
			t.Error(err)
		}
		if info, _ := ps.Get(pid); info.Exit != "killed" {
			t.Errorf("got %+v", info)
		}
		if err := ps.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestTable(t *testing.T) {
	var mu sync.Mutex
	events := map[string]int{}
	ps := newProcesses(t, ProcessesConfig{Max: 2, OnEvent: func(name string) {
		mu.Lock()
		events[name]++
		mu.Unlock()
	}})
	a := spawn(t, ps, echoGuest(), SpawnSpec{Name: "a\x1b[31m", CID: "cid"})
	b := spawn(t, ps, spinGuest(), SpawnSpec{})
	if _, err := ps.Spawn(SpawnSpec{Module: admitGuest(t, ps.cfg.Engine, echoGuest())}); !errors.Is(err, ErrFull) {
		t.Errorf("a third process: %v", err)
	}
	list := ps.List(false)
	if len(list) != 2 || list[0].PID != a || list[1].PID != b || list[0].CID != "cid" || strings.Contains(list[0].Name, "\x1b") {
		t.Errorf("got %+v", list)
	}
	if err := ps.Kill(a); err != nil {
		t.Fatal(err)
	}
	if err := ps.Kill(a); err != nil {
		t.Errorf("killed twice: %v", err)
	}
	if len(ps.List(false)) != 1 || len(ps.List(true)) != 2 {
		t.Errorf("got %+v", ps.List(true))
	}
	for range keepExited + 5 {
		wait(t, ps, spawn(t, ps, trapGuest(), SpawnSpec{}))
	}
	if n := len(ps.List(true)); n != keepExited+1 {
		t.Errorf("%d processes listed", n)
	}
	if _, err := ps.Get(a); !errors.Is(err, ErrNoProcess) {
		t.Errorf("a long gone process: %v", err)
	}
	if err := ps.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := ps.Spawn(SpawnSpec{Module: admitGuest(t, ps.cfg.Engine, echoGuest())}); !errors.Is(err, ErrClosed) {
		t.Errorf("after close: %v", err)
	}
	mu.Lock()
	defer mu.Unlock()
	if events["spawned"] != keepExited+7 || events["killed"] != 2 || events["faulted"] != keepExited+5 {
		t.Errorf("events %v", events)
	}
}

// TestSandbox: no file, no environment, no socket; what a guest prints goes
// to its log without control characters.
func TestSandbox(t *testing.T) {
	ps := newProcesses(t, ProcessesConfig{})
	var m asm.Module
	open := m.Import(wasiModule, "path_open", asm.Cat(i32, i32, i32, i32, i32, i64, i64, i32, i32), i32)
	prestat := m.Import(wasiModule, "fd_prestat_get", asm.Cat(i32, i32), i32)
	environ := m.Import(wasiModule, "environ_sizes_get", asm.Cat(i32, i32), i32)
	write := m.Import(wasiModule, "fd_write", asm.Cat(i32, i32, i32, i32), i32)
	exit := m.Import("mt:process@1", "exit", i32, nil)
	m.Memory(1, 1)
	m.Data(0, "\x08\x00\x00\x00\x0f\x00\x00\x00one\x1b[2Jtwo\nrest")
	m.Export("run", asm.Func, m.Func(nil, nil, nil,
		c32(1), c32(0), c32(1), c32(100), call(write), drop,
		c32(200), c32(200), call(environ), drop,
		c32(3), c32(0), c32(0), c32(0), c32(0), c64(0), c64(0), c32(0), c32(0), call(open),
		c32(1000), []byte{0x6c}, c32(3), c32(0), call(prestat), []byte{0x6a}, // open*1000 + prestat
		c32(200), []byte{0x28, 2, 0}, []byte{0x6a}, call(exit)))
	pid := spawn(t, ps, m.Bytes(), SpawnSpec{})
	if got := wait(t, ps, pid); got.Exit != "exit 52008" {
		t.Errorf("got %+v", got)
	}
	var got []string
	if err := ps.Tail(t.Context(), pid, "", true, func(l LogLine) error { got = append(got, l.Text); return nil }); err != nil {
		t.Fatal(err)
	}
	if strings.Join(got, "|") != "one\uFFFD[2Jtwo|rest" {
		t.Errorf("got %q", got)
	}
}

// fakeWorld records what is done.
type fakeWorld struct {
	mu   sync.Mutex
	did  []string
	at   Place
	near []Seen
	err  error
}

func (w *fakeWorld) do(format string, a ...any) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.did = append(w.did, fmt.Sprintf(format, a...))
	return w.err
}
func (w *fakeWorld) all() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.did...)
}
func (w *fakeWorld) Where() (Place, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at, w.err
}
func (w *fakeWorld) Nearby(max int) ([]Seen, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.near, w.err
}
func (w *fakeWorld) Walk(x, z float64) error {
	err := w.do("walk %g,%g", x, z)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at.X, w.at.Z = x, z
	return err
}
func (w *fakeWorld) Say(text string) error { return w.do("say %s", text) }
func (w *fakeWorld) Throw(thing string, vx, vy, vz float64) error {
	return w.do("throw %s %g,%g,%g", thing, vx, vy, vz)
}
func (w *fakeWorld) Touch(thing string) error { return w.do("touch %s", thing) }

// TestWorldErrors: an error of the world is a code for the guest.
func TestWorldErrors(t *testing.T) {
	var m asm.Module
	say := m.Import("mt:world@1", "say", asm.Cat(i32, i32), i32)
	exit := m.Import("mt:process@1", "exit", i32, nil)
	m.Memory(1, 1)
	m.Data(0, "hello")
	m.Export("run", asm.Func, m.Func(nil, nil, nil, c32(0), c32(5), call(say), call(exit)))
	wasm := m.Bytes()
	w := &fakeWorld{}
	var world World
	ps := newProcesses(t, ProcessesConfig{World: func() World { return world }})
	for _, c := range []struct {
		world World
		err   error
		code  int32
	}{
		{nil, nil, codeUnavailable}, {w, nil, 0}, {w, fmt.Errorf("x: %w", ErrUnavailable), codeUnavailable},
		{w, fmt.Errorf("x: %w", ErrNotFound), codeNotFound}, {w, errors.New("no"), codeRefused},
	} {
		world, w.err = c.world, c.err
		if got := wait(t, ps, spawn(t, ps, wasm, SpawnSpec{})); got.Exit != fmt.Sprintf("exit %d", c.code) {
			t.Errorf("%v: got %q, want code %d", c.err, got.Exit, c.code)
		}
	}
}

// TestProcessRandom uses the source it was given.
func TestProcessRandom(t *testing.T) {
	var m asm.Module
	random := m.Import("mt:random@1", "u64", nil, i64)
	exit := m.Import("mt:process@1", "exit", i32, nil)
	m.Memory(1, 1)
	m.Export("run", asm.Func, m.Func(nil, nil, nil, call(random), []byte{0xa7}, call(exit)))
	ps := newProcesses(t, ProcessesConfig{Rand: strings.NewReader("\x05\x00\x00\x00\x00\x00\x00\x00")})
	if got := wait(t, ps, spawn(t, ps, m.Bytes(), SpawnSpec{})); got.Exit != "exit 5" {
		t.Errorf("got %+v", got)
	}
	if got := wait(t, ps, spawn(t, ps, m.Bytes(), SpawnSpec{})); !errors.Is(got.Err, ErrTrap) {
		t.Errorf("without randomness: %+v", got)
	}
}
