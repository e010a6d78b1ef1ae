package scripting

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/metatopia/metatopia/scripting/internal/asm"
	"github.com/metatopia/metatopia/scripting/process"
)

// The traps that the runtimes before this one fell into: each as a guest that
// would. A guest exits with 0 when all is as it should be.

const (
	reasonFailed      = int32(process.Failed)
	reasonKilled      = int32(process.Killed)
	reasonGone        = int32(process.Gone)
	reasonUnreachable = int32(process.Unreachable)
)

// ended spawns a child into local 0 and waits until it is gone.
func (s *script) ended() []byte {
	return asm.Cat(
		s.when('x', s.exit(c32(3))),
		local(0, s.spawn("x", "", spawnMonitor, 7)),
		s.want(letterDown, 90, s.receive()),
		s.want(reasonFailed, 91, s.do("message.reason")),
		s.want(3, 92, s.do("message.code")),
		s.want(7, 93, s.do("message.tag"), []byte{0xa7}))
}

func TestTrapMonitorOfTheDeadFiresAtOnce(t *testing.T) {
	s := newScript()
	exits(t, newProcesses(t, ProcessesConfig{}), s.run(s.ended(),
		local(8, s.do("process.monitor", get(0))),
		s.want(letterDown, 1, s.receive()),
		s.want(reasonGone, 2, s.do("message.reason")),
		s.want(1, 3, s.do("message.ref"), get(8), []byte{0x51}), // i64.eq
		s.want(1, 4, s.do("message.tag"), get(8), []byte{0x51}),
	), SpawnSpec{}, "exit 0")
}

func TestTrapLinkToTheMissing(t *testing.T) {
	ps := newProcesses(t, ProcessesConfig{})
	s := newScript() // one that traps exits is told
	exits(t, ps, s.run(s.ended(),
		s.do("process.trap_exits", c32(1)),
		s.want(0, 1, s.do("process.link", get(0), c64(5))),
		s.want(letterExit, 2, s.receive()),
		s.want(reasonGone, 3, s.do("message.reason")),
		s.want(5, 4, s.do("message.tag"), []byte{0xa7}),
	), SpawnSpec{}, "exit 0")
	s = newScript() // another ends
	exits(t, ps, s.run(s.ended(), s.do("process.link", get(0), c64(5)), s.exit()), SpawnSpec{}, "linked: gone")
}

func TestTrapKillWithoutTheRight(t *testing.T) {
	s := newScript()
	exits(t, newProcesses(t, ProcessesConfig{}), s.run(
		// The child looks for its parent, and may not kill it.
		s.when('c',
			local(0, s.do("process.parent")),
			s.want(codeDenied, 1, s.do("process.kill", get(0))),
			local(1, s.do("process.demote", get(0), c32(int32(process.All)))),
			s.want(codeDenied, 2, s.do("process.kill", get(1))), // no more rights by asking for them
			local(2, s.do("process.whereis", s.text("root"))),
			s.want(codeDenied, 3, s.do("process.kill", get(2))),
			s.want(codeDenied, 4, s.do("process.lend", get(2), c32(int32(process.All))), local(3), get(3), s.do("process.kill")),
			// Nobody else is known: other numbers are no handles.
			s.want(codeInvalid, 5, s.do("process.kill", c32(1000))),
			s.want(codeInvalid, 6, s.do("process.kill", c32(-1))),
			s.want(codeInvalid, 7, s.do("process.kill", c32(0))),
			s.exit(c32(0))),
		local(0, s.do("process.demote", s.do("process.self"), c32(int32(process.Send)))),
		s.do("process.register", s.text("root"), get(0)), drop,
		s.spawn("c", "", spawnMonitor, 0), drop,
		s.want(letterDown, 20, s.receive()),
		s.exit(s.do("message.code")),
	), SpawnSpec{}, "exit 0")
}

