package server

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/access"
	"github.com/metatopia/metatopia/region/order"
	"github.com/metatopia/metatopia/region/wire"
	"github.com/metatopia/metatopia/spatial"
)

// fakeGroup is a log that several servers share without a network: what its
// leader cuts is agreed on at once, by all who are up, if most are.
type fakeGroup struct {
	mu     sync.Mutex
	tick   base.Tick
	prev   order.Sum
	queue  order.Queue
	list   []order.Encoded
	logs   []*fakeLog
	leader int  // -1: none
	lose   bool // what is submitted
}

type fakeLog struct {
	g    *fakeGroup
	n    int
	at   int // records given
	up   bool
	wake chan struct{}
	disk error
}

func (g *fakeGroup) add(from base.Tick) *fakeLog {
	g.mu.Lock()
	defer g.mu.Unlock()
	l := &fakeLog{g: g, n: len(g.logs), at: int(from), up: true, wake: make(chan struct{}, 1)}
	g.logs = append(g.logs, l)
	return l
}

// down takes a server out; lead makes another the leader.
func (g *fakeGroup) down(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.logs[n].up = false
	if g.leader == n {
		g.leader = -1
	}
}

func (g *fakeGroup) lead(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.leader = n
}

func (l *fakeLog) Submit(b []byte, sync bool) error {
	l.g.mu.Lock()
	defer l.g.mu.Unlock()
	if l.g.leader < 0 || l.g.lose {
		return nil // lost on the way
	}
	return l.g.queue.Add(b, sync)
}

func (l *fakeLog) Cut(at base.Tick, state [32]byte) {
	g := l.g
	g.mu.Lock()
	defer g.mu.Unlock()
	up := 0
	for _, o := range g.logs {
		if o.up {
			up++
		}
	}
	if g.leader != l.n || 2*up <= len(g.logs) {
		return
	}
	g.tick++
	entries, sync := g.queue.Take()
	r := order.Record{Epoch: 1, Tick: g.tick, Prev: g.prev, At: at, State: state, Sync: sync, Entries: entries}
	b := r.AppendTo(nil)
	g.prev = order.SumOf(b)
	g.list = append(g.list, order.Encoded{Record: r, Bytes: b, Sum: g.prev})
	for _, o := range g.logs {
		select {
		case o.wake <- struct{}{}:
		default:
		}
	}
}

func (l *fakeLog) Ready() []order.Encoded {
	l.g.mu.Lock()
	defer l.g.mu.Unlock()
	list := l.g.list[l.at:]
	if !l.up {
		list = nil
	}
	l.at += len(list)
	return list
}

func (l *fakeLog) Wake() <-chan struct{}          { return l.wake }
func (l *fakeLog) Base(base.Tick) ([]byte, error) { return []byte("base"), nil }
func (l *fakeLog) Behind() bool                   { return false }
func (l *fakeLog) Compact(base.Tick) error        { return nil }
func (l *fakeLog) Sync() error                    { return l.disk }
func (l *fakeLog) Err() error                     { return nil }

func (l *fakeLog) Leading() bool {
	l.g.mu.Lock()
	defer l.g.mu.Unlock()
	return l.g.leader == l.n && l.up
}

// share starts n servers of one region.
func share(t *testing.T, n int, cfg Config) (*fakeGroup, []*harness) {
	t.Helper()
	return shareEach(t, n, cfg, func(int, *Config) {})
}

// shareEach does what each wants of every one.
func shareEach(t *testing.T, n int, cfg Config, each func(int, *Config)) (*fakeGroup, []*harness) {
	t.Helper()
	g := &fakeGroup{}
	var all []*harness
	for i := range n {
		c := cfg
		c.Dir = t.TempDir()
		c.Self, _ = privKey(fmt.Sprint("server ", i))
		c.Replica = func(tick base.Tick, _ order.Sum) (Replica, error) { return g.add(tick), nil }
		if i > 0 {
			c.Furnish = nil
		}
		each(i, &c)
		all = append(all, start(t, c))
	}
	return g, all
}

