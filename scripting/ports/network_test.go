package ports

import (
	"context"
	"errors"
	"io"
	"net"
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
	deadline := time.After(30 * time.Second)
	for !ok() {
		select {
		case <-deadline:
			t.Fatalf("timed out waiting for %s", what)
		case <-time.After(2 * time.Millisecond):
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
