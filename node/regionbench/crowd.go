package regionbench

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/server"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/wire"
	"github.com/metatopia/metatopia/scripting"
	"github.com/metatopia/metatopia/scripting/mote"
	"github.com/metatopia/metatopia/spatial"
)

// CrowdOptions of a run; zero values are those of the figures.
type CrowdOptions struct {
	Dir                      string        // for the log; "" = a temporary one
	Players, Things, Scripts int           // 500, 5,000, of which 1,000 have a script
	For                      time.Duration // measured, after a warm-up as long but of at most 10 s; 30 s
	Side                     float64       // of the square the things stand on, metres; 400
	Tell                     func(string)
}

// CrowdResult is what a run has seen.
type CrowdResult struct {
	Ticks            int
	P50, P99, Max    float64 // ms from the moment a tick is due until its views can leave
	Slipped          uint64  // ticks the region was late by
	Bytes            float64 // per client and second, of all that the server sent it
	Worst            float64 // of the client that got most
	Inputs           float64 // a second, taken
	Runs, Carried    float64 // script events a second; and those that waited for fuel, per second
	Faults           uint64
	Players, Moving  int
	Processors, Gone float64 // processor seconds a second of the whole process; clients lost
}

// program is what every script does: it counts, computes some thousand
// instructions, and lights its thing now and then.
const program = `
import "mt:slot@1" get_int(name: text, otherwise: i64) i64
import "mt:slot@1" set_int(name: text, value: i64) i32

export fn handle() {
  let n = get_int("n", 0) + 1
  let x = n
  let i = 0
  while i < 300 {
    x = x * 6364136223846793005 + 1442695040888963407
    i += 1
  }
  set_int("n", n)
  set_int("x", x)
  if n % 16 == 0 { set_int("color", (x >> 33) & 0xffffff) }
}
`

const crowdWorld = "bafycrowd"

// Crowd runs a region of the size of the figures with real streams' encoding,
// signed inputs, compiled scripts and its log on disk.
func Crowd(ctx context.Context, o CrowdOptions) (res CrowdResult, err error) {
	def := func(p *int, v int) {
		if *p == 0 {
			*p = v
		}
	}
	def(&o.Players, 500)
	def(&o.Things, 5000)
	def(&o.Scripts, 1000)
	if o.For == 0 {
		o.For = 30 * time.Second
	}
	if o.Side == 0 {
		o.Side = 400
	}
	if o.Tell == nil {
		o.Tell = func(string) {}
	}
	if o.Dir == "" {
		if o.Dir, err = os.MkdirTemp("", "metatopia-crowd-"); err != nil {
			return res, err
		}
		defer os.RemoveAll(o.Dir)
	}
	c := &crowd{o: o}
	if err := c.open(); err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	if err := c.furnish(ctx); err != nil {
		return res, err
	}
	o.Tell(fmt.Sprintf("%d things stand; %d people come", o.Things, o.Players))
	if err := c.enter(ctx); err != nil {
		return res, err
	}
	o.Tell("all are here; warming up")
	if err := c.live(ctx, min(10*time.Second, o.For)); err != nil {
		return res, err
	}
	c.begin()
	o.Tell("measuring")
	start, used := time.Now(), processorTime()
	if err := c.live(ctx, o.For); err != nil {
		return res, err
	}
	return c.result(time.Since(start).Seconds(), processorTime()-used), nil
}

type crowd struct {
	o      CrowdOptions
	srv    *server.Server
	engine *scripting.Engine
	mod    *scripting.Module
	cfg    region.Config
	run    sync.WaitGroup
	cancel context.CancelFunc
	people []*walker
	at     int // of people: whose turn it is to want something

	mu     sync.Mutex
	took   []float64 // ms
	counts map[string]uint64
}

// Handle implements region.Scripts.
func (c *crowd) Handle(_ string, ev region.ScriptEvent, slots func(string) (region.SlotValue, bool), seed, gas uint64) (region.ScriptResult, error) {
	out, err := c.engine.Handle(c.mod, scripting.Event{Name: ev.Name, From: ev.From, FromName: ev.FromName, Text: ev.Text, Tick: uint64(ev.Tick)},
		func(name string) (scripting.Value, bool) {
			v, ok := slots(name)
			return scripting.Int(v.Int), ok && v.Type == region.SlotInt
		}, seed, gas)
	res := region.ScriptResult{Say: out.Say, Log: out.Log, Gas: out.Gas}
	for _, w := range out.Set {
		res.Set = append(res.Set, region.SlotWrite{Name: w.Name, Value: region.IntSlot(w.Value.Int)})
	}
	return res, err
}