// tickAll lets time pass for all until the one named has made n more ticks.
func tickAll(t *testing.T, all []*harness, at, n int) {
	t.Helper()
	want := all[at].Status().Tick + base.Tick(n)
	until(t, "ticks", func() bool {
		for _, h := range all {
			h.clock.advance(tickLength)
		}
		return all[at].Status().Tick >= want
	})
}

// do sends an input to one of several servers and waits for the answer.
func (c *conn) doAll(all []*harness, in region.Input) region.Code {
	c.p.t.Helper()
	if err := c.send(&wire.Input{Signed: c.p.signed(in)}); err != nil {
		c.p.t.Fatal(err)
	}
	return c.awaitAll(all, c.p.seq)
}

func (c *conn) awaitAll(all []*harness, seq uint64) (code region.Code) {
	until(c.p.t, fmt.Sprintf("ack of %d", seq), func() bool {
		for _, h := range all {
			h.clock.advance(tickLength)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		a, ok := c.acks[seq]
		code = a.Code
		return ok
	})
	return code
}

// TestLeaderIsLost: three servers, clients at two of them; the leader goes,
// another takes over, and the world goes on where it was, in the same state
// everywhere.
func TestLeaderIsLost(t *testing.T) {
	g, all := share(t, 3, Config{Region: regionConfig("commons", 64)})
	tickAll(t, all, 1, 3)
	ann, bob := newPlayer(t, "ann"), newPlayer(t, "bob")
	a, b := ann.dial(all[1]), bob.dial(all[2])
	join := func(c *conn, z float64) {
		if code := c.doAll(all, region.Input{Kind: region.InJoin, Region: all[0].cfg.Region.ID, Name: c.p.name, Pos: spatial.At(64, 0, z)}); code != region.OK {
			t.Fatalf("%s joins: %v", c.p.name, code)
		}
	}
	join(a, 4)
	join(b, 8)
	// A control entry of a follower is answered there.
	done := make(chan error, 1)
	go func() {
		done <- all[2].Control(t.Context(), region.ControlEntry{Kind: region.ControlCreate, Thing: ball("ball", 0xff0000, 0, 0)})
	}()
	until(t, "the control entry", func() bool {
		tickAll(t, all, 2, 1)
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			return true
		default:
			return false
		}
	})
	if err := a.send(&wire.Input{Signed: ann.signed(region.Input{Kind: region.InWalk, Pos: spatial.At(84, 0, 4)})}); err != nil {
		t.Fatal(err)
	}
	tickAll(t, all, 2, 10)
	g.down(0)
	left := all[1:]
	before := all[2].Status().Tick
	for _, h := range left { // nobody leads: time stands still, it does not run fast later
		h.clock.advance(10 * tickLength)
	}
	g.lead(2)
	tickAll(t, left, 1, 20)
	if code := a.doAll(left, region.Input{Kind: region.InSay, Text: "still here"}); code != region.OK {
		t.Fatalf("say after the leader was lost: %v", code)
	}
	until(t, "the line at the other server", func() bool { tickAll(t, left, 0, 1); return b.heard("still here") })
	if now := all[2].Status().Tick; now < before+20 {
		t.Fatalf("tick %d after %d", now, before)
	}
	tickAll(t, left, 0, 5)
	tickAll(t, left, 1, 1)
	x := all[1].Status()
	sameHashes(t, left, x.Tick)
	if x.Things != 3 {
		t.Fatalf("%d things, want two avatars and a ball", x.Things)
	}
}

func sameHashes(t *testing.T, all []*harness, tick base.Tick) {
	t.Helper()
	n := 0
	for i := base.Tick(1); i <= tick; i++ {
		var want region.Hash
		for _, h := range all {
			h.harnessMu(func() {
				got, ok := h.hashes[i]
				if !ok {
					return
				}
				if want == (region.Hash{}) {
					want = got
				} else if n++; got != want {
					t.Errorf("tick %d: %s and %s", i, got.Short(), want.Short())
				}
			})
		}
	}
	if n == 0 {
		t.Error("no tick was compared")
	}
}

