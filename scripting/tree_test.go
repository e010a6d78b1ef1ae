package scripting

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metatopia/metatopia/scripting/internal/asm"
	"github.com/metatopia/metatopia/scripting/process"
)

// echoes answers every message to the capability in it; after a message with
// tag 9 it exits with 9, after one with tag 8 it never comes back.
func (s *script) echoes() []byte {
	return asm.Cat(
		s.do("message.tag"), c64(9), []byte{0x51, 0x04, 0x40}, s.exit(c32(9)), end,
		s.do("message.tag"), c64(8), []byte{0x51, 0x04, 0x40}, loop, br(0), end, end,
		local(0, s.do("message.read", c32(0), c32(1024))),
		local(1, s.do("message.cap", c32(0))),
		s.do("message.send", get(1), s.do("message.tag"), c32(0), get(0)), drop,
		s.do("process.drop", get(1)), drop)
}

// ask is a process of the node that asks guests.
type asker struct {
	t   *testing.T
	ps  *Processes
	p   *process.Process
	got chan string
}

func newAsker(t *testing.T, ps *Processes) *asker {
	a := &asker{t: t, ps: ps, got: make(chan string, 100)}
	tr := &tree{memory: process.NewBudget(1 << 20)}
	tr.most.Store(10)
	tr.join()
	p, err := ps.procs.Spawn(process.Spec{Handler: a, Of: &actor{table: ps, tree: tr, name: "asker"}}, func(s *process.Starting) error {
		s.Process().Of().(*actor).proc = s.Process()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	a.p = p
	return a
}

func (a *asker) Start(*process.Process) error { return nil }
func (a *asker) Handle(_ *process.Process, l *process.Letter) error {
	a.got <- string(l.Data)
	return nil
}
func (a *asker) Spent() bool           { return false }
func (a *asker) Stop(*process.Process) {}

func (a *asker) send(pid uint64, tag int64, text string) {
	a.t.Helper()
	p, err := a.ps.here(pid)
	if err != nil {
		a.t.Fatal(err)
	}
	if err := p.proc.Cap().Send(process.Letter{Tag: tag, Data: []byte(text), Caps: []*process.Cap{a.p.Cap()}}); err != nil {
		a.t.Fatal(err)
	}
}

func (a *asker) ask(pid uint64, text string) {
	a.t.Helper()
	a.send(pid, 0, text)
	if got := <-a.got; got != text {
		a.t.Errorf("the answer to %q is %q", text, got)
	}
}

// Handlers answer, with functions of their own or shared ones, and those that never come back from a letter
// delay nobody and die when killed.
func TestHandlers(t *testing.T) {
	s := newScript()
	wasm := s.handle(s.echoes())
	for _, share := range []bool{true, false} {
		t.Run(fmt.Sprint("shared ", share), func(t *testing.T) {
			e := newEngine(t)
			if e.aimer == nil {
				t.Fatal("functions cannot be shared with this version of the engine")
			}
			if !share {
				e.aimer = nil
			}
			ps := newProcesses(t, ProcessesConfig{Engine: e})
			var pids []uint64
			for range 10 {
				pids = append(pids, spawn(t, ps, wasm, SpawnSpec{}))
			}
			a := newAsker(t, ps)
			long := pids[5:]
			for _, pid := range long {
				a.send(pid, 8, "do not come back")
			}
			for i := range 30 {
				a.ask(pids[i%5], fmt.Sprint("question ", i))
			}
			for _, pid := range long {
				if err := ps.Kill(pid); err != nil {
					t.Fatal(err)
				}
				if i, _ := ps.Get(pid); i.Exit != "killed" || i.Gas < gasSlice || i.CPU == 0 {
					t.Errorf("%+v", i)
				}
			}
			a.send(pids[0], 9, "")
			if got := wait(t, ps, pids[0]); got.Exit != "exit 9" || got.Kind != KindHandling {
				t.Errorf("%+v", got)
			}
		})
	}
}

// A module that exports both is a blocking process unless it is asked to be a
// handler.
func TestKinds(t *testing.T) {
	ps := newProcesses(t, ProcessesConfig{})
	s := newScript()
	wasm := s.handleOr(s.echoes(), s.exit(c32(5)))
	exits(t, ps, wasm, SpawnSpec{}, "exit 5")
	pid := spawn(t, ps, wasm, SpawnSpec{Handler: true})
	newAsker(t, ps).ask(pid, "hello")
	if _, err := ps.Spawn(SpawnSpec{Module: admitGuest(t, ps.cfg.Engine, echoGuest()), Handler: true}); !errors.Is(err, ErrNotUsable) {
		t.Errorf("a handler without handle: %v", err)
	}
	// A handler cannot receive, but sleep and compute for long.
	s = newScript()
	pid = spawn(t, ps, s.handle(
		s.want(codeRefused, 1, s.receive()),
		s.do("time.sleep", c32(1)),
		s.exit(s.do("message.kind"))), SpawnSpec{})
	newAsker(t, ps).send(pid, 0, "go")
	if got := wait(t, ps, pid); got.Exit != "exit 1" {
		t.Error(got.Exit)
	}
}

func TestReceiveByTag(t *testing.T) {
	s := newScript()
	s.m.Data(64, "\x05\x00\x00\x00\x00\x00\x00\x00\x07\x00\x00\x00\x00\x00\x00\x00")
	exits(t, newProcesses(t, ProcessesConfig{}), s.run(
		local(0, s.do("process.self")),
		s.send(0, 3, "three"), drop, s.send(0, 7, "seven"), drop, s.send(0, 5, "five"), drop,
		s.want(letterMessage, 1, s.do("message.receive", c32(64), c32(2), c64(-1))),
		s.want(7, 2, s.do("message.tag"), []byte{0xa7}),
		s.want(letterMessage, 3, s.do("message.receive", c32(64), c32(1), c64(0))),
		s.want(4, 4, s.do("message.size")),
		s.want(codeTimeout, 5, s.do("message.receive", c32(64), c32(2), c64(0))),
		s.want(0, 6, s.do("message.kind")),
		s.want(letterMessage, 7, s.receive()),
		s.want(3, 8, s.do("message.tag"), []byte{0xa7}),
		s.want(codeTooLarge, 9, s.do("message.receive", c32(64), c32(17), c64(0))),
		s.want(0, 10, s.do("message.from_node")),
	), SpawnSpec{}, "exit 0")
}

func TestTimersOfGuests(t *testing.T) {
	e := newEngine(t)
	synctest.Test(t, func(t *testing.T) {
		ps := NewProcesses(ProcessesConfig{Engine: e})
		s := newScript()
		began := time.Now()
		exits(t, ps, s.run(
			local(8, s.do("message.timer", c64(5000))),
			local(9, s.do("message.timer", c64(3000))),
			local(10, s.do("message.timer", c64(1000))),
			s.want(0, 1, s.do("message.cancel", get(9))),
			s.want(codeNotFound, 2, s.do("message.cancel", get(9))),
			s.want(letterTimer, 3, s.receive()),
			s.want(1, 4, s.do("message.ref"), get(10), []byte{0x51}),
			s.want(letterTimer, 5, s.receive()),
			s.want(1, 6, s.do("message.tag"), get(8), []byte{0x51}),
		), SpawnSpec{}, "exit 0")
		if d := time.Since(began); d != 5*time.Second {
			t.Error(d)
		}
		if err := ps.Close(); err != nil {
			t.Error(err)
		}
	})
}

// sleeper spawns children that sleep until there is no room for more, and exits
// with how many there are.
func sleeper() []byte {
	s := newScript()
	return s.run(
		s.when('c', s.do("time.sleep", c32(-1))),
		loop, s.spawn("c", "", 0, 0), c32(0), []byte{0x4a, 0x04, 0x40}, // i32.gt_s, if
		get(1), c32(1), []byte{0x6a}, set(1), br(1), end, end,
		s.want(codeFull, 100, s.spawn("c", "", 0, 0)),
		s.exit(get(1)))
}

func TestATreeSharesItsBounds(t *testing.T) {
	ps := newProcesses(t, ProcessesConfig{})
	exits(t, ps, sleeper(), SpawnSpec{Processes: 7}, "exit 6")
	exits(t, ps, sleeper(), SpawnSpec{Memory: 5 << 16}, "exit 4")
	// Nobody of a tree that is killed is left, and its numbers are known.
	list := ps.List(false)
	if len(list) != 10 || list[0].Root == list[9].Root || list[0].Parent != list[0].Root {
		t.Fatalf("%+v", list)
	}
	if err := ps.KillTree(list[0].PID); err != nil {
		t.Fatal(err)
	}
	if list = ps.List(false); len(list) != 4 {
		t.Errorf("%+v", list)
	}
	// Gas: whoever runs last pays for all.
	s := newScript()
	wasm := s.run(s.when('c', loop, br(0), end), s.spawn("c", "", spawnMonitor, 0), drop, s.receive(), drop, s.exit(s.do("message.reason")))
	pid := spawn(t, ps, wasm, SpawnSpec{Gas: 350_000})
	wait(t, ps, pid)
	var gas uint64
	for _, i := range ps.List(true) {
		if i.Root == pid {
			gas += i.Gas
			if i.PID != pid && !errors.Is(i.Err, ErrOutOfGas) {
				t.Errorf("%+v", i)
			}
		}
	}
	if gas < 350_000 || gas > 350_000+1000 {
		t.Errorf("%d gas of 350,000", gas)
	}
}

func TestGetOrSpawnAndNames(t *testing.T) {
	s := newScript()
	wasm := s.run(
		s.when('c', s.do("time.sleep", c32(-1))),
		local(0, s.spawn("c", "one", spawnGet, 0)),
		local(1, s.spawn("c", "one", spawnGet, 0)),
		// The first was told that it may kill, the second found it.
		s.want(int32(process.All), 1, s.do("process.rights", get(0))),
		s.want(int32(byName), 2, s.do("process.rights", get(1))),
		s.want(1, 3, s.do("process.whereis", s.text("one")), get(1), []byte{0x46}),
		s.want(codeTaken, 4, s.spawn("c", "one", 0, 0)),
		s.want(codeTaken, 5, s.do("process.register", s.text("one"), get(0))),
		s.want(codeInvalid, 6, s.spawn("c", "", spawnGet, 0)),
		s.want(codeInvalid, 7, s.spawn("c", "", 64, 0)),
		s.want(codeRefused, 8, s.spawn("c", "", spawnHandler, 0)),
		s.want(0, 9, s.do("process.unregister", s.text("one"))),
		s.want(codeNotFound, 10, s.do("process.unregister", s.text("one"))),
		s.want(codeNotFound, 11, s.do("process.whereis", s.text("one"))))
	ps := newProcesses(t, ProcessesConfig{})
	for range 2 { // the other tree's name is another
		exits(t, ps, wasm, SpawnSpec{}, "exit 0")
	}
	if n := len(ps.List(false)); n != 2 {
		t.Errorf("%d processes", n)
	}
}

func TestParseSupervision(t *testing.T) {
	s, err := parseSupervision("rest-for-one 3 5000\nstore permanent handler /var x\n\n- temporary blocking")
	want := []supervised{{"store", process.Permanent, true, "/var x"}, {"", process.Temporary, false, ""}}
	if err != nil || s.strategy != process.RestForOne || s.restarts != 3 || s.within != 5*time.Second || !slices.Equal(s.children, want) {
		t.Errorf("%+v, %v", s, err)
	}
	for _, bad := range []string{
		"", "one", "one-for-one 3", "one-for-one x 5", "one-for-one 3 0", "one-for-one 99999 5", "one-for-one\nx",
		"one-for-one\na permanent", "one-for-one\na always handler", "one-for-one\na permanent thread", "one-for-one\n permanent handler",
		"one-for-one\n" + strings.Repeat("x", 200) + " permanent handler", strings.Repeat("x", maxSupervision+1),
		"one-for-one" + strings.Repeat("\n- permanent handler", maxSupervised+1), "one-for-one\n\xff permanent handler",
	} {
		if _, err := parseSupervision(bad); err == nil {
			t.Errorf("%.40q was read", bad)
		}
	}
}

func FuzzParseSupervision(f *testing.F) {
	f.Add("rest-for-one 3 5000\nstore permanent handler /var x\n- temporary blocking")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parseSupervision(text)
		if err == nil && (len(s.children) > maxSupervised || s.restarts > 1<<16 || s.within < 0) {
			t.Errorf("%+v", s)
		}
	})
}