func (c *crowd) open() (err error) {
	if c.engine, err = scripting.NewEngine(scripting.EngineConfig{}); err != nil {
		return err
	}
	wasm, err := mote.Compile([]byte(program))
	if err != nil {
		return err
	}
	if c.mod, err = c.engine.Admit(wasm); err != nil {
		return err
	}
	half := c.o.Side/2 + 40
	c.cfg = region.Config{ID: base.DeriveID("region", []byte("crowd")), Name: "crowd", World: crowdWorld, Owner: newKey("owner").public,
		Site: spatial.At(0, 0, 0), Min: spatial.At(-half, 0, -half), Max: spatial.At(half, 64, half), Seed: 1, Scripts: c,
		Verify: func(k base.Key, msg, sig []byte) bool { return ed25519.Verify(k[:], msg, sig) }}
	c.counts = map[string]uint64{}
	c.srv, err = server.Open(server.Config{Region: c.cfg, Dir: c.o.Dir,
		OnEvent: func(name string, n uint64) {
			c.mu.Lock()
			c.counts[name] += n
			c.mu.Unlock()
		},
		Took: func(_ base.Tick, d time.Duration) {
			c.mu.Lock()
			c.took = append(c.took, float64(d)/1e6)
			c.mu.Unlock()
		}})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	c.cancel = cancel
	c.run.Go(func() { _ = c.srv.Run(ctx) }) // its end is seen by who waits for ticks
	return nil
}

func (c *crowd) close() error {
	for _, w := range c.people {
		w.pipe.Close()
	}
	err := c.srv.Close()
	c.cancel()
	c.run.Wait()
	return errors.Join(err, c.engine.Close())
}

