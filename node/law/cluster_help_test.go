package law

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/node/replica"
	"github.com/metatopia/metatopia/node/world"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/order"
	"github.com/metatopia/metatopia/region/order/raft"
	"github.com/metatopia/metatopia/region/succession"
	"github.com/metatopia/metatopia/spatial"
)

// person is somebody with a key.
type person struct {
	key     base.Key
	priv    ed25519.PrivateKey
	counter uint64
}

func newPerson(name string) *person {
	seed := sha256.Sum256([]byte("law " + name))
	p := &person{priv: ed25519.NewKeyFromSeed(seed[:])}
	copy(p.key[:], p.priv.Public().(ed25519.PublicKey))
	return p
}

func (p *person) sign(b []byte) []byte { return ed25519.Sign(p.priv, b) }

// bench is a server of the region: a real replicated log, a sim and a court.
type bench struct {
	*person
	t     testing.TB
	cl    *cluster
	log   *replica.Log
	sim   *region.Sim
	court *Court
	quit  chan struct{}
	wg    sync.WaitGroup
	dead  bool

	mu    sync.Mutex // guards sim and what follows
	waits map[[32]byte]chan region.LawDone
	roles map[uint64][32]byte // what the servers would sign, by index
	here  []base.Key
}

// cluster is three servers of alice's region.
type cluster struct {
	t       testing.TB
	town    *town
	charter *world.RegionCharter
	cfg     region.Config
	alice   *person
	benches []*bench
	mu      sync.Mutex
	clock   time.Time
}

func (c *cluster) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.clock
}

func (c *cluster) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clock = c.clock.Add(d)
}

func newCluster(t testing.TB) *cluster {
	c := &cluster{t: t, town: newTown(), alice: newPerson("alice"), clock: time.UnixMilli(1_800_000_000_000)}
	people := []*person{newPerson("server 1"), newPerson("server 2"), newPerson("server 3")}
	slices.SortFunc(people, func(a, b *person) int { return a.key.Compare(b.key) })
	var keys []base.Key
	for _, p := range people {
		keys = append(keys, p.key)
	}
	site := world.SiteRecord{World: lumps.Of([]byte("world")), Owner: c.alice.key, Name: "Commons"}
	c.charter = &world.RegionCharter{World: site.World, Name: site.Name, Genesis: succession.Genesis{Region: site.Region(), Epoch: 1, Founder: c.alice.key,
		Servers: keys, Settings: succession.Settings{VacantDays: 2, ActiveDays: 1}, Wall: c.clock.UnixMilli()}}
	if err := c.charter.Sign(c.alice.priv); err != nil {
		t.Fatal(err)
	}
	c.cfg = region.Config{ID: site.Region(), Name: "Commons", World: site.World.String(), Owner: c.alice.key,
		Min: spatial.At(-64, 0, -64), Max: spatial.At(64, 64, 64), Seed: 1, Verify: VerifyKey, Law: &c.charter.Genesis}
	at, err := raft.Found(1, 0, order.Sum{}, 0, keys)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range people {
		sim, err := region.New(c.cfg)
		if err != nil {
			t.Fatal(err)
		}
		c.serve(p, sim, at, uint64(i+1))
	}
	return c
}

