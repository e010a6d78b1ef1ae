package law

import (
	"context"
	"errors"
	"net"
	"sync"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/replica"
)

// town is a network in memory whose servers can be cut off from each other.
type town struct {
	mu    sync.Mutex
	nodes map[base.Key]*link
	apart map[base.Key]int // servers with different numbers do not reach each other
}

// link is one server's end. It fulfils replica.Net.
type link struct {
	town  *town
	key   base.Key
	serve map[string]func(base.Key, replica.Stream)
	conns map[net.Conn]base.Key
}

func newTown() *town { return &town{nodes: map[base.Key]*link{}, apart: map[base.Key]int{}} }

func (t *town) join(k base.Key) *link {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := &link{town: t, key: k, serve: map[string]func(base.Key, replica.Stream){}, conns: map[net.Conn]base.Key{}}
	t.nodes[k] = n
	return n
}

// reach reports whether two servers can speak.
func (t *town) reach(a, b base.Key) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.apart[a] == t.apart[b]
}

// split puts a server into a part of the network; 0 is where all begin.
func (t *town) split(k base.Key, part int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.apart[k] = part
	for _, n := range t.nodes { //lint:sorted each on its own
		for c, to := range n.conns { //lint:sorted each on its own
			if t.apart[n.key] != t.apart[to] {
				c.Close()
				delete(n.conns, c)
			}
		}
	}
}

func (n *link) Handle(proto string, fn func(base.Key, replica.Stream)) {
	n.town.mu.Lock()
	defer n.town.mu.Unlock()
	n.serve[proto] = fn
}

func (n *link) Unhandle(proto string) {
	n.town.mu.Lock()
	defer n.town.mu.Unlock()
	delete(n.serve, proto)
}

func (n *link) Open(_ context.Context, to base.Key, proto string) (replica.Stream, error) {
	n.town.mu.Lock()
	defer n.town.mu.Unlock()
	o := n.town.nodes[to]
	if o == nil || o == n || o.serve[proto] == nil || n.town.apart[n.key] != n.town.apart[to] {
		return nil, errors.New("nobody there")
	}
	a, b := net.Pipe()
	o.conns[b], n.conns[a] = n.key, to
	fn := o.serve[proto]
	go func() {
		fn(n.key, b)
		b.Close()
	}()
	return a, nil
}