// furnish makes the things: balls that roll now and then, boxes and lamps on a
// grid, a script in every so many.
func (c *crowd) furnish(ctx context.Context) error {
	control := func(e region.ControlEntry) error { return c.srv.Control(ctx, e) }
	if err := control(region.ControlEntry{Kind: region.ControlModule, Module: "lamp"}); err != nil {
		return err
	}
	n := c.o.Things
	row := int(math.Ceil(math.Sqrt(float64(n))))
	gap := c.o.Side / float64(row)
	var wg sync.WaitGroup
	errs := make(chan error, n)
	slots := make(chan struct{}, 256)
	for i := range n {
		t := region.ThingSpec{Kind: "box", Name: fmt.Sprint("thing ", i), Shape: region.Box, Size: spatial.Vec{X: 0.6, Y: 0.6, Z: 0.6}, Color: 0x808080, Mass: 5,
			Pos: spatial.Vec{X: float32((float64(i%row)+0.5)*gap - c.o.Side/2), Y: 0.3, Z: float32((float64(i/row)+0.5)*gap - c.o.Side/2)}}
		switch {
		case i%5 == 0 && i/5 < c.o.Scripts || n < 5*c.o.Scripts && i < c.o.Scripts:
			t.Kind, t.Fixed = "lamp", true
			t.Slots = region.Slots{{Name: region.SlotEvery, Value: region.IntSlot(region.MinEvery)}, {Name: region.SlotScript, Value: region.LumpSlot("lamp")}}
		case i%5 < 3:
			t.Kind, t.Fixed = "stone", true
		case i%5 == 3:
			t.Kind, t.Shape = "ball", region.Sphere
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			errs <- control(region.ControlEntry{Kind: region.ControlCreate, Thing: t})
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// enter brings the people in, each with a stream.
func (c *crowd) enter(ctx context.Context) error {
	for i := range c.o.Players {
		w := newWalker(c, i)
		c.people = append(c.people, w)
		c.run.Go(func() { _ = c.srv.HandleClient(context.Background(), w.key.public, w.pipe) }) // its end is counted
		w.hello()
		w.send(region.Input{Kind: region.InJoin, Region: c.cfg.ID, Name: fmt.Sprint("p", i), Pos: w.pos})
		if i%20 == 19 { // not all in one tick: they find their places
			if err := pause(ctx, 60*time.Millisecond); err != nil {
				return err
			}
		}
	}
	for range 1200 {
		if c.srv.Status().Players == c.o.Players {
			return nil
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
	return fmt.Errorf("crowd: %d of %d people are there", c.srv.Status().Players, c.o.Players)
}

// live lets everybody want something about once a second, for so long: to walk
// somewhere near, mostly, to throw what lies there, or to say something.
func (c *crowd) live(ctx context.Context, d time.Duration) error {
	const turn = 10 * time.Millisecond
	share := max(1, len(c.people)*int(turn)/int(time.Second))
	next, end := time.Now(), time.Now().Add(d)
	for time.Now().Before(end) {
		for range share {
			c.people[c.at%len(c.people)].want()
			c.at++
		}
		next = next.Add(turn)
		if err := pause(ctx, time.Until(next)); err != nil {
			return err
		}
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// begin forgets what was counted so far.
func (c *crowd) begin() {
	runtime.GC()
	c.mu.Lock()
	c.took = c.took[:0]
	clear(c.counts)
	c.mu.Unlock()
	for _, w := range c.people {
		w.pipe.got.Store(0)
	}
}

func (c *crowd) result(seconds, used float64) (r CrowdResult) {
	for _, w := range c.people {
		n := float64(w.pipe.got.Load()) / seconds
		r.Bytes += n / float64(len(c.people))
		r.Worst = max(r.Worst, n)
	}
	for _, x := range c.srv.Things() {
		if x.Motion.Vel.Len() > 0.1 {
			r.Moving++
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	slices.Sort(c.took)
	at := func(q float64) float64 { return c.took[min(len(c.took)-1, int(q*float64(len(c.took))))] }
	r.Ticks, r.P50, r.P99, r.Max = len(c.took), at(0.5), at(0.99), at(1)
	r.Slipped, r.Faults = c.counts[server.EventOverload], c.counts[server.EventScriptFaults]
	r.Inputs, r.Runs = float64(c.counts[server.EventInputs])/seconds, float64(c.counts[server.EventScripts])/seconds
	r.Players, r.Processors, r.Gone = c.srv.Status().Players, used/seconds, float64(c.counts[server.EventClientsDropped])
	return r
}

// keys is a person's pair.
type keys struct {
	public  base.Key
	private ed25519.PrivateKey
}

func newKey(name string) (k keys) {
	seed := sha256.Sum256([]byte("crowd " + name))
	k.private = ed25519.NewKeyFromSeed(seed[:])
	copy(k.public[:], k.private.Public().(ed25519.PublicKey))
	return k
}

// walker is a person with a stream.
type walker struct {
	c    *crowd
	key  keys
	pos  spatial.Pos
	home [2]float64
	seq  uint64
	r    *base.Rand
	pipe *pipe
}

func newWalker(c *crowd, i int) *walker {
	w := &walker{c: c, key: newKey(fmt.Sprint("person ", i)), seq: 1000, r: base.NewRand(uint64(i), 4), pipe: newPipe()}
	w.home = [2]float64{(w.r.Float64() - 0.5) * c.o.Side, (w.r.Float64() - 0.5) * c.o.Side}
	w.pos = spatial.At(w.home[0], 0, w.home[1])
	return w
}

func (w *walker) hello() {
	w.pipe.put(wire.Append(nil, &wire.Hello{Version: wire.Version, World: crowdWorld, Region: w.c.cfg.ID, Key: w.key.public, View: w.pos, Radius: 128}))
}

func (w *walker) send(in region.Input) {
	w.seq++
	s, err := region.SignInput(crowdWorld, w.key.public, w.seq, in, func(b []byte) []byte { return ed25519.Sign(w.key.private, b) })
	if err != nil {
		panic(err) // what is made here can be encoded
	}
	var e base.Encoder
	s.AppendTo(&e)
	w.pipe.put(wire.Append(nil, &wire.Input{Signed: e.B}))
}

func (w *walker) want() {
	switch n := w.r.IntN(100); {
	case n < 2:
		w.send(region.Input{Kind: region.InSay, Text: "It is crowded here today."})
	case n < 5:
		w.send(region.Input{Kind: region.InThrow, Vel: spatial.Vec{X: float32(w.r.IntN(9)) - 4, Y: 4, Z: float32(w.r.IntN(9)) - 4}})
	case n < 8:
		w.send(region.Input{Kind: region.InJump})
	case n < 30:
		w.pipe.put(wire.Append(nil, &wire.View{Pos: w.pos, Radius: 128}))
	default:
		at := func(k int) float64 { return max(-w.c.o.Side/2, min(w.c.o.Side/2, w.home[k]+(w.r.Float64()-0.5)*30)) }
		x, z := at(0), at(1)
		w.pos = spatial.At(x, 0, z)
		w.send(region.Input{Kind: region.InWalk, Pos: w.pos})
	}
}

// pipe is a stream in memory: what the server writes is counted and gone.
type pipe struct {
	mu    sync.Mutex
	more  *sync.Cond
	in    []byte
	ended bool
	got   atomic.Uint64
}

func newPipe() *pipe {
	p := &pipe{}
	p.more = sync.NewCond(&p.mu)
	return p
}

func (p *pipe) put(b []byte) {
	p.mu.Lock()
	p.in = append(p.in, b...)
	p.mu.Unlock()
	p.more.Signal()
}

var errEnded = errors.New("stream has ended")

func (p *pipe) Read(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.in) == 0 {
		if p.ended {
			return 0, errEnded
		}
		p.more.Wait()
	}
	n := copy(b, p.in)
	p.in = p.in[n:]
	return n, nil
}

func (p *pipe) Write(b []byte) (int, error) {
	p.got.Add(uint64(len(b)))
	return len(b), nil
}

func (p *pipe) Close() error {
	p.mu.Lock()
	p.ended = true
	p.mu.Unlock()
	p.more.Broadcast()
	return nil
}
