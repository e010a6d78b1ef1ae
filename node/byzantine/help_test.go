package byzantine

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/order"
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
	conns map[net.Conn]bool
	down  bool
}

func (t *town) join(k base.Key) *node {
	n := &node{town: t, key: k, serve: map[string]func(base.Key, Stream){}, conns: map[net.Conn]bool{}}
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

// note keeps a connection, or tells that there is none to be had.
func (n *node) note(c net.Conn) (fn func(base.Key, Stream), ok bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.down {
		n.conns[c] = true
	}
	return n.serve[Protocol(testRegion)], !n.down
}

func (n *node) Open(_ context.Context, to base.Key, _ string) (Stream, error) {
	n.town.mu.Lock()
	o := n.town.nodes[to]
	n.town.mu.Unlock()
	if o == nil {
		return nil, errors.New("nobody there")
	}
	a, b := net.Pipe()
	fn, ok := o.note(b)
	if _, up := n.note(a); !ok || !up || fn == nil {
		a.Close()
		b.Close()
		return nil, errors.New("refused")
	}
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
		c.Close()
	}
	clear(n.conns)
}

var testRegion = base.ID{7}

// server is a log with somebody who takes its records.
type server struct {
	cluster *cluster
	net     *node
	priv    ed25519.PrivateKey
	log     *Log
	dir     string
	lies    bool
	warp    warp

	mu   sync.Mutex
	got  []order.Encoded
	quit chan struct{}
	wg   sync.WaitGroup
	live bool
}

// cluster is some servers in one process.
type cluster struct {
	t    *testing.T
	town *town
	base Base
	list []*server
	// timeout is long where no leader is to be replaced, so that a busy machine
	// does not look like a dead one.
	timeout time.Duration
}

// forged is what no honest server puts into a record.
const forged = "forged"

func verifyTest(b []byte) error {
	if string(b) == forged {
		return errors.New("signature does not fit")
	}
	return nil
}

// testCluster makes n servers.
func testCluster(t *testing.T, n int) *cluster {
	t.Helper()
	c := &cluster{t: t, town: &town{nodes: map[base.Key]*node{}}, timeout: 5 * time.Second}
	var keys []base.Key
	for i := range n {
		priv := ed25519.NewKeyFromSeed(append(make([]byte, 31), byte(i+1)))
		var k base.Key
		copy(k[:], priv.Public().(ed25519.PublicKey))
		keys = append(keys, k)
		c.list = append(c.list, &server{cluster: c, priv: priv, dir: t.TempDir()})
	}
	var err error
	if c.base, err = Found(1, 5, order.Sum{5}, keys); err != nil {
		t.Fatal(err)
	}
	return c
}

// open begins all servers.
func (c *cluster) open() {
	c.t.Helper()
	for i := range c.list {
		if err := c.list[i].open(); err != nil {
			c.t.Fatal(err)
		}
	}
	c.t.Cleanup(c.close)
}

func (c *cluster) close() {
	for _, s := range c.list {
		s.stop(false)
	}
}

func (s *server) key() (k base.Key) {
	copy(k[:], s.priv.Public().(ed25519.PublicKey))
	return k
}

func (s *server) open() error {
	s.net = s.cluster.town.join(s.key())
	cfg := Config{Region: testRegion, Key: s.key(), Dir: s.dir, Net: s.net, Base: &s.cluster.base, Verify: verifyTest, Timeout: s.cluster.timeout,
		Sign: func(b []byte) []byte { return ed25519.Sign(s.priv, b) }, warp: s.warp}
	if os.Getenv("BYZANTINE_LOG") != "" {
		cfg.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	if s.lies {
		cfg.Verify = nil
	}
	l, err := open(cfg, "boot")
	if err != nil {
		return err
	}
	s.log, s.quit, s.live = l, make(chan struct{}), true
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
	s.wg.Go(func() { // whoever leads makes ticks
		t := time.NewTicker(10 * time.Millisecond)
		defer t.Stop()
		for {
			select {
			case <-t.C:
				l.Cut(l.Durable(), [32]byte{1})
			case <-s.quit:
				return
			}
		}
	})
	return nil
}

// stop ends a server, as kill -9 does or with a clean end.
func (s *server) stop(kill bool) {
	if !s.live {
		return
	}
	s.live = false
	if kill {
		s.net.kill()
		s.log.Kill()
	} else {
		s.net.kill()
		if err := s.log.Close(); err != nil {
			s.cluster.t.Error(err)
		}
	}
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

// wait polls until f holds.
func wait(t *testing.T, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); !f(); <-time.After(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited too long: " + what)
		}
	}
}

// leader waits for one that all live servers agree on.
func (c *cluster) leader() (l *server) {
	c.t.Helper()
	wait(c.t, "a leader", func() bool {
		id := uint64(0)
		for _, s := range c.list {
			if !s.live || s.lies {
				continue
			}
			now := s.log.Leader()
			if now == 0 || id != 0 && id != now {
				return false
			}
			id = now
		}
		if id == 0 || !c.list[id-1].live {
			return false
		}
		l = c.list[id-1]
		return true
	})
	return l
}

// has waits until a server has n entries that begin with a prefix, and checks
// that they are those, each once and in order.
func (s *server) has(prefix string, n int) {
	s.cluster.t.Helper()
	var got []string
	wait(s.cluster.t, fmt.Sprintf("%d entries of %q at server %d, %+v", n, prefix, s.log.Self(), s.log.Status()), func() bool {
		got = nil
		for _, e := range s.entries() {
			if len(e) > len(prefix) && e[:len(prefix)] == prefix {
				got = append(got, e[len(prefix):])
			}
		}
		return len(got) >= n
	})
	for i, e := range got {
		if e != fmt.Sprint(i) {
			s.cluster.t.Fatalf("entry %d of %q is %q", i, prefix, e)
		}
	}
	if len(got) != n {
		s.cluster.t.Fatalf("%d entries of %q, not %d", len(got), prefix, n)
	}
}

// submit sends n entries.
func (s *server) submit(prefix string, from, n int) {
	s.cluster.t.Helper()
	for i := range n {
		if err := s.log.Submit(fmt.Append(nil, prefix, from+i), i%7 == 3); err != nil {
			s.cluster.t.Fatal(err)
		}
	}
}

// same checks that honest servers have the same bytes where they overlap, that
// the records chain, and that nothing forged is in them.
func (c *cluster) same() {
	c.t.Helper()
	all := map[base.Tick]order.Sum{}
	for i, s := range c.list {
		if s.lies {
			continue
		}
		list := s.records()
		for j := range list {
			r := &list[j]
			if have, ok := all[r.Tick]; ok && have != order.SumOf(r.Bytes) {
				c.t.Fatalf("tick %d of server %d differs", r.Tick, i+1)
			}
			all[r.Tick] = order.SumOf(r.Bytes)
			if j > 0 && list[j-1].Tick+1 == r.Tick {
				if err := r.Follows(list[j-1].Tick, order.SumOf(list[j-1].Bytes)); err != nil {
					c.t.Fatal(err)
				}
			}
			for _, e := range r.Entries {
				if string(e) == forged {
					c.t.Fatalf("a forged entry in tick %d of server %d", r.Tick, i+1)
				}
			}
		}
	}
}