// serve starts a server whose log goes on from a base.
func (c *cluster) serve(p *person, sim *region.Sim, at raft.Base, self uint64) *bench {
	b := &bench{person: p, t: c.t, cl: c, sim: sim, quit: make(chan struct{}), waits: map[[32]byte]chan region.LawDone{}, roles: map[uint64][32]byte{}}
	var err error
	if b.log, err = replica.Open(replica.Config{Region: c.cfg.ID, Key: p.key, Dir: c.t.TempDir(), Base: &at, Self: self, Net: c.town.join(p.key)}); err != nil {
		c.t.Fatal(err)
	}
	b.court = New(Config{Charter: c.charter, Dir: c.t.TempDir(), Key: p.key, Sign: p.sign, Verify: VerifyKey, Now: c.now, Leading: b.log.Leading,
		Counter: func(least uint64) uint64 { p.counter = max(p.counter, least) + 1; return p.counter },
		Ask: func(ctx context.Context, k base.Key, q Ask) (*Answer, error) {
			for _, o := range c.benches {
				if o.key == k && !o.dead && c.town.reach(p.key, k) {
					a := o.court.Answer(ctx, p.key, q)
					return ParseAnswer(a.Bytes()) // as over a stream
				}
			}
			return nil, errors.New("nobody there")
		}})
	if err := b.court.Begin(b); err != nil {
		c.t.Fatal(err)
	}
	c.benches = append(c.benches, b)
	b.wg.Go(b.take)
	b.wg.Go(b.cut)
	c.t.Cleanup(b.stop)
	return b
}

func (b *bench) stop() {
	if b.dead {
		return
	}
	b.dead = true
	b.log.Close()
	close(b.quit)
	b.wg.Wait()
	b.court.Close()
}

// cut makes ticks while this server leads.
func (b *bench) cut() {
	for {
		select {
		case <-time.After(3 * time.Millisecond):
		case <-b.quit:
			return
		}
		if b.log.Leading() {
			b.mu.Lock()
			tick, hash := b.sim.Tick(), b.sim.Hash()
			b.mu.Unlock()
			b.log.Cut(tick, hash)
		}
	}
}

// take applies what was agreed.
func (b *bench) take() {
	for {
		select {
		case <-b.log.Wake():
		case <-b.quit:
			return
		}
		for _, r := range b.log.Ready() {
			batch := region.Batch{Tick: r.Tick}
			for i, e := range r.Entries {
				x, err := region.ParseEntry(e)
				if err != nil {
					b.t.Error(err)
					return
				}
				x.Seq = uint64(i + 1)
				batch.Entries = append(batch.Entries, x)
			}
			b.mu.Lock()
			if r.At == b.sim.Tick() && r.State != b.sim.Hash() {
				b.t.Errorf("tick %d: this server has another state than who made the record", r.Tick)
			}
			out, err := b.sim.Step(batch)
			if err != nil {
				b.t.Error(err)
				b.mu.Unlock()
				return
			}
			for _, d := range out.Law {
				b.roles[d.Index] = sha256.Sum256(d.After.SigningBytes())
			}
			b.mu.Unlock()
			if len(out.Law) == 0 {
				continue
			}
			if err := b.court.Applied(out.Law); err != nil {
				b.t.Error(err)
			}
			b.mu.Lock()
			for _, d := range out.Law {
				sum := sha256.Sum256(d.Entry)
				if c := b.waits[sum]; c != nil {
					delete(b.waits, sum)
					c <- d
				}
			}
			b.mu.Unlock()
		}
	}
}

func (b *bench) Law(_ context.Context, f func(*succession.State)) error { return b.Lawful(f) }

func (b *bench) Lawful(f func(*succession.State)) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	f(b.sim.Law())
	return nil
}

func (b *bench) Visitors() []base.Key {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.here)
}

// SubmitLaw is what node/server does, over the replicated log.
func (b *bench) SubmitLaw(ctx context.Context, entry []byte) (region.LawDone, error) {
	done := make(chan region.LawDone, 1)
	sum := sha256.Sum256(entry)
	b.mu.Lock()
	b.waits[sum] = done
	b.mu.Unlock()
	var c, e base.Encoder
	region.ControlEntry{Kind: region.ControlLaw, Law: entry}.AppendTo(&c)
	region.Entry{Kind: region.EntryControl, Body: c.B}.AppendTo(&e)
	if err := b.log.Submit(e.B, true); err != nil {
		return region.LawDone{}, err
	}
	select {
	case d := <-done:
		return d, nil
	case <-ctx.Done():
		return region.LawDone{}, ctx.Err()
	}
}

