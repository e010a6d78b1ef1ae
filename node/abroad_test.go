package node

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/p2p"
	"github.com/metatopia/metatopia/scripting/far"
	"github.com/metatopia/metatopia/scripting/guesttest"
	"github.com/metatopia/metatopia/scripting/process"
)

// quickly has nodes take each other for unreachable sooner than in real life.
func quickly(t *testing.T) {
	beat, dead := processBeat, processDead
	processBeat, processDead = 300*time.Millisecond, 3*time.Second
	t.Cleanup(func() { processBeat, processDead = beat, dead })
}

// addModule stores a module and gives its CID.
func addModule(t *testing.T, n *Node, wasm []byte) string {
	t.Helper()
	return must(n.Backend().LumpAdd(t.Context(), true, once(wasm)))(t).CID
}

func linesOf(t *testing.T, n *Node, pid uint64) (lines []string) {
	t.Helper()
	err := n.Backend().Tail(context.Background(), &control.TailRequest{PID: pid}, func(l *control.LogLine) error {
		lines = append(lines, l.Text)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func psOf(t *testing.T, n *Node, all bool) []control.Process {
	t.Helper()
	return must(n.Backend().Ps(t.Context(), &control.PsRequest{All: all}))(t).Processes
}

// A person has another node run something: when its owner agreed, and within
// those bounds.
func TestSpawnOnAnotherNode(t *testing.T) {
	quickly(t)
	ada, bob := adaAndBob(t)
	adaID, bobID := p2p.PeerID(ada.key), p2p.PeerID(bob.key)
	cid := addModule(t, ada, guesttest.Echo())
	spawn := &control.SpawnRequest{CID: cid, On: bobID, Name: "it", Args: []string{"an argument"}}
	_, err := ada.Backend().Spawn(t.Context(), spawn)
	if control.CodeOf(err) != control.Denied || !strings.Contains(control.HintOf(err), "process accept "+adaID) {
		t.Fatalf("before an agreement: %v (%s)", err, control.HintOf(err))
	}
	must(bob.Backend().ProcessAccept(t.Context(), &control.ProcessAcceptRequest{Peer: adaID, Processes: 2}))(t)
	p := must(ada.Backend().Spawn(t.Context(), spawn))(t).Process
	if p.Kind != "elsewhere" || p.On != bobID || p.Name != "it" || p.Module != cid {
		t.Errorf("%+v", p)
	}
	there := psOf(t, bob, false)
	if len(there) != 1 || there[0].For != adaID || there[0].Kind != "handler" || !there[0].NoWorld || there[0].Name != "it" {
		t.Fatalf("%+v", there)
	}
	if err := ada.Backend().Send(t.Context(), &control.SendRequest{PID: p.PID, Data: []byte("hello")}); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the message", func() bool { l := linesOf(t, bob, there[0].PID); return len(l) == 1 && l[0] == "hello" })
	must(ada.Backend().Spawn(t.Context(), spawn))(t)
	if _, err := ada.Backend().Spawn(t.Context(), spawn); control.CodeOf(err) != control.TooLarge {
		t.Errorf("a third: %v", err)
	}
	a := must(bob.Backend().ProcessAgreed(t.Context(), &control.ProcessAgreedRequest{}))(t).Agreements
	if len(a) != 1 || a[0].Alive != 2 || a[0].Peer != adaID || a[0].Used == 0 {
		t.Errorf("%+v", a)
	}
	if err := ada.Backend().Kill(t.Context(), &control.KillRequest{PID: p.PID}); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "its end", func() bool { return len(psOf(t, bob, false)) == 1 })
	if got := must(ada.procs.Get(p.PID))(t); got.Exit != "killed" {
		t.Errorf("%+v", got)
	}
	must(bob.Backend().ProcessRefuse(t.Context(), &control.ProcessAcceptRequest{Peer: adaID}))(t)
	if len(psOf(t, bob, false)) != 0 {
		t.Error("what it had runs on")
	}
	if _, err := ada.Backend().Spawn(t.Context(), spawn); control.CodeOf(err) != control.Denied {
		t.Errorf("after a refusal: %v", err)
	}
	if p := psOf(t, ada, false); len(p) != 0 {
		t.Errorf("%+v", p)
	}
	for _, bad := range []control.SpawnRequest{{CID: cid, On: adaID}, {CID: cid, On: "nobody"}} {
		if _, err := ada.Backend().Spawn(t.Context(), &bad); control.CodeOf(err) != control.Invalid {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	stranger := p2p.PeerID(base.Key{1})
	if _, err := ada.Backend().Spawn(t.Context(), &control.SpawnRequest{CID: cid, On: stranger}); err == nil {
		t.Error("on a node that is not there")
	}
}

// A guest does the same, with a grant: link, monitor and messages work across.
func TestAGuestSpawnsOnAnotherNode(t *testing.T) {
	ada, bob := adaAndBob(t)
	bobID := p2p.PeerID(bob.key)
	echo := addModule(t, ada, guesttest.Echo())
	run := func(on ...string) (exit string, lines []string) {
		t.Helper()
		sp := must(ada.Backend().Spawn(t.Context(), &control.SpawnRequest{Wasm: guesttest.Caller(), Args: []string{bobID, echo}, SpawnOn: on}))(t)
		info, err := ada.procs.Wait(t.Context(), sp.Process.PID)
		if err != nil {
			t.Fatal(err)
		}
		return info.Exit, linesOf(t, ada, sp.Process.PID)
	}
	if exit, _ := run(); exit != "exit 6" {
		t.Errorf("without a grant: %s", exit)
	}
	if exit, _ := run(bobID); exit != "exit 6" {
		t.Errorf("not agreed: %s", exit)
	}
	must(bob.Backend().ProcessAccept(t.Context(), &control.ProcessAcceptRequest{Peer: p2p.PeerID(ada.key)}))(t)
	for _, grant := range []string{bobID, "any"} {
		if exit, lines := run(grant); exit != "exit 0" || len(lines) != 1 || lines[0] != "ping" {
			t.Errorf("%s: %s, %q", grant, exit, lines)
		}
	}
	if p := psOf(t, bob, false); len(p) != 0 {
		t.Errorf("left: %+v", p)
	}
	if _, err := ada.Backend().Spawn(t.Context(), &control.SpawnRequest{Wasm: guesttest.Caller(), SpawnOn: []string{"nobody"}}); control.CodeOf(err) != control.Invalid {
		t.Errorf("a grant for no peer: %v", err)
	}
}

// counter is a process that wants messages that count up.
type counter struct {
	want atomic.Uint64
	done chan uint64 // the first that is wrong, or the last
	last uint64
}

func (*counter) Start(*process.Process) error { return nil }
func (*counter) Spent() bool                  { return false }
func (*counter) Stop(*process.Process)        {}
func (c *counter) Handle(_ *process.Process, l *process.Letter) error {
	n := binary.LittleEndian.Uint64(l.Data)
	if n != c.want.Load() || n == c.last {
		c.done <- n
		return process.Leave
	}
	c.want.Add(1)
	return nil
}

// Ten thousand messages go to another node and come back in order, each with a
// capability; who is faster than the other node is told so.
func TestTenThousandThereAndBack(t *testing.T) {
	ada, bob := adaAndBob(t)
	must(bob.Backend().ProcessAccept(t.Context(), &control.ProcessAcceptRequest{Peer: p2p.PeerID(ada.key)}))(t)
	sp := must(ada.Backend().Spawn(t.Context(), &control.SpawnRequest{CID: addModule(t, ada, guesttest.Echo()), On: p2p.PeerID(bob.key)}))(t)
	echo := must(ada.procs.Table().Find(sp.Process.PID))(t)
	const n = 10_000
	c := &counter{last: n - 1, done: make(chan uint64, 1)}
	// The echo does not look whether there is room for what it sends back.
	const ahead = 500
	me := must(ada.procs.Table().Spawn(process.Spec{Handler: c}, nil))(t)
	began, full := time.Now(), 0
	for i := range uint64(n) {
		for i >= c.want.Load()+ahead {
			<-time.After(100 * time.Microsecond)
		}
		l := process.Letter{Data: binary.LittleEndian.AppendUint64(nil, i), Caps: []*process.Cap{me.Cap()}}
		for err := echo.Cap().Send(l); err != nil; err = echo.Cap().Send(l) {
			if !errors.Is(err, process.ErrFull) {
				t.Fatal(err)
			}
			full++
			<-time.After(time.Millisecond)
		}
	}
	select {
	case last := <-c.done:
		if last != n-1 {
			t.Errorf("%d where %d belongs", last, c.want.Load())
		}
	case <-time.After(30 * time.Second):
		t.Fatalf("%d came", c.want.Load())
	}
	t.Logf("%d messages there and back in %v, %d refused at first", n, time.Since(began), full)
	if e := bob.ports.Peers(); len(e) != 1 || e[0].Exports != 1 {
		t.Errorf("%+v", e)
	}
}

// The other node vanishes: in time, and not as dead; and when it is back, what
// was does not come back.
func TestANodeThatVanishes(t *testing.T) {
	quickly(t)
	home := t.TempDir()
	ada, bob := startNode(t, Config{Name: "Ada"}), startNode(t, Config{Name: "Bob", Home: home})
	must(bob.net.Dial(t.Context(), ada.net.Addrs()[0]))(t)
	bobID := p2p.PeerID(bob.key)
	must(bob.Backend().ProcessAccept(t.Context(), &control.ProcessAcceptRequest{Peer: p2p.PeerID(ada.key)}))(t)
	echo := addModule(t, ada, guesttest.Echo())
	sp := must(ada.Backend().Spawn(t.Context(), &control.SpawnRequest{Wasm: guesttest.Caller(), Args: []string{bobID, echo, "wait"}, SpawnOn: []string{"any"}}))(t)
	waitFor(t, "the process to be linked", func() bool {
		l := linesOf(t, ada, sp.Process.PID)
		return len(l) == 2 && l[1] == "ready"
	})
	held := must(ada.Backend().Spawn(t.Context(), &control.SpawnRequest{CID: echo, On: bobID}))(t).Process
	// Without a word: the network ends first.
	bob.net.Close()
	began := time.Now()
	info, err := ada.procs.Wait(t.Context(), sp.Process.PID)
	if err != nil {
		t.Fatal(err)
	}
	if info.Exit != "exit 46" { // 40 and unreachable
		t.Errorf("%+v", info)
	}
	if took := time.Since(began); took < processDead/2 {
		t.Errorf("after %v", took)
	}
	waitFor(t, "the list to say so", func() bool {
		got, err := ada.procs.Get(held.PID)
		return err == nil && got.Exit == "unreachable"
	})
	// Bob's side, too, takes what was linked to Ada for over.
	waitFor(t, "Bob's to end", func() bool { return len(psOf(t, bob, false)) == 0 })
	stopNode(t, bob)
	again := startNode(t, Config{Name: "Bob", Home: home})
	must(again.net.Dial(t.Context(), ada.net.Addrs()[0]))(t)
	if err := ada.Backend().Send(t.Context(), &control.SendRequest{PID: held.PID, Data: []byte("x")}); control.CodeOf(err) != control.NotFound {
		t.Errorf("it came back: %v", err)
	}
	waitFor(t, "Bob to run something again", func() bool {
		_, err := ada.Backend().Spawn(t.Context(), &control.SpawnRequest{CID: echo, On: bobID})
		return err == nil
	})
	if n := len(psOf(t, again, false)); n != 1 {
		t.Errorf("%d processes", n)
	}
}

// Whoever breaks the rules is refused and counted, and what a stranger sends
// opens nothing.
func TestLiesAboutProcesses(t *testing.T) {
	bob := startNode(t, Config{Name: "Bob"})
	mallory, err := p2p.New(p2p.Config{Key: strangerKey(78), Listen: loopback, Lean: true})
	if err != nil {
		t.Fatal(err)
	}
	defer mallory.Close()
	must(mallory.Dial(t.Context(), bob.net.Addrs()[0]))(t)
	refused := func() uint64 { return bob.count.snapshot()[countRefused] }
	for i, words := range [][]byte{
		{5, 'h', 'e', 'l', 'l', 'o'},
		p2p.AppendFrame(nil, make([]byte, far.MaxPacket)),
		{0xff, 0xff, 0xff, 0xff, 0x0f},
	} {
		s := must(mallory.Open(t.Context(), bob.key, protoProcess))(t)
		if _, err := s.Write(words); err != nil {
			t.Fatal(err)
		}
		if i == 1 { // it is not heard for a while after the first
			s.Reset()
			continue
		}
		waitFor(t, fmt.Sprint("fault ", i), func() bool { return refused() > uint64(i/2) })
		s.Reset()
	}
	if p := bob.ports.Peers(); len(p) != 0 {
		t.Errorf("%+v", p)
	}
}