// harnessMu holds the harness's lock, not the server's.
func (h *harness) harnessMu(f func()) { h.mu.Lock(); defer h.mu.Unlock(); f() }

// TestTooFewServersFreeze: nothing is agreed on, views stay, inputs are
// refused in words; when the servers are back it goes on by itself.
func TestTooFewServersFreeze(t *testing.T) {
	g, all := share(t, 3, Config{Region: regionConfig("commons", 64)})
	tickAll(t, all, 0, 3)
	ann := newPlayer(t, "ann")
	a := ann.dial(all[0])
	if code := a.doAll(all, region.Input{Kind: region.InJoin, Region: all[0].cfg.Region.ID, Name: "ann", Pos: spatial.At(64, 0, 4)}); code != region.OK {
		t.Fatal(code)
	}
	g.down(1)
	g.down(2)
	// What was agreed on before is still to be made.
	g.mu.Lock()
	at := g.tick
	g.mu.Unlock()
	until(t, "what was agreed on", func() bool { all[0].clock.advance(tickLength); return all[0].Status().Tick == at })
	until(t, "the freeze", func() bool { all[0].clock.advance(tickLength); return all[0].Status().Frozen })
	if code := a.doAll(all[:1], region.Input{Kind: region.InSay, Text: "anybody?"}); code != region.Frozen {
		t.Fatalf("said while frozen: %v", code)
	}
	if err := all[0].Control(t.Context(), region.ControlEntry{Kind: region.ControlRules}); !errors.Is(err, ErrFrozen) {
		t.Fatalf("control while frozen: %v", err)
	}
	// Who comes now sees the region as it was.
	bob := newPlayer(t, "bob").dial(all[0])
	until(t, "a view", func() bool { all[0].clock.advance(tickLength); _, ok := bob.entity("ann"); return ok })
	if now := all[0].Status().Tick; now != at {
		t.Fatalf("tick %d after %d without the others", now, at)
	}
	g.mu.Lock()
	g.logs[1].up = true
	g.mu.Unlock()
	tickAll(t, all, 0, 2)
	if code := a.doAll(all, region.Input{Kind: region.InSay, Text: "there you are"}); code != region.OK {
		t.Fatalf("said after the freeze: %v", code)
	}
}

