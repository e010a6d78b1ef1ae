package server

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/wire"
	"github.com/metatopia/metatopia/spatial"
)

const testWorld = "bafyworld"

func privKey(name string) (base.Key, ed25519.PrivateKey) {
	seed := sha256.Sum256([]byte("key " + name))
	priv := ed25519.NewKeyFromSeed(seed[:])
	var k base.Key
	copy(k[:], priv.Public().(ed25519.PublicKey))
	return k, priv
}

func regionConfig(name string, x float64) region.Config {
	owner, _ := privKey(name + " owner")
	return region.Config{ID: base.DeriveID("test region", []byte(name)), Name: name, World: testWorld, Owner: owner,
		Site: spatial.At(x, 0, 0), Min: spatial.At(-96, 0, -96), Max: spatial.At(160, 64, 96), Seed: 1,
		Verify: func(k base.Key, msg, sig []byte) bool { return ed25519.Verify(k[:], msg, sig) }, Scripts: bell{}}
}

// bell is a script engine with one module, "bell".
type bell struct{}

func (bell) Handle(module string, ev region.ScriptEvent, slots func(string) (region.SlotValue, bool), seed, gas uint64) (region.ScriptResult, error) {
	if module != "bell" || ev.Name != region.EventTouch {
		return region.ScriptResult{}, nil
	}
	n, _ := slots("rung")
	return region.ScriptResult{Set: []region.SlotWrite{{Name: "rung", Value: region.IntSlot(n.Int + 1)}}, Say: []string{fmt.Sprintf("Ding! (%d)", n.Int+1)}}, nil
}

// manual is a clock that stands still until told. A server that waits on it
// shows in waiters, so that a test can step it without sleeping.
type manual struct {
	mu      sync.Mutex
	now     time.Time
	waiters []waiter
	changed chan struct{}
}

type waiter struct {
	at time.Time
	c  chan time.Time
}

func newManual() *manual { return &manual{now: time.Unix(1e9, 0), changed: make(chan struct{}, 1)} }

func (m *manual) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

func (m *manual) After(d time.Duration) <-chan time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := make(chan time.Time, 1)
	m.waiters = append(m.waiters, waiter{m.now.Add(d), c})
	select {
	case m.changed <- struct{}{}:
	default:
	}
	return c
}

// advance moves the time on and wakes those who waited for it.
func (m *manual) advance(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = m.now.Add(d)
	keep := m.waiters[:0]
	for _, w := range m.waiters {
		if w.at.After(m.now) {
			keep = append(keep, w)
		} else {
			w.c <- m.now
		}
	}
	m.waiters = keep
}

// harness is a running server with its clock.
type harness struct {
	*Server
	t      testing.TB
	clock  *manual
	cancel context.CancelFunc
	ran    chan error
	mu     sync.Mutex
	events map[string]uint64
	hashes map[base.Tick]region.Hash
}

func start(t testing.TB, cfg Config) *harness {
	t.Helper()
	h := &harness{t: t, clock: newManual(), events: map[string]uint64{}, hashes: map[base.Tick]region.Hash{}, ran: make(chan error, 1)}
	cfg.Clock = h.clock
	cfg.OnEvent = func(name string, n uint64) { h.mu.Lock(); h.events[name] += n; h.mu.Unlock() }
	cfg.Trace = func(tick base.Tick, hash region.Hash) { h.mu.Lock(); h.hashes[tick] = hash; h.mu.Unlock() }
	s, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	h.Server = s
	ctx, cancel := context.WithCancel(context.Background())
	h.cancel = cancel
	go func() { h.ran <- s.Run(ctx) }()
	t.Cleanup(h.close)
	return h
}

func (h *harness) close() {
	h.cancel()
	if err := h.Server.Close(); err != nil {
		h.t.Error(err)
	}
}

func (h *harness) count(name string) uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.events[name]
}

// ticks lets n ticks pass.
func (h *harness) ticks(n int) {
	h.t.Helper()
	for range n {
		want := h.Status().Tick + 1
		h.until("a tick", func() bool {
			if h.Status().Tick >= want {
				return true
			}
			h.clock.advance(tickLength)
			return false
		})
	}
}

// until polls, with real time only as a deadline.
func (h *harness) until(what string, f func() bool) {
	h.t.Helper()
	until(h.t, what, f)
}

func until(t testing.TB, what string, f func() bool) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !f() {
		if time.Now().After(deadline) {
			t.Fatalf("waited too long for %s", what)
		}
		<-time.After(200 * time.Microsecond)
	}
}

// player is a client of one or more servers.
type player struct {
	t    testing.TB
	name string
	key  base.Key
	priv ed25519.PrivateKey
	seq  uint64
}

func newPlayer(t testing.TB, name string) *player {
	p := &player{t: t, name: name, seq: 1000}
	p.key, p.priv = privKey("player " + name)
	return p
}

