package ports

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/scripting/far"
	"github.com/metatopia/metatopia/scripting/process"
)

// network is nodes that reach each other through pipes.
type network struct {
	t     *testing.T
	mu    sync.Mutex
	nodes map[base.Key]*node
	cut   map[[2]base.Key]bool
	conns map[[2]base.Key][]io.Closer
}

// node is a table with ports.
type node struct {
	net   *network
	key   base.Key
	table *process.Table
	ports *Ports
	faults
	spawn func(ctx context.Context, peer base.Key, r *Request) (*process.Cap, error)
}

type faults struct {
	mu  sync.Mutex
	why []string
}

func newNetwork(t *testing.T) *network {
	return &network{t: t, nodes: map[base.Key]*node{}, cut: map[[2]base.Key]bool{}, conns: map[[2]base.Key][]io.Closer{}}
}

var errCut = errors.New("no way")

func (w *network) node(name byte, dead time.Duration) *node {
	n := &node{net: w, key: base.Key{name}}
	n.table = process.NewTable(process.Config{Slots: 2, OnEnd: func(p *process.Process, r process.Reason) { n.ports.Ended(p, r) }})
	n.ports = New(Config{
		Table: n.table, Beat: dead / 5, Dead: dead, Rest: dead,
		Dial: func(_ context.Context, to base.Key) (io.WriteCloser, error) { return w.dial(n.key, to) },
		Fault: func(_ base.Key, why string) {
			n.faults.mu.Lock()
			defer n.faults.mu.Unlock()
			n.why = append(n.why, why)
		},
		Spawn: func(ctx context.Context, peer base.Key, r *Request) (*process.Cap, error) {
			if n.spawn == nil {
				return nil, &Refusal{Code: far.NotAgreed}
			}
			return n.spawn(ctx, peer, r)
		},
	})
	w.mu.Lock()
	w.nodes[n.key] = n
	w.mu.Unlock()
	w.t.Cleanup(func() {
		if err := n.table.Close(context.Background()); err != nil {
			w.t.Error(err)
		}
		n.ports.Close()
		w.sever(n.key, base.Key{})
		n.faults.mu.Lock()
		defer n.faults.mu.Unlock()
		if len(n.why) > 0 {
			w.t.Errorf("node %c saw faults: %q", name, n.why)
		}
	})
	return n
}

func pair(a, b base.Key) [2]base.Key {
	if a.Compare(b) > 0 {
		a, b = b, a
	}
	return [2]base.Key{a, b}
}

func (w *network) dial(from, to base.Key) (io.WriteCloser, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := w.nodes[to]
	if n == nil || w.cut[pair(from, to)] {
		return nil, errCut
	}
	out, in := net.Pipe()
	k := pair(from, to)
	w.conns[k] = append(w.conns[k], out, in)
	go func() {
		n.ports.Serve(from, in)
		in.Close()
	}()
	return out, nil
}

// sever breaks all connections of a pair; of a node when b is zero.
func (w *network) sever(a, b base.Key) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for k, cs := range w.conns {
		if k == pair(a, b) || b.IsZero() && (k[0] == a || k[1] == a) {
			for _, c := range cs {
				c.Close()
			}
			delete(w.conns, k)
		}
	}
}

func (w *network) setCut(a, b base.Key, cut bool) {
	w.mu.Lock()
	w.cut[pair(a, b)] = cut
	w.mu.Unlock()
	if cut {
		w.sever(a, b)
	}
}

// body is a handler that passes letters on.
type body struct {
	got chan process.Letter
	on  func(p *process.Process, l *process.Letter) error
}

func (*body) Start(*process.Process) error { return nil }
func (*body) Spent() bool                  { return false }
func (*body) Stop(*process.Process)        {}
func (b *body) Handle(p *process.Process, l *process.Letter) error {
	if b.on != nil {
		return b.on(p, l)
	}
	b.got <- *l
	return nil
}

