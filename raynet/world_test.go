package raynet

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/internal/sim"
	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

// fakeEnv signs with a hash: a run of hundreds of nodes would spend most of
// its time in Ed25519. It is as strict as the real one for honest nodes and
// for the forgeries the tests make. sign_test.go runs with real signatures.
type fakeEnv struct{ scratch Scratch }

func (*fakeEnv) Sign(k base.Key, msg []byte) (sig [64]byte) {
	h := sha256.New()
	h.Write(k[:])
	h.Write(msg)
	h.Sum(sig[:0])
	return sig
}

func (e *fakeEnv) Verify(k base.Key, msg, sig []byte) bool {
	want := e.Sign(k, msg)
	return bytes.Equal(want[:], sig)
}

func (e *fakeEnv) Scratch() *Scratch { return &e.scratch }

// complete is a config that must be right.
func complete(t testing.TB, cfg Config) *Config {
	t.Helper()
	c, err := cfg.Complete()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func testKey(i int) base.Key { return base.Key(sha256.Sum256(fmt.Appendf(nil, "node %d", i))) }

// world runs many nodes on one simulated network and checks invariants.
type world struct {
	t     testing.TB
	q     *sim.Queue
	net   *sim.Net
	nodes []*Node
	index map[base.Key]int
	wakes []int64
	out   Outbox
	cfg   *Config

	delivered map[string]int // payload -> node that delivered it
	onDeliver func(i int, e Deliver)
	doubled   int
	found     map[uint64]Found
	joinedAt  []int64
	noted     func(i int, e Event)
	// twist changes what a node says to a node because of an input; nil is
	// silence.
	twist   func(i, to int, cause Input, m wire.Message) wire.Message
	sent    func(wire.Message)   // told of every message; nil for nobody
	stamps  []map[base.Key]held  // the newest record each node has held of each
	refused []map[base.Key]int64 // when a holder of a lease was first seen not to list its giver
	moving  bool
	bests   map[seenKey][wire.MaxTTL + 1]uint64 // of each route by TTL; 0 is none
}

var goodLink = sim.Link{Latency: 20 * millisecond, Jitter: 30 * millisecond, Ordered: true}

func newWorld(t testing.TB, seed uint64, n int, link sim.Link, place func(i int, rng *base.Rand) spatial.Pos) *world {
	w := &world{t: t, q: sim.New(seed), index: map[base.Key]int{}, wakes: make([]int64, n),
		delivered: map[string]int{}, found: map[uint64]Found{}, joinedAt: make([]int64, n),
		bests: map[seenKey][wire.MaxTTL + 1]uint64{}}
	w.net = sim.NewNet(w.q, n, link)
	w.cfg = complete(t, Config{Min: testBox.Min, Max: testBox.Max})
	env := &fakeEnv{}
	for i := range n {
		key := testKey(i)
		start := Start{Epoch: 1, Pos: place(i, w.q.Rand()), Seed: w.q.Rand().Uint64()}
		node, err := New(w.cfg, key, start, env)
		if err != nil {
			t.Fatal(err)
		}
		w.nodes = append(w.nodes, node)
		w.stamps = append(w.stamps, map[base.Key]held{})
		w.refused = append(w.refused, map[base.Key]int64{})
		w.index[key] = i
	}
	return w
}

func uniform(_ int, rng *base.Rand) spatial.Pos { return randomPoints(rng, 1, testBox)[0] }

// step gives one input and performs the effects.
func (w *world) step(i int, in Input) {
	if w.net.Down(i) {
		return
	}
	w.out.Reset()
	w.nodes[i].Step(w.q.Now(), in, &w.out)
	w.check(i, in)
	for _, e := range slices.Clone(w.out.Effects) {
		switch e := e.(type) {
		case *Send:
			to, ok := w.index[e.To]
			if !ok {
				continue // a key nobody has
			}
			if w.twist != nil {
				if e.Msg = w.twist(i, to, in, e.Msg); e.Msg == nil {
					continue
				}
			}
			if w.sent != nil {
				w.sent(e.Msg)
			}
			if r, ok := e.Msg.(*wire.Route); ok {
				w.checkHop(r)
			}
			from := w.nodes[i].id
			w.net.Send(i, to, wire.Append(nil, e.Msg), func(b []byte) { w.step(to, Recv{from, b}) })
		case WakeAt:
			w.wakes[i] = e.T
			w.q.At(e.T, func() {
				if w.wakes[i] == e.T {
					w.step(i, Tick{})
				}
			})
		case Deliver:
			if _, twice := w.delivered[string(e.Payload)]; twice {
				w.doubled++
			}
			w.delivered[string(e.Payload)] = i
			if w.onDeliver != nil {
				w.onDeliver(i, e)
			}
		case Found:
			w.found[e.Token] = e
		case Event:
			if w.noted != nil {
				w.noted(i, e)
			}
			if e.Kind == Joined {
				w.joinedAt[i] = w.q.Now()
			}
		}
	}
}

// checkHop asserts rule 6.3: in a world that stands still every hop lowers the
// best distance a route carries. Retries of one hop carry the same.
func (w *world) checkHop(r *wire.Route) {
	if w.moving {
		return
	}
	k := seenKey{r.Origin, r.ID}
	all := w.bests[k]
	for ttl := int(r.TTL) + 1; ttl < len(all); ttl++ {
		if all[ttl] != 0 && all[ttl] <= r.Best {
			w.t.Errorf("a route's best distance went from %d to %d", all[ttl], r.Best)
		}
	}
	all[r.TTL] = r.Best
	w.bests[k] = all
}

// coldStart gives every node k keys of random others within the first second.
func (w *world) coldStart(k int) {
	for i := range w.nodes {
		var keys []base.Key
		for range k {
			keys = append(keys, testKey(w.q.Rand().IntN(len(w.nodes))))
		}
		w.q.At(int64(w.q.Rand().Float64()*float64(second)), func() { w.step(i, Bootstrap{Keys: keys}) })
	}
}

func (w *world) run(seconds float64) {
	w.q.RunUntil(w.q.Now() + int64(seconds*float64(second)))
	w.checkAll()
}

func (w *world) alive() (is []int) {
	for i := range w.nodes {
		if !w.net.Down(i) && !w.nodes[i].left {
			is = append(is, i)
		}
	}
	return is
}

// solidOf is the solid-angle coverage of one node's exact cell by its near
// view: 1 when every face belongs to a member.
func (w *world) solidOf(i int) float64 {
	n := w.nodes[i]
	var pts []spatial.Pos
	var who []int
	for _, j := range w.alive() {
		if j != i {
			pts, who = append(pts, w.nodes[j].self.point), append(who, j)
		}
	}
	seen, all := 0.0, 0.0
	for _, f := range NewCell(n.self.point, n.box, pts, -1).Faces {
		if f.Candidate < 0 {
			continue
		}
		a := solidAngle(f)
		all += a
		if p := n.table.byKey(w.nodes[who[f.Candidate]].id); p != nil && p.inNear {
			seen += a
		}
	}
	if all == 0 {
		return 1
	}
	return seen / all
}

// solid is the mean of solidOf over a sample of living nodes.
func (w *world) solid(sample int) float64 {
	alive := w.alive()
	step := max(len(alive)/sample, 1)
	sum, count := 0.0, 0
	for k := 0; k < len(alive); k += step {
		sum += w.solidOf(alive[k])
		count++
	}
	return sum / float64(count)
}

// deadListed is how many near places are held by dead nodes, and how many
// there are.
func (w *world) deadListed() (dead, all int) {
	for _, i := range w.alive() {
		for _, p := range w.nodes[i].near {
			all++
			if j := w.index[p.key()]; w.net.Down(j) || w.nodes[j].left {
				dead++
			}
		}
	}
	return dead, all
}

// routing sends routes between random living nodes and random places and gives
// the part that reached the node closest to the place.
func (w *world) routing(count int) (success, hops float64) {
	alive := w.alive()
	want := map[string]int{}
	before := w.hops()
	for k := range count {
		target := uniform(0, w.q.Rand())
		best, bd := -1, uint64(math.MaxUint64)
		for _, i := range alive {
			if d := target.Dist2(w.nodes[i].self.point); d < bd {
				best, bd = i, d
			}
		}
		name := fmt.Sprintf("route %d at %d", k, w.q.Now())
		want[name] = best
		from := alive[w.q.Rand().IntN(len(alive))]
		w.q.After(int64(k)*10*millisecond, func() { w.step(from, Route{Target: target, Payload: []byte(name)}) })
	}
	w.run(float64(count)*0.01 + 10)
	ok := 0
	for name, i := range want {
		if got, there := w.delivered[name]; there && got == i {
			ok++
		}
	}
	return float64(ok) / float64(count), float64(w.hops()-before) / float64(count)
}

func (w *world) hops() (h uint64) {
	for _, n := range w.nodes {
		h += n.n.RoutesIn
	}
	return h
}

func (w *world) total(f func(Counters) uint64) (sum uint64) {
	for _, n := range w.nodes {
		sum += f(n.n)
	}
	return sum
}