func (p *player) signed(in region.Input) []byte {
	p.seq++
	return p.signedAt(p.seq, in)
}

func (p *player) signedAt(seq uint64, in region.Input) []byte {
	s, err := region.SignInput(testWorld, p.key, seq, in, func(b []byte) []byte { return ed25519.Sign(p.priv, b) })
	if err != nil {
		p.t.Fatal(err)
	}
	var e base.Encoder
	s.AppendTo(&e)
	return e.B
}

// conn is one stream of a player to one server.
type conn struct {
	p    *player
	rw   net.Conn
	mu   sync.Mutex
	acks map[uint64]wire.Ack
	msgs []wire.Message
	ents map[base.ID]wire.Entity
	gone []wire.Gone
	err  error
	end  chan struct{}
}

func (p *player) dial(h *harness) *conn {
	p.t.Helper()
	a, b := net.Pipe()
	go h.HandleClient(context.Background(), p.key, b)
	c := &conn{p: p, rw: a, acks: map[uint64]wire.Ack{}, ents: map[base.ID]wire.Entity{}, end: make(chan struct{})}
	go c.read()
	p.t.Cleanup(func() { a.Close() })
	c.send(&wire.Hello{Version: wire.Version, World: testWorld, Region: h.cfg.Region.ID, Key: p.key, View: h.cfg.Region.Site, Radius: 60})
	until(p.t, "a welcome", func() bool {
		h.clock.advance(tickLength) // the answer comes between two ticks
		return c.has(func(m wire.Message) bool { _, ok := m.(*wire.Welcome); return ok })
	})
	return c
}

func (c *conn) send(m wire.Message) error { return wire.Write(c.rw, m) }

func (c *conn) read() {
	defer close(c.end)
	for {
		m, err := wire.Read(c.rw, wire.MaxServerFrame)
		c.mu.Lock()
		if err != nil {
			c.err = err
			c.mu.Unlock()
			return
		}
		switch m := m.(type) {
		case *wire.Ack:
			c.acks[m.Seq] = *m
		case *wire.Delta:
			if m.Full {
				clear(c.ents)
			}
			for _, e := range m.Upserts {
				c.ents[e.Pose.ID] = e
			}
			for _, p := range m.Poses {
				e, ok := c.ents[p.ID]
				if !ok {
					c.p.t.Errorf("pose of %v, which was never shown", p.ID)
				}
				e.Pose = p
				c.ents[p.ID] = e
			}
			for _, g := range m.Gone {
				if _, ok := c.ents[g.ID]; !ok {
					c.p.t.Errorf("%v gone, which was never shown", g.ID)
				}
				delete(c.ents, g.ID)
				c.gone = append(c.gone, g)
			}
		default:
			c.msgs = append(c.msgs, m)
		}
		c.mu.Unlock()
	}
}

func (c *conn) has(f func(wire.Message) bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.msgs {
		if f(m) {
			return true
		}
	}
	return false
}

func (c *conn) heard(text string) bool {
	return c.has(func(m wire.Message) bool { s, ok := m.(*wire.Said); return ok && strings.Contains(s.Text, text) })
}

func (c *conn) entity(name string) (wire.Entity, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.ents {
		if e.Name == name {
			return e, true
		}
	}
	return wire.Entity{}, false
}

// do sends an input and waits for its acknowledgement.
func (c *conn) do(h *harness, in region.Input) wire.Ack {
	c.p.t.Helper()
	if err := c.send(&wire.Input{Signed: c.p.signed(in)}); err != nil {
		c.p.t.Fatal(err)
	}
	return c.ack(h, c.p.seq)
}

func (c *conn) ack(h *harness, seq uint64) (a wire.Ack) {
	c.p.t.Helper()
	h.until(fmt.Sprintf("ack of %d", seq), func() bool {
		h.clock.advance(tickLength)
		c.mu.Lock()
		defer c.mu.Unlock()
		var ok bool
		a, ok = c.acks[seq]
		return ok
	})
	return a
}

func (c *conn) join(h *harness, x, z float64) {
	c.p.t.Helper()
	sx, _, _ := h.cfg.Region.Site.Meters()
	if a := c.do(h, region.Input{Kind: region.InJoin, Region: h.cfg.Region.ID, Name: c.p.name, Pos: spatial.At(sx+x, 0, z)}); a.Code != region.OK {
		c.p.t.Fatalf("join: %v", a.Code)
	}
}

// refused waits for the end of the stream and gives what the server said last.
func (c *conn) refused() *wire.Refused {
	c.p.t.Helper()
	<-c.end
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.msgs {
		if r, ok := m.(*wire.Refused); ok {
			return r
		}
	}
	c.p.t.Fatalf("the stream ended without a word: %v", c.err)
	return nil
}

var _ io.Closer = (*conn)(nil)

func (c *conn) Close() error { return c.rw.Close() }
