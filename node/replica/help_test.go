package replica

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/order"
	"github.com/metatopia/metatopia/region/order/raft"
)

// town is a network in memory.
type town struct {
	mu    sync.Mutex
	nodes map[base.Key]*node
}

// node is one end of it. It fulfils Net.
type node struct {
	town  *town
	key   base.Key
	mu    sync.Mutex
	serve map[string]func(base.Key, Stream)
	conns map[*end]base.Key
	down  bool
}

func newTown() *town { return &town{nodes: map[base.Key]*node{}} }

func (t *town) join(k base.Key) *node {
	n := &node{town: t, key: k, serve: map[string]func(base.Key, Stream){}, conns: map[*end]base.Key{}}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.nodes[k] = n
	return n
}

func (n *node) Handle(proto string, fn func(base.Key, Stream)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.serve[proto] = fn
}

func (n *node) Unhandle(proto string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.serve, proto)
}

func (n *node) Open(_ context.Context, to base.Key, proto string) (Stream, error) {
	n.town.mu.Lock()
	o := n.town.nodes[to]
	n.town.mu.Unlock()
	if o == nil || o == n {
		return nil, errors.New("nobody there")
	}
	a, b := streams()
	o.mu.Lock()
	fn := o.serve[proto]
	if o.down || fn == nil {
		o.mu.Unlock()
		return nil, errors.New("refused")
	}
	o.conns[b] = n.key
	o.mu.Unlock()
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.down {
		a.Close()
		return nil, errors.New("down")
	}
	n.conns[a] = to
	go func() {
		fn(n.key, b)
		b.Close()
	}()
	return a, nil
}

// kill ends all connections at once and lets none begin, as when a process
// dies.
func (n *node) kill() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.down = true
	for c := range n.conns {
		c.cut()
	}
	clear(n.conns)
}

// server is a log with somebody who takes its records.
type server struct {
	t    *testing.T
	net  *node
	log  *Log
	dir  string
	mu   sync.Mutex
	got  []order.Encoded
	quit chan struct{}
	wg   sync.WaitGroup
}

func keyN(n byte) base.Key { return base.Key{n, 1, 2} }

var testRegion = base.ID{7}

func (s *server) open(cfg Config) error {
	cfg.Region, cfg.Key, cfg.Dir, cfg.Net = testRegion, s.net.key, s.dir, s.net
	l, err := open(cfg, "boot")
	if err != nil {
		return err
	}
	s.log, s.quit, s.got = l, make(chan struct{}), nil
	s.wg.Go(func() {
		for {
			select {
			case <-l.Wake():
			case <-s.quit:
				return
			}
			list := l.Ready()
			s.mu.Lock()
			s.got = append(s.got, list...)
			s.mu.Unlock()
		}
	})
	// Whoever leads makes ticks.
	s.wg.Go(func() {
		for {
			select {
			case <-time.After(5 * time.Millisecond):
			case <-s.quit:
				return
			}
			if l.Leading() {
				tick := l.Durable()
				l.Cut(tick, [32]byte{byte(tick)})
			}
		}
	})
	return nil
}

// die ends the server as kill -9 does: what it wrote is there, without a
// clean end.
func (s *server) die() {
	s.net.kill()
	close(s.quit)
	s.wg.Wait()
	s.log.Kill()
}

func (s *server) close() {
	s.log.Close()
	close(s.quit)
	s.wg.Wait()
}

func (s *server) records() []order.Encoded {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]order.Encoded(nil), s.got...)
}

// entries are those of all records so far.
func (s *server) entries() (list []string) {
	for _, r := range s.records() {
		for _, e := range r.Entries {
			list = append(list, string(e))
		}
	}
	return list
}

func found(t *testing.T, n int) (*town, []*server) {
	t.Helper()
	tw := newTown()
	var keys []base.Key
	for i := range n {
		keys = append(keys, keyN(byte(i+1)))
	}
	b, err := raft.Found(1, 0, order.Sum{}, 0, keys)
	if err != nil {
		t.Fatal(err)
	}
	var list []*server
	for i, k := range keys {
		s := &server{t: t, net: tw.join(k), dir: t.TempDir()}
		if err := s.open(Config{Base: &b, Self: uint64(i + 1)}); err != nil {
			t.Fatal(err)
		}
		list = append(list, s)
	}
	return tw, list
}

// wait polls until f holds.
func wait(t *testing.T, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !f(); <-time.After(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited too long: " + what)
		}
	}
}

func leaderOf(list []*server) *server {
	for _, s := range list {
		if s.log.Leading() {
			return s
		}
	}
	return nil
}

func waitLeader(t *testing.T, list []*server) *server {
	t.Helper()
	var l *server
	wait(t, "a leader", func() bool { l = leaderOf(list); return l != nil })
	return l
}

// same checks that all have the same records where they overlap.
func same(t *testing.T, list []*server) {
	t.Helper()
	sums := map[base.Tick]order.Sum{}
	for i, s := range list {
		for _, r := range s.records() {
			if have, ok := sums[r.Tick]; ok && have != r.Sum {
				t.Fatalf("tick %d of server %d differs", r.Tick, i)
			}
			sums[r.Tick] = r.Sum
		}
	}
}

// once checks that the entries want are there, each once and in order.
func once(t *testing.T, s *server, prefix string, want int) {
	t.Helper()
	n := 0
	for _, e := range s.entries() {
		var k int
		if _, err := fmt.Sscanf(e, prefix+"%d", &k); err != nil {
			continue
		}
		if k != n {
			t.Fatalf("%s%d where %d was expected", prefix, k, n)
		}
		n++
	}
	if n != want {
		t.Fatalf("%d entries of %s, not %d", n, prefix, want)
	}
}