// TestRestoredFromAnother: a server begins with another's checkpoint and goes
// on with the same states.
func TestRestoredFromAnother(t *testing.T) {
	var mu sync.Mutex
	var got []Checkpoint
	_, all := share(t, 1, Config{Region: regionConfig("commons", 64), Furnish: set("commons"), Checkpoint: func(c Checkpoint) {
		mu.Lock()
		got = append(got, c)
		mu.Unlock()
	}})
	tickAll(t, all, 0, 30)
	all[0].CheckpointSoon()
	until(t, "a checkpoint", func() bool {
		tickAll(t, all, 0, 1)
		mu.Lock()
		defer mu.Unlock()
		return len(got) > 0
	})
	cp := got[0]
	if string(cp.Base) != "base" {
		t.Fatalf("base %q", cp.Base)
	}
	dir := t.TempDir()
	bad := cp
	bad.State[0]++
	if err := Install(all[0].cfg.Region, dir, bad, bad.Still.Snapshot(nil)); !errors.Is(err, ErrCorrupt) {
		t.Fatalf("a snapshot with another hash: %v", err)
	}
	for range 2 { // over what is there, too
		if err := Install(all[0].cfg.Region, dir, cp, cp.Still.Snapshot(nil)); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Open(Config{Region: all[0].cfg.Region, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if st := s.Status(); st.Tick != cp.Tick || st.Hash != cp.State {
		t.Fatalf("tick %d with %s, installed %d with %s", st.Tick, st.Hash.Short(), cp.Tick, cp.State.Short())
	}
}

// TestCheckpointAfterTheLog: no checkpoint is on disk of a tick that the shared
// log may lose: it could not go on from there.
func TestCheckpointAfterTheLog(t *testing.T) {
	dir := t.TempDir()
	g := &fakeGroup{}
	var l *fakeLog
	cfg := Config{Region: regionConfig("hearth", 0), Dir: dir, Replica: func(tick base.Tick, _ order.Sum) (Replica, error) {
		l = g.add(tick)
		return l, nil
	}}
	h := start(t, cfg)
	g.lead(0)
	tickAll(t, []*harness{h}, 0, 3)
	l.disk = errors.New("the disk is gone")
	if err := h.Close(); err == nil {
		t.Fatal("a region closes well whose log is not on the disk")
	}
	st, err := openStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer st.db.Close()
	if at, err := st.load(&cfg.Region); err != nil || at.at.tick != 0 {
		t.Fatalf("checkpoint of tick %d, %v", at.at.tick, err)
	}
}

// TestAccessAtOneOfSeveral: who asks one of several servers for something that
// the region judges hears what became of it, though nothing else happens.
func TestAccessAtOneOfSeveral(t *testing.T) {
	g, all := share(t, 2, Config{Region: regionConfig("hearth", 0)})
	g.lead(0)
	tickAll(t, all, 1, 3)
	done := make(chan error, 1)
	go func() {
		_, err := all[1].Submit(t.Context(), []byte("nonsense"))
		done <- err
	}()
	last := all[1].Status().Tick
	until(t, "an answer", func() bool {
		for _, h := range all {
			h.clock.advance(tickLength)
		}
		select {
		case err := <-done:
			var code access.Code
			if !errors.As(err, &code) {
				t.Errorf("%v is not what the region says", err)
			}
			return true
		default:
		}
		if all[1].Status().Tick > last+checkpointTicks/2 {
			t.Fatal("no answer")
		}
		return false
	})
}

// TestNobodyWaitsForEver: who gives up on a control entry, or waits when the server
// ends, is told that it may have counted, and nothing is kept of them.
func TestNobodyWaitsForEver(t *testing.T) {
	g, all := share(t, 2, Config{Region: regionConfig("hearth", 0)})
	tickAll(t, all, 1, 3)
	g.mu.Lock()
	g.lose = true
	g.mu.Unlock()
	ask := func(ctx context.Context) chan error {
		done := make(chan error, 1)
		go func() {
			done <- all[1].Control(ctx, region.ControlEntry{Kind: region.ControlRules})
		}()
		return done
	}
	waits := func() (n int) {
		asked := make(chan error, 1)
		go func() { asked <- all[1].ask(t.Context(), func() { n = len(all[1].waits) }) }()
		until(t, "a look between two ticks", func() bool {
			for _, h := range all {
				h.clock.advance(tickLength)
			}
			select {
			case err := <-asked:
				if err != nil {
					t.Error(err)
				}
				return true
			default:
				return false
			}
		})
		return n
	}
	sent := func(n int) {
		t.Helper()
		until(t, "an entry on its way", func() bool { return waits() == n })
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := ask(ctx)
	sent(1)
	cancel()
	if err := <-done; !errors.Is(err, ErrUnsure) || !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	sent(0)
	done = ask(t.Context())
	sent(1)
	if err := all[1].Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !errors.Is(err, ErrUnsure) {
		t.Fatal(err)
	}
}

// TestNeighboursAreSaidOnce: a list that names the region itself, or one twice, is
// not said again and again.
func TestNeighboursAreSaidOnce(t *testing.T) {
	g, all := share(t, 1, Config{Region: regionConfig("hearth", 0)})
	g.lead(0)
	far := region.Neighbour{ID: base.ID{9}, Name: "far", Site: spatial.At(99, 0, 0)}
	all[0].SetNeighbours([]region.Neighbour{far, {ID: all[0].cfg.Region.ID, Name: "me", Site: spatial.At(1, 0, 0)}, {ID: base.ID{8}, Name: "here", Site: all[0].cfg.Region.Site}, far})
	tickAll(t, all, 0, 60)
	g.mu.Lock()
	defer g.mu.Unlock()
	n := 0
	for _, r := range g.list {
		n += len(r.Entries)
	}
	if n != 1 {
		t.Fatalf("%d entries", n)
	}
}