func TestTrapNumbersAreNoHandles(t *testing.T) {
	ps := newProcesses(t, ProcessesConfig{})
	victim := spawn(t, ps, timeoutGuest(), SpawnSpec{})
	s := newScript()
	// Every number up to well beyond what the node gave out, and every call.
	var tries []byte
	for _, name := range []string{"process.kill", "process.unlink", "process.drop", "process.revoke", "process.rights"} {
		tries = asm.Cat(tries, s.want(codeInvalid, 1, s.do(name, get(0))))
	}
	tries = asm.Cat(tries,
		s.want(codeInvalid, 2, s.do("process.link", get(0), c64(0))),
		s.want(codeInvalid, 3, s.do("process.monitor", get(0)), []byte{0xa7}),
		s.want(codeInvalid, 4, s.do("process.demote", get(0), c32(15))),
		s.want(codeInvalid, 5, s.do("process.lend", get(0), c32(15))),
		s.want(codeInvalid, 6, s.do("process.register", s.text("x"), get(0))),
		s.want(codeInvalid, 7, s.send(0, 0, "boo")))
	exits(t, ps, s.run(loop, tries, get(0), c32(1), []byte{0x6a}, asm.Op(0x22, 0), c32(200), []byte{0x48}, brIf(0), end), SpawnSpec{}, "exit 0")
	if i, _ := ps.Get(victim); i.State == Exited || i.Mailbox != 0 {
		t.Errorf("%+v", i)
	}
}

func TestTrapMessageToTheDeadIsAnError(t *testing.T) {
	s := newScript()
	exits(t, newProcesses(t, ProcessesConfig{}), s.run(s.ended(), s.want(codeNotFound, 1, s.send(0, 0, "hello"))), SpawnSpec{}, "exit 0")
}

func TestTrapQueuesAreBounded(t *testing.T) {
	ps := newProcesses(t, ProcessesConfig{})
	s := newScript()
	pid := spawn(t, ps, s.run(
		s.when('c', s.do("time.sleep", c32(-1))),
		local(0, s.spawn("c", "child", 0, 0)),
		loop, get(1), c32(1), []byte{0x6a}, set(1), s.send(0, 0, "flood"), []byte{0x45}, brIf(0), end, // until it is not 0
		s.want(codeFull, 1, s.send(0, 0, "more")),
		s.exit(get(1)),
	), SpawnSpec{})
	if got := wait(t, ps, pid); got.Exit != fmt.Sprint("exit ", MaxMailbox+1) {
		t.Error(got.Exit)
	}
	for _, i := range ps.List(false) {
		if i.Name != "child" || i.Mailbox != MaxMailbox || i.Refused != 2 {
			t.Errorf("the listing says %+v", i)
		}
	}
}

func TestTrapMemoryIsBoundedByDefault(t *testing.T) {
	ps := newProcesses(t, ProcessesConfig{})
	// 64 MiB is the most for a process, 32 MiB what its tree has.
	exits(t, ps, growGuest(), SpawnSpec{}, "exit 512")
	exits(t, ps, growGuest(), SpawnSpec{Memory: 1 << 30}, "exit 1024")
}

// slowModules takes its time.
type slowModules struct {
	begun, go_ chan struct{}
	m          *Module
}