// proc starts a process whose letters come out of the channel.
func (n *node) proc(trap bool) (*process.Process, chan process.Letter) {
	n.net.t.Helper()
	b := &body{got: make(chan process.Letter, 20_000)}
	p, err := n.table.Spawn(process.Spec{Handler: b, TrapExits: trap}, nil)
	if err != nil {
		n.net.t.Fatal(err)
	}
	return p, b.got
}

func next(t *testing.T, c chan process.Letter) process.Letter {
	t.Helper()
	select {
	case l := <-c:
		return l
	case <-time.After(30 * time.Second):
		t.Fatal("nothing came")
		panic("")
	}
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("timed out waiting for %s", what)
		}
	}
}

func ended(t *testing.T, p *process.Process) process.Reason {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	r, err := p.Wait(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// meet gives a process of b to a: its proxy's capability, and the process. With
// flags and by as a spawn.
func meet(t *testing.T, a, b *node, flags uint8, parent *process.Process, with func(*process.Starting) error) (*process.Cap, *process.Process, chan process.Letter) {
	t.Helper()
	p, got := b.proc(flags&far.SpawnTrap != 0)
	b.spawn = func(_ context.Context, peer base.Key, r *Request) (*process.Cap, error) {
		if peer != a.key || r.CID != "cid" || string(r.Arg) != "arg" {
			t.Errorf("%+v of %v", r, peer)
		}
		if r.Parent != nil {
			_ = p.Cap().Send(process.Letter{Tag: -1, Caps: []*process.Cap{r.Parent}})
		}
		return p.Cap(), nil
	}
	r := &Request{CID: "cid", Arg: []byte("arg"), Name: "it", Flags: flags}
	if parent != nil {
		r.Parent = parent.Cap().Demote(process.All &^ process.Kill)
	}
	c, err := a.ports.Spawn(t.Context(), b.key, r, with)
	if err != nil {
		t.Fatal(err)
	}
	return c, p, got
}

func TestSpawnAndSendBothWays(t *testing.T) {
	w := newNetwork(t)
	a, b := w.node('a', 10*time.Second), w.node('b', 10*time.Second)
	me, mine := a.proc(false)
	c, p, got := meet(t, a, b, far.SpawnLink, me, func(s *process.Starting) error { return s.Link(me, 7) })
	if c.Rights() != process.All || c.Process() == p {
		t.Errorf("%+v", c)
	}
	hello := next(t, got)
	if hello.Tag != -1 || len(hello.Caps) != 1 || hello.Caps[0].Rights() != process.All&^process.Kill {
		t.Fatalf("%+v", hello)
	}
	back := hello.Caps[0]
	if err := back.Send(process.Letter{Tag: 5, Data: []byte("up"), Caps: []*process.Cap{p.Cap(), back}}); err != nil {
		t.Fatal(err)
	}
	l := next(t, mine)
	if string(l.Data) != "up" || l.Tag != 5 || l.Node || len(l.Caps) != 2 {
		t.Fatalf("%+v", l)
	}
	// Equal capabilities are equal, and one's own comes home as itself.
	if l.Caps[0].Process() != c.Process() || l.Caps[1].Process() != me {
		t.Error("capabilities have changed on the way")
	}
	if r, ok := RemoteOf(c.Process()); !ok || r.Peer != b.key || r.CID != "cid" || NameOf(c.Process()) != "it" {
		t.Errorf("%+v %v", r, ok)
	}
	p.Finish(process.Reason{End: process.Faulted, Text: "trap: x"})
	if r := ended(t, me); r.End != process.Linked || r.Text != "linked: trap: x" {
		t.Errorf("%+v", r)
	}
	if err := c.Send(process.Letter{}); !errors.Is(err, process.ErrNoProcess) {
		t.Error(err)
	}
}

func TestTenThousandInOrder(t *testing.T) {
	w := newNetwork(t)
	a, b := w.node('a', 10*time.Second), w.node('b', 10*time.Second)
	c, _, got := meet(t, a, b, 0, nil, nil)
	const n = 10_000
	go func() {
		for i := range uint64(n) {
			l := process.Letter{Data: binary.LittleEndian.AppendUint64(nil, i)}
			for err := c.Send(l); err != nil; err = c.Send(l) {
				if !errors.Is(err, process.ErrFull) {
					t.Error(err)
					return
				}
				time.Sleep(time.Millisecond)
			}
			if i%3000 == 1500 {
				w.sever(a.key, b.key) // and they connect again
			}
		}
	}()
	for i := range uint64(n) {
		if l := next(t, got); binary.LittleEndian.Uint64(l.Data) != i {
			t.Fatalf("% x after %d", l.Data, i)
		}
	}
}

func TestMonitorKillAndRights(t *testing.T) {
	w := newNetwork(t)
	a, b := w.node('a', 10*time.Second), w.node('b', 10*time.Second)
	me, mine := a.proc(true)
	c, p, _ := meet(t, a, b, far.SpawnTrap, nil, nil)
	if err := me.Kill(c.Demote(process.Send)); !errors.Is(err, process.ErrDenied) {
		t.Error(err)
	}
	ref, err := me.Monitor(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := me.Link(c, 3); err != nil {
		t.Fatal(err)
	}
	if err := me.Kill(c); err != nil {
		t.Fatal(err)
	}
	if r := ended(t, p); r.End != process.Killed {
		t.Errorf("%+v", r)
	}
	for range 2 {
		l := next(t, mine)
		if l.Signal == nil || l.Signal.Reason.End != process.Killed || l.Signal.Kind == process.Down && l.Signal.Ref != ref {
			t.Errorf("%+v", l.Signal)
		}
	}
	if _, err := me.Monitor(c); err != nil {
		t.Fatal(err)
	}
	if l := next(t, mine); l.Signal.Reason.End != process.Gone {
		t.Errorf("%+v", l.Signal)
	}
}

// The end of one reaches those that are linked to it on the other node: as a
// letter if they trap exits, with its reason.
func TestLinksEndBothWays(t *testing.T) {
	w := newNetwork(t)
	a, b := w.node('a', 10*time.Second), w.node('b', 10*time.Second)
	for _, trap := range []uint8{0, far.SpawnTrap} {
		me, _ := a.proc(false)
		c, p, got := meet(t, a, b, trap, nil, nil)
		if err := me.Link(c, 1); err != nil {
			t.Fatal(err)
		}
		me.Finish(process.Reason{End: process.Failed, Code: 9})
		if trap == 0 {
			if r := ended(t, p); r.End != process.Linked || r.Text != "linked: exit 9" {
				t.Errorf("%+v", r)
			}
			continue
		}
		if l := next(t, got); l.Signal == nil || l.Signal.Kind != process.Exit || l.Signal.Reason.Code != 9 {
			t.Errorf("%+v", l)
		}
	}
}

// said: the other node has taken all that this one has said.
func said(a, b *node) bool {
	p := a.ports.port(b.key)
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.core.Unsaid() == 0
}

func TestUnreachableIsNotDead(t *testing.T) {
	const dead = 600 * time.Millisecond
	w := newNetwork(t)
	a, b := w.node('a', dead), w.node('b', dead)
	me, mine := a.proc(true)
	linked, _ := a.proc(false)
	c, p, got := meet(t, a, b, far.SpawnTrap, me, nil)
	back := next(t, got).Caps[0]
	if _, err := me.Monitor(c); err != nil {
		t.Fatal(err)
	}
	if err := linked.Link(c, 0); err != nil {
		t.Fatal(err)
	}
	// p and its other end are linked too.
	if err := p.Link(back, 4); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the links to be known", func() bool { return said(a, b) && said(b, a) })
	cutAt := time.Now()
	w.setCut(a.key, b.key, true)
	if l := next(t, mine); l.Signal == nil || l.Signal.Reason.End != process.Unreachable {
		t.Fatalf("%+v", l)
	}
	if took := time.Since(cutAt); took < dead/2 {
		t.Errorf("unreachable after %v", took)
	}
	if r := ended(t, linked); r.End != process.Linked || r.Text != "linked: unreachable" {
		t.Errorf("%+v", r)
	}
	// p is told too, of what it has linked itself to, and of who has linked itself
	// to it; and it is alive.
	for range 2 {
		if l := next(t, got); l.Signal == nil || l.Signal.Kind != process.Exit || l.Signal.Reason.End != process.Unreachable {
			t.Fatalf("%+v", l)
		}
	}
	if _, over := p.Ended(); over {
		t.Error("it is dead")
	}
	w.setCut(a.key, b.key, false)
	// What was is gone on both sides; what is met anew is another.
	for _, old := range []*process.Cap{c, back} {
		if err := old.Send(process.Letter{}); !errors.Is(err, process.ErrNoProcess) {
			t.Errorf("reconnection has resurrected: %v", err)
		}
	}
	c2, _, got2 := meet(t, a, b, 0, nil, nil)
	if err := c2.Send(process.Letter{Data: []byte("again")}); err != nil {
		t.Fatal(err)
	}
	if l := next(t, got2); string(l.Data) != "again" {
		t.Errorf("%+v", l)
	}
	if c2.Process() == c.Process() {
		t.Error("the same proxy")
	}
}

// A third node gets a capability: what it sends goes through the one that gave
// it, and that one's end is the end of the way.
func TestThroughAThirdNode(t *testing.T) {
	const dead = time.Second
	w := newNetwork(t)
	a, b, c := w.node('a', dead), w.node('b', dead), w.node('c', dead)
	inner, p, got := meet(t, b, c, 0, nil, nil) // b has p of c
	relay, q, qGot := meet(t, a, b, 0, nil, nil)
	me, mine := a.proc(true)
	// q of b sends what b has of c to me.
	if err := relay.Send(process.Letter{Caps: []*process.Cap{me.Cap()}}); err != nil {
		t.Fatal(err)
	}
	toMe := next(t, qGot).Caps[0]
	lent, leash, err := inner.Lend(process.Send | process.Monitor)
	if err != nil {
		t.Fatal(err)
	}
	if err := toMe.Send(process.Letter{Caps: []*process.Cap{inner, lent}}); err != nil {
		t.Fatal(err)
	}
	caps := next(t, mine).Caps
	if r, _ := RemoteOf(caps[0].Process()); r.Hops != 1 || r.Peer != b.key {
		t.Errorf("%+v", r)
	}
	for i, end := range caps {
		if err := end.Send(process.Letter{Tag: int64(i), Caps: []*process.Cap{me.Cap()}}); err != nil {
			t.Fatal(err)
		}
		l := next(t, got)
		if l.Tag != int64(i) {
			t.Errorf("%+v", l)
		}
		if err := l.Caps[0].Send(process.Letter{Data: []byte("back")}); err != nil {
			t.Fatal(err)
		}
		if l := next(t, mine); string(l.Data) != "back" {
			t.Errorf("%+v", l)
		}
	}
	// b takes back what it lent; a hears of it when it tries.
	leash.Cut()
	waitFor(t, "the revocation", func() bool {
		err := caps[1].Send(process.Letter{Tag: 99})
		return errors.Is(err, process.ErrRevoked)
	})
	if len(got) != 0 {
		t.Errorf("a message through what was taken back: %+v", <-got)
	}
	if _, err := me.Monitor(caps[0]); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the monitor to be on its way", func() bool { m, _ := inner.Process().Watched(); return m })
	// The end at c comes through.
	p.Finish(process.Reason{End: process.Failed, Code: 3})
	if l := next(t, mine); l.Signal == nil || l.Signal.Reason.End != process.Failed || l.Signal.Reason.Code != 3 {
		t.Errorf("%+v", l)
	}
	// And that c cannot be reached does.
	inner, _, _ = meet(t, b, c, 0, nil, nil)
	if err := toMe.Send(process.Letter{Caps: []*process.Cap{inner}}); err != nil {
		t.Fatal(err)
	}
	far2 := next(t, mine).Caps[0]
	if _, err := me.Monitor(far2); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the monitor to be on its way", func() bool { m, _ := inner.Process().Watched(); return m })
	w.setCut(b.key, c.key, true)
	if l := next(t, mine); l.Signal == nil || l.Signal.Reason.End != process.Unreachable {
		t.Errorf("%+v", l)
	}
	runtime.KeepAlive(q)
}

// What nobody has any more is forgotten on both sides.
func TestDroppedIsForgotten(t *testing.T) {
	w := newNetwork(t)
	a, b := w.node('a', 10*time.Second), w.node('b', 10*time.Second)
	me, mine := a.proc(false)
	c, p, got := meet(t, a, b, 0, me, nil)
	back := next(t, got).Caps[0]
	var kept []process.Letter
	for range 50 {
		extra, _ := b.proc(false)
		if err := back.Send(process.Letter{Caps: []*process.Cap{extra.Cap()}}); err != nil {
			t.Fatal(err)
		}
		kept = append(kept, next(t, mine))
	}
	if n := b.ports.Peers()[0].Exports; n != 51 {
		t.Errorf("%d", n)
	}
	runtime.KeepAlive(kept)
	kept = nil
	// One that is monitored stays, though nobody has a capability.
	l := process.Letter{}
	extra, _ := b.proc(false)
	if err := back.Send(process.Letter{Caps: []*process.Cap{extra.Cap()}}); err != nil {
		t.Fatal(err)
	}
	l = next(t, mine)
	if _, err := me.Monitor(l.Caps[0]); err != nil {
		t.Fatal(err)
	}
	l = process.Letter{}
	waitFor(t, "them to be forgotten", func() bool {
		runtime.GC()
		return b.ports.Peers()[0].Exports == 2
	})
	extra.Finish(process.Reason{End: process.Failed, Code: 1})
	if l := next(t, mine); l.Signal == nil || l.Signal.Reason.Code != 1 {
		t.Errorf("%+v", l)
	}
	runtime.KeepAlive(c)
	runtime.KeepAlive(p)
}

// One that reads nothing fills up; its sender is told, others go on, and what
// was taken arrives whole.
func TestFloodsAreBounded(t *testing.T) {
	w := newNetwork(t)
	a, b := w.node('a', 10*time.Second), w.node('b', 10*time.Second)
	gate := make(chan struct{})
	var mu sync.Mutex
	read := uint64(0)
	slow, err := b.table.Spawn(process.Spec{Handler: &body{on: func(p *process.Process, l *process.Letter) error {
		p.Outside(func() { <-gate })
		mu.Lock()
		defer mu.Unlock()
		if n := binary.LittleEndian.Uint64(l.Data); n != read {
			t.Errorf("%d after %d", n, read)
		}
		read++
		return nil
	}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	quick, _, got := meet(t, a, b, 0, nil, nil)
	b.spawn = func(context.Context, base.Key, *Request) (*process.Cap, error) { return slow.Cap(), nil }
	c, err := a.ports.Spawn(t.Context(), b.key, &Request{CID: "cid", Arg: []byte("arg")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	sent, full := uint64(0), 0
	for full < 50 {
		err := c.Send(process.Letter{Data: binary.LittleEndian.AppendUint64(nil, sent)})
		switch {
		case err == nil:
			sent++
			full = 0
		case errors.Is(err, process.ErrFull):
			full++
			time.Sleep(2 * time.Millisecond)
		default:
			t.Fatal(err)
		}
	}
	if sent < process.MaxLetters || sent > process.MaxLetters+4096 {
		t.Errorf("%d messages wait", sent)
	}
	if err := quick.Send(process.Letter{Data: []byte("quick")}); err != nil {
		t.Errorf("others are held up: %v", err)
	}
	next(t, got)
	close(gate)
	waitFor(t, "all to be read", func() bool { mu.Lock(); defer mu.Unlock(); return read == sent })
}

func TestSpawnsThatDoNotHappen(t *testing.T) {
	const dead = 500 * time.Millisecond
	w := newNetwork(t)
	a, b := w.node('a', dead), w.node('b', dead)
	_, err := a.ports.Spawn(t.Context(), b.key, &Request{CID: "cid"}, nil)
	var no *Refusal
	if !errors.As(err, &no) || no.Code != far.NotAgreed {
		t.Errorf("%v", err)
	}
	if _, err := a.ports.Spawn(t.Context(), base.Key{'x'}, &Request{CID: "cid"}, nil); !errors.Is(err, ErrUnreachable) {
		t.Errorf("%v", err)
	}
	// Whoever asked is dead by the time of the answer: the child is nobody's.
	p, _ := b.proc(false)
	began, goOn := make(chan struct{}), make(chan struct{})
	b.spawn = func(context.Context, base.Key, *Request) (*process.Cap, error) {
		close(began)
		<-goOn
		return p.Cap(), nil
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-began; cancel(); close(goOn) }()
	_, err = a.ports.Spawn(ctx, b.key, &Request{CID: "cid"}, nil)
	if err != nil {
		if r := ended(t, p); r.End != process.Killed {
			t.Errorf("%+v", r)
		}
	}
	// A child that has ended before its parent's node knows of it.
	me, mine := a.proc(true)
	b.spawn = func(context.Context, base.Key, *Request) (*process.Cap, error) {
		p, _ := b.proc(false)
		p.Finish(process.Reason{End: process.Failed, Code: 4})
		ended(t, p)
		return p.Cap(), nil
	}
	if _, err := a.ports.Spawn(t.Context(), b.key, &Request{CID: "cid", Flags: far.SpawnMonitor}, func(s *process.Starting) error {
		_, err := s.Monitor(me, 8)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if l := next(t, mine); l.Tag != 8 || l.Signal == nil || l.Signal.Reason.Code != 4 {
		t.Errorf("%+v", l)
	}
}

// A node that stops says so: nobody waits for the time to run out.
func TestAStopIsTold(t *testing.T) {
	w := newNetwork(t)
	a, b := w.node('a', time.Hour), w.node('b', time.Hour)
	me, mine := a.proc(true)
	c, _, _ := meet(t, a, b, 0, nil, nil)
	d, _, _ := meet(t, a, b, 0, nil, nil)
	if _, err := me.Monitor(c); err != nil {
		t.Fatal(err)
	}
	if err := b.table.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.ports.Close()
	if l := next(t, mine); l.Signal == nil || l.Signal.Reason.End != process.Killed && l.Signal.Reason.End != process.Unreachable {
		t.Errorf("%+v", l)
	}
	if r := ended(t, d.Process()); r.End != process.Unreachable {
		t.Errorf("%+v", r)
	}
}

// A node that comes back is another.
func TestARestartIsAnEnd(t *testing.T) {
	w := newNetwork(t)
	a, b := w.node('a', time.Hour), w.node('b', time.Hour)
	me, mine := a.proc(true)
	c, _, _ := meet(t, a, b, 0, nil, nil)
	if err := me.Link(c, 6); err != nil {
		t.Fatal(err)
	}
	w.setCut(a.key, b.key, true) // it has no time for last words
	b2 := w.node('b', time.Hour)
	w.setCut(a.key, b.key, false)
	// What is asked while the old one is still believed in is lost with it.
	p, _ := b2.proc(false)
	b2.spawn = func(context.Context, base.Key, *Request) (*process.Cap, error) { return p.Cap(), nil }
	_, _ = a.ports.Spawn(t.Context(), b2.key, &Request{CID: "cid"}, nil)
	if l := next(t, mine); l.Tag != 6 || l.Signal == nil || l.Signal.Reason.End != process.Unreachable {
		t.Errorf("%+v", l)
	}
	meet(t, a, b2, 0, nil, nil)
}

func FuzzReadFrame(f *testing.F) {
	f.Add([]byte{3, 1, 2, 3})
	f.Fuzz(func(t *testing.T, b []byte) {
		r := bufio.NewReader(bytes.NewReader(b))
		for {
			got, err := readFrame(r)
			if err != nil {
				return
			}
			if len(got) > far.MaxPacket {
				t.Fatal("too long")
			}
		}
	})
}