// A supervisor of guests starts them anew, gives up when they fall too often,
// and ends with who asked for it.
func TestSuperviseGuests(t *testing.T) {
	s := newScript()
	wasm := s.handleOr(s.echoes(),
		s.when('s', s.do("time.sleep", c32(-1))),
		s.do("process.trap_exits", c32(1)),
		local(0, s.do("process.supervise", s.text("one-for-all 1 60000\necho permanent handler\nother permanent blocking s"))),
		s.want(codeInvalid, 1, s.do("process.supervise", s.text("nonsense"))),
		s.want(letterExit, 2, s.receive()),
		s.exit(s.do("message.reason")))
	ps := newProcesses(t, ProcessesConfig{})
	root := spawn(t, ps, wasm, SpawnSpec{})
	a := newAsker(t, ps)
	find := func(name string, not uint64) uint64 {
		for {
			for _, i := range ps.List(false) {
				if i.Name == name && i.PID != not {
					return i.PID
				}
			}
			if i, _ := ps.Get(root); i.State == Exited {
				t.Fatal(i.Exit)
			}
			runtime.Gosched()
		}
	}
	first, other := find("echo", 0), find("other", 0)
	a.ask(first, "hello")
	a.send(first, 9, "")
	second := find("echo", first)
	a.ask(second, "again")
	if find("other", other) == 0 {
		t.Error("the other was not started anew")
	}
	for _, i := range ps.List(false) {
		if i.Name == "echo" {
			if up, _ := ps.Get(i.Parent); up.Kind != KindSupervisor || up.Parent != root {
				t.Errorf("%+v of %+v", i, up)
			}
		}
	}
	a.send(second, 9, "") // once too often
	if got := wait(t, ps, root); got.Exit != fmt.Sprint("exit ", int(process.Faulted)) {
		t.Error(got.Exit)
	}
	for ps.Len() > 1 { // the asker
		runtime.Gosched()
	}
	// One whose owner ends normally goes too.
	s = newScript()
	exits(t, ps, s.handleOr(s.echoes(),
		s.do("process.supervise", s.text("one-for-one\na permanent handler\nb permanent handler")), drop), SpawnSpec{}, "exit 0")
	for ps.Len() > 1 {
		runtime.Gosched()
	}
}