// signed is an entry of somebody that names the head which this server has.
func (b *bench) signed(p *person, x succession.Entry) succession.Entry {
	p.counter++
	x.By, x.Counter = p.key, p.counter
	_ = b.Lawful(func(s *succession.State) { x.Head = s.Head() })
	if x.Kind == succession.Login {
		x.Server = b.key
	}
	b.cl.charter.Genesis.Sign(&x, p.sign)
	return x
}

// do has this server's court take an entry, as from its signer's node; the
// answer says why not.
func (b *bench) do(p *person, x succession.Entry) string {
	b.t.Helper()
	return b.send(p, b.signed(p, x), time.Minute)
}

func (b *bench) send(p *person, x succession.Entry, wait time.Duration) string {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	if x.Kind == succession.Login {
		b.mu.Lock()
		b.here = append(b.here, p.key)
		slices.SortFunc(b.here, base.Key.Compare)
		b.here = slices.Compact(b.here)
		b.mu.Unlock()
	}
	return b.court.Answer(ctx, p.key, Ask{Kind: AskEntry, Entry: x.Bytes()}).Why
}

func (b *bench) must(p *person, x succession.Entry) {
	b.t.Helper()
	if why := b.do(p, x); why != "" {
		b.t.Fatalf("%v refused: %s", x.Kind, why)
	}
}

// alive are the servers that still run.
func (c *cluster) alive() (list []*bench) {
	for _, b := range c.benches {
		if !b.dead {
			list = append(list, b)
		}
	}
	return list
}

// leader waits for one of some servers to lead.
func (c *cluster) leader(of ...*bench) *bench {
	c.t.Helper()
	var l *bench
	c.until("a leader", func() bool {
		for _, b := range of {
			if m, ok := b.log.Leader(); ok && m.Key == b.key && b.log.Leading() {
				l = b
			}
		}
		return l != nil
	})
	return l
}

func (c *cluster) until(what string, f func() bool) {
	c.t.Helper()
	for end := time.Now().Add(2 * time.Minute); !f(); <-time.After(2 * time.Millisecond) {
		if time.Now().After(end) {
			c.t.Fatalf("waited too long for %s", what)
		}
	}
}

// hours pass for the region, with a beat after each of them, by one of the
// servers given.
func (c *cluster) hours(n int, of ...*bench) {
	c.t.Helper()
	for range n {
		c.pass(time.Hour)
		c.until("a beat", func() bool {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			return c.leader(of...).court.Beat(ctx, time.Minute) == nil
		})
	}
}

// settle waits until all have the same head, and checks that all had the same
// roles at every index that they have both seen.
func (c *cluster) settle(of ...*bench) uint64 {
	c.t.Helper()
	var head succession.Head
	c.until("the same head everywhere", func() bool {
		for i, b := range of {
			var h succession.Head
			_ = b.Lawful(func(s *succession.State) { h = s.Head() })
			if i > 0 && h != head {
				return false
			}
			head = h
		}
		return true
	})
	first := of[0]
	for _, b := range of[1:] {
		first.mu.Lock()
		b.mu.Lock()
		n := 0
		for i, sum := range b.roles { //lint:sorted each on its own
			if other, ok := first.roles[i]; ok {
				n++
				if other != sum {
					c.t.Errorf("entry %d: two servers have other roles", i)
				}
			}
		}
		if n == 0 {
			c.t.Error("nothing was compared")
		}
		b.mu.Unlock()
		first.mu.Unlock()
	}
	return head.Index
}

func (b *bench) temp() (k base.Key) {
	_ = b.Lawful(func(s *succession.State) { k = s.Temp() })
	return k
}

// temps checks who is temporary admin on all servers given.
func (c *cluster) temps(want *person, of ...*bench) {
	c.t.Helper()
	c.settle(of...)
	k := base.Key{}
	if want != nil {
		k = want.key
	}
	for _, b := range of {
		if got := b.temp(); got != k {
			c.t.Fatalf("the temporary admin is %s, not %s", got.Short(), k.Short())
		}
	}
}