func (s slowModules) LoadModule(ctx context.Context, _ string) (*Module, error) {
	close(s.begun)
	select {
	case <-s.go_:
		return s.m, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// A module that takes long to load holds nobody up, and a kill does not wait.
func TestTrapLoadingHoldsNobodyUp(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	e := newEngine(t)
	slow := slowModules{make(chan struct{}), make(chan struct{}), admitGuest(t, e, trapGuest())}
	ps := newProcesses(t, ProcessesConfig{Engine: e, Modules: slow})
	s := newScript()
	wasm := s.run(s.exit(s.do("process.spawn_module", s.text("cid"), s.text(""), s.text(""), c32(0), c64(0))))
	exits(t, ps, wasm, SpawnSpec{}, fmt.Sprint("exit ", codeRefused)) // not granted
	pid := spawn(t, ps, wasm, SpawnSpec{Grants: Grants{Modules: []string{"cid"}}})
	<-slow.begun
	for range 10 {
		exits(t, ps, growGuest(), SpawnSpec{Memory: 1 << 16}, "exit 1")
	}
	if i, _ := ps.Get(pid); i.State != Waiting {
		t.Errorf("%+v", i)
	}
	if err := ps.Kill(pid); err != nil {
		t.Fatal(err)
	}
}

// elsewhere is a process on another node, as a guest's tree sees it.
type elsewhere struct {
	mu   sync.Mutex
	told []string
}

func (f *elsewhere) note(s string) { f.mu.Lock(); f.told = append(f.told, s); f.mu.Unlock() }

func (f *elsewhere) Forward(_ *process.Process, l *process.Letter) error {
	f.note(fmt.Sprintf("send %s with %d", l.Data, len(l.Caps)))
	return nil
}
func (f *elsewhere) Watched(p *process.Process) {
	if _, linked := p.Watched(); linked {
		f.note("link")
	}
}
func (f *elsewhere) Exited(_ *process.Process, r process.Reason) { f.note("exit " + r.End.String()) }
func (f *elsewhere) Kill(*process.Process)                       { f.note("kill") }

// Links, monitors, kills and messages with capabilities reach one elsewhere; one
// that cannot be reached is not said to be dead, and does not come back.
func TestTrapRemoteLinks(t *testing.T) {
	ps := newProcesses(t, ProcessesConfig{})
	s := newScript()
	pid := spawn(t, ps, s.run(
		s.receive(), drop,
		local(0, s.do("message.cap", c32(0))),
		s.do("process.trap_exits", c32(1)),
		s.want(0, 1, s.do("process.link", get(0), c64(5))),
		s.do("process.monitor", get(0)), drop,
		local(1, s.do("process.self")),
		asm.Cat(c32(0), get(1), asm.Op(0x36, 2, 0)), // i32.store
		s.want(0, 2, s.do("message.send_caps", get(0), c64(0), s.text("hello"), c32(0), c32(1))),
		s.want(0, 3, s.do("process.kill", get(0))),
		s.do("log.log", c32(1), s.text("ready")),
		s.want(letterDown, 4, s.receive()),
		s.want(reasonUnreachable, 5, s.do("message.reason")),
		s.want(letterExit, 6, s.receive()),
		s.want(reasonUnreachable, 7, s.do("message.reason")),
		s.do("process.monitor", get(0)), drop,
		s.want(letterDown, 8, s.receive()),
		s.want(reasonGone, 9, s.do("message.reason")),
	), SpawnSpec{})
	p, err := ps.here(pid)
	if err != nil {
		t.Fatal(err)
	}
	f := &elsewhere{}
	q, err := ps.procs.Spawn(process.Spec{Proxy: f}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.proc.Cap().Send(process.Letter{Caps: []*process.Cap{q.Cap()}}); err != nil {
		t.Fatal(err)
	}
	lines(t, ps, pid, 1)
	f.mu.Lock()
	told := strings.Join(f.told, "; ")
	f.mu.Unlock()
	if told != "link; link; send hello with 1; kill" {
		t.Error(told)
	}
	if i, _ := ps.Get(pid); i.State == Exited {
		t.Errorf("%+v", i)
	}
	q.Over(process.Reason{End: process.Unreachable})
	if got := wait(t, ps, pid); got.Exit != "exit 0" {
		t.Error(got.Exit)
	}
}

// What was lent can be taken back, whoever has it by then.
func TestTrapRevocation(t *testing.T) {
	s := newScript()
	exits(t, newProcesses(t, ProcessesConfig{}), s.run(
		s.when('c',
			s.receive(), drop,
			local(0, s.do("message.cap", c32(0))),
			s.want(codeDenied, 1, s.do("process.revoke", get(0))), // it is not the child's to revoke
			s.want(0, 2, s.send(0, 0, "first")),
			s.receive(), drop,
			s.want(codeRevoked, 3, s.send(0, 0, "second")),
			s.want(codeRevoked, 4, s.do("process.demote", get(0), c32(1)), local(1), get(1), c64(0), s.text("third"), s.do("message.send")),
			s.exit(c32(0))),
		local(0, s.spawn("c", "", spawnMonitor, 0)),
		local(1, s.do("process.lend", s.do("process.self"), c32(int32(process.Send)))),
		c32(0), get(1), asm.Op(0x36, 2, 0),
		s.want(0, 20, s.do("message.send_caps", get(0), c64(0), s.text(""), c32(0), c32(1))),
		s.want(letterMessage, 21, s.receive()),
		s.want(0, 22, s.do("process.revoke", get(1))),
		s.want(0, 23, s.send(0, 0, "now")),
		s.want(letterDown, 24, s.receive()), // not the second message
		s.exit(s.do("message.code")),
	), SpawnSpec{}, "exit 0")
}
