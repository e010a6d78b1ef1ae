package raynet

import (
	"crypto/sha256"
	"flag"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/internal/sim"
	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

var nodes = flag.Int("nodes", 200, "nodes of TestColdStartThenSuddenLoss")

// TestColdStartThenSuddenLoss is the main promise: nodes that each know
// three random keys form the overlay, and form it again after three in ten
// vanish at once without a word.
func TestColdStartThenSuddenLoss(t *testing.T) {
	if testing.Short() {
		t.Skip("too many node-seconds for the race detector; smaller worlds run there")
	}
	w := newWorld(t, 1, *nodes, goodLink, uniform)
	w.coldStart(3)
	w.run(15)
	if sa := w.solid(150); sa < 0.99 {
		t.Errorf("solid angle %.4f after 15 s", sa)
	} else {
		t.Logf("15 s after a cold start: solid angle %.4f, %.2f kB/s per node", sa, w.rate(15))
	}
	ok, hops := w.routing(200)
	t.Logf("routing %.4f in %.2f hops", ok, hops)
	if ok < 0.99 {
		t.Errorf("routing %.4f after a cold start", ok)
	}
	if c := w.components(); c != 1 {
		t.Errorf("%d components", c)
	}
	if c := w.fixpoint(); c > 0.5 {
		t.Errorf("%.2f members change in a selection of what is known already", c)
	} else {
		t.Logf("%.3f members change in a selection of what is known already", c)
	}
	for i, n := range w.nodes {
		if !n.Joined() {
			t.Errorf("node %d has not joined", i)
		}
		if n.n.RoutesLost > 0 || n.n.Malformed > 0 || n.n.BadSignature > 0 || n.n.Conflict > 0 || n.n.WrongKey > 0 {
			t.Errorf("node %d among honest ones counts %+v", i, n.n)
		}
	}

	for i := range w.nodes {
		if w.q.Rand().Float64() < 0.3 {
			w.net.Crash(i)
		}
	}
	t.Logf("at once after losing %d: solid angle %.4f", *nodes-len(w.alive()), w.solid(150))
	w.run(8)
	t.Logf("8 s later: solid angle %.4f", w.solid(150))
	ok, _ = w.routing(200)
	sa := w.solid(150)
	t.Logf("then: routing %.4f, 12 s later solid angle %.4f", ok, sa)
	if ok < 0.98 || sa < 0.99 {
		t.Errorf("routing %.4f, solid angle %.4f after 30 %% sudden loss", ok, sa)
	}
	if dead, all := w.deadListed(); dead*50 > all {
		t.Errorf("%d of %d near places are held by the dead", dead, all)
	}
	if w.doubled > 0 {
		t.Errorf("%d payloads were delivered twice", w.doubled)
	}
}

// rate is kB sent per node and second over the whole run.
func (w *world) rate(seconds float64) float64 {
	return float64(w.net.Stats().Bytes) / float64(len(w.nodes)) / seconds / 1000
}

// A bad link costs time, not the overlay.
func TestColdStartOnALossyLink(t *testing.T) {
	w := newWorld(t, 2, 100, sim.Link{Latency: 50 * millisecond, Jitter: 150 * millisecond, Loss: 0.05, Duplicate: 0.02}, uniform)
	w.coldStart(3)
	w.run(20)
	ok, _ := w.routing(100)
	sa, deaths := w.solid(100), w.total(func(c Counters) uint64 { return c.Deaths })
	t.Logf("5 %% loss, reordering: solid angle %.4f, routing %.4f, %d false deaths", sa, ok, deaths)
	if sa < 0.98 || ok < 0.97 {
		t.Errorf("solid angle %.4f, routing %.4f", sa, ok)
	}
}

// A hot spot: 60 of 100 nodes on one square metre, three exactly on one spot.
func TestCrowd(t *testing.T) {
	w := newWorld(t, 3, 100, goodLink, func(i int, rng *base.Rand) spatial.Pos {
		switch {
		case i < 3:
			return spatial.At(50, 0, 50)
		case i < 60:
			return spatial.At(50+rng.Float64(), 0, 50+rng.Float64())
		}
		return uniform(i, rng)
	})
	w.coldStart(3)
	w.run(20)
	ok, _ := w.routing(100)
	sa := w.solid(100)
	t.Logf("crowd: solid angle %.4f, routing %.4f", sa, ok)
	if sa < 0.97 || ok < 0.97 {
		t.Errorf("solid angle %.4f, routing %.4f", sa, ok)
	}
}

// Rule 8.4: a farewell is noticed at once, and old records do not undo it.
func TestLeaveIsNoticed(t *testing.T) {
	w := newWorld(t, 4, 40, goodLink, uniform)
	w.coldStart(3)
	w.run(10)
	gone := testKey(7)
	old := wire.Entry{Record: w.nodes[7].self.rec}
	listed := func() (k int) {
		for _, i := range w.alive() {
			if p := w.nodes[i].table.byKey(gone); p != nil && p.inNear {
				k++
			}
		}
		return k
	}
	if listed() < 5 {
		t.Fatalf("only %d list node 7", listed())
	}
	w.step(7, Leave{})
	w.run(1)
	if k := listed(); k > 0 {
		t.Errorf("%d nodes list node 7 a second after its farewell", k)
	}
	before := w.nodes[8].Counters()
	w.step(8, Recv{testKey(9), wire.Append(nil, &wire.NearGive{Entries: []wire.Entry{old}})})
	if w.nodes[8].Counters().Stale == before.Stale {
		t.Error("an old record of one who left was taken")
	}
	w.run(9)
	if k := listed(); k > 0 {
		t.Errorf("%d nodes list node 7 ten seconds after its farewell", k)
	}
	if sa := w.solid(40); sa < 0.99 {
		t.Errorf("solid angle %.4f", sa)
	}
	var out Outbox
	w.nodes[7].Step(w.q.Now(), Tick{}, &out)
	if len(out.Effects) > 0 {
		t.Error("one who left still acts")
	}
}

// Rule 7.5: halves that buried each other find each other again.
func TestSplitHeals(t *testing.T) {
	w := newWorld(t, 5, 60, goodLink, uniform)
	w.coldStart(3)
	w.run(10)
	w.net.Split(func(i int) int { return i % 2 })
	w.run(40)
	for _, n := range w.nodes {
		for _, p := range n.near {
			if w.index[p.key()]%2 != w.index[n.id]%2 {
				t.Fatal("a node lists one it cannot reach after 40 s")
			}
		}
	}
	split := w.solid(60)
	if split > 0.8 {
		t.Fatalf("solid angle %.4f of the whole world while it is split: the test tests nothing", split)
	}
	w.net.Heal()
	w.run(15)
	healed := w.solid(60)
	ok, _ := w.routing(60)
	t.Logf("split: solid angle %.4f; 15 s after healing %.4f, routing %.4f", split, healed, ok)
	if ok < 0.98 || healed < 0.98 {
		t.Errorf("routing %.4f, solid angle %.4f", ok, healed)
	}
}

// Walkers at 1.4 m/s keep their neighbours; one that jumps finds new ones.
func TestWalkersAndATeleport(t *testing.T) {
	w := newWorld(t, 6, 60, goodLink, uniform)
	w.coldStart(3)
	w.run(8)
	for i := range w.nodes {
		vel := spatial.Vec{X: float32(w.q.Rand().Float64()*2 - 1), Z: float32(w.q.Rand().Float64()*2 - 1)}
		var walk func()
		walk = func() {
			n := w.nodes[i]
			pos := n.self.posed.Add(spatial.Vec{X: vel.X / 10, Z: vel.Z / 10})
			if n.clamp(pos) != pos {
				vel = spatial.Vec{X: -vel.X, Z: -vel.Z}
			}
			w.step(i, SetPose{Pos: pos, Vel: vel})
			w.q.After(100*millisecond, walk)
		}
		w.q.After(int64(i)*millisecond, walk)
	}
	w.run(15)
	sa := w.solid(60)
	worst := int64(0)
	for _, n := range w.nodes {
		for _, info := range n.Near() {
			real := w.nodes[w.index[info.Key]].self.pos
			if info.Rays > 0 && info.AgeNs < 3*second/2 { // its moves come: it is no newcomer
				worst = max(worst, int64(real.Dist2(info.Pos)))
			}
		}
	}
	t.Logf("walking: solid angle %.4f, worst position error² %.3f m²", sa, float64(worst)/spatial.Unit/spatial.Unit)
	if sa < 0.98 || worst > spatial.Unit*spatial.Unit {
		t.Errorf("solid angle %.4f, worst error² %d units²", sa, worst)
	}
	jumps := w.nodes[0]
	w.step(0, SetPose{Pos: spatial.At(100-float64(jumps.self.pos.X)/spatial.Unit, 99, 99)})
	if before := w.solidOf(0); before > 0.5 {
		t.Fatalf("solid angle %.4f at once after a jump: the test tests nothing", before)
	}
	w.run(2)
	if after := w.solidOf(0); after < 0.95 {
		t.Errorf("solid angle %.4f two seconds after a jump", after)
	} else {
		t.Logf("two seconds after a jump: solid angle %.4f", after)
	}
}

// Rule 7.4: in the end nobody lists the dead.
func TestTheDeadAreForgotten(t *testing.T) {
	w := newWorld(t, 7, 60, goodLink, uniform)
	w.coldStart(3)
	w.run(8)
	for i := range 20 {
		w.net.Crash(i)
	}
	if dead, _ := w.deadListed(); dead < 200 {
		t.Fatalf("only %d near places to lose", dead)
	}
	w.run(6)
	soon, _ := w.deadListed()
	w.run(34)
	dead, all := w.deadListed()
	t.Logf("6 s after losing 20 of 60: %d of %d near places dead; 40 s after: %d", soon, all, dead)
	if dead > 0 {
		t.Errorf("%d near places are held by the dead after 40 s", dead)
	}
	if ok, _ := w.routing(60); ok < 0.99 {
		t.Errorf("routing %.4f", ok)
	}
}

// The same seed gives the same run, byte for byte; another seed another.
func TestSameSeedSameTrace(t *testing.T) {
	run := func(seed uint64) ([32]byte, [32]byte) {
		w := newWorld(t, seed, 40, sim.Link{Latency: 30 * millisecond, Jitter: 50 * millisecond, Loss: 0.02}, uniform)
		w.coldStart(2)
		w.run(8)
		w.net.Crash(3)
		w.step(5, Leave{})
		w.run(7)
		h := base.Encoder{}
		for _, n := range w.nodes {
			sum := n.Hash()
			h.Raw(sum[:])
		}
		return w.q.Trace(), sha256.Sum256(h.B)
	}
	a, sa := run(11)
	b, sb := run(11)
	c, _ := run(12)
	if a != b || sa != sb {
		t.Error("the same seed gave two runs")
	}
	if a == c {
		t.Error("another seed gave the same run")
	}
}