// Trees that come and go leave nothing behind: neither memories nor goroutines,
// nor anything in the budgets.
func TestTreesLeaveNothing(t *testing.T) {
	e := newEngine(t)
	ps := newProcesses(t, ProcessesConfig{Engine: e})
	s := newScript()
	m := admitGuest(t, e, s.handleOr(s.echoes(),
		s.when('c', s.receive(), drop),
		local(0, s.do("process.self")),
		loop, s.spawn("c", "", spawnMonitor, 0), drop, s.spawn("", "", spawnHandler, 0), drop,
		local(1, s.spawn("c", "", spawnLink, 0)), s.send(1, 9, "hello"), drop,
		get(2), c32(1), []byte{0x6a}, asm.Op(0x22, 2), c32(20), []byte{0x48}, brIf(0), end,
		s.send(0, 0, "to itself"), drop,
		s.do("log.log", c32(1), s.text("ready")),
		s.receive(), drop, s.receive(), drop, s.do("time.sleep", c32(-1))))
	round := func() (*tree, uint64) {
		i, err := ps.Spawn(SpawnSpec{Module: m})
		if err != nil {
			t.Fatal(err)
		}
		lines(t, ps, i.PID, 1)
		a, err := ps.here(i.PID)
		if err != nil {
			t.Fatal(err)
		}
		if err := ps.KillTree(i.PID); err != nil {
			t.Fatal(err)
		}
		return a.tree, i.PID
	}
	round()
	goroutines := runtime.NumGoroutine()
	for range 50 {
		tr, pid := round()
		if tr.alive.Load() != 0 || tr.memory.Used() != 0 {
			t.Fatalf("the tree of %d has %d processes and %d bytes", pid, tr.alive.Load(), tr.memory.Used())
		}
	}
	if ps.Len() != 0 || m.users != 0 {
		t.Errorf("%d processes, %d users of the module", ps.Len(), m.users)
	}
	for range 1000 { // they may be about to end
		if runtime.NumGoroutine() <= goroutines+2 {
			return
		}
		runtime.Gosched()
	}
	t.Errorf("%d goroutines, %d at the start", runtime.NumGoroutine(), goroutines)
}
