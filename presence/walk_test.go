package presence

import (
	"testing"

	"github.com/metatopia/metatopia/internal/sim"
	"github.com/metatopia/metatopia/presence/wire"
)

// Rule 4: about 30 in each area of interest; all move.
func TestWalkersKnowEachOther(t *testing.T) {
	if testing.Short() {
		t.Skip("too many node-seconds for the race detector; smaller worlds run there")
	}
	for _, c := range []struct {
		name          string
		speed, recall float64
	}{{"walking", 1.4, 0.995}, {"ten times as fast", 14, 0.97}} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, setup{n: 300, seed: 1, aoi: 50, speed: c.speed, box: [3]float64{280, 4, 280}})
			w.run(5 * second)
			m := w.mark()
			j := w.watch(15 * second)
			mean, most := w.bytesOut(m, 10)
			t.Logf("%.1f in each area; recall %.4f; awareness p95 %.2f s of %d; drift %.2f m; age p95 %.2f s; %.0f B/s mean, %.0f most",
				float64(j.pairs)/300/100, j.recall(), j.p95(), len(j.late), j.drift, percentile(j.age, 95), mean, most)
			if j.recall() < c.recall {
				t.Errorf("recall %.4f, want %.3f", j.recall(), c.recall)
			}
			if j.p95() > 1 {
				t.Errorf("awareness p95 %.2f s", j.p95())
			}
			if n := w.events[Distrusted] + w.events[Flooding]; n > 0 {
				t.Errorf("%d honest nodes were judged", n)
			}
			w.check()
		})
	}
}

func (w *world) check() {
	w.t.Helper()
	for i, a := range w.ws {
		if a.gone {
			continue
		}
		if b := broken(a.node); b != "" {
			w.t.Fatalf("node %d: %s", i, b)
		}
		for _, av := range a.node.Seen(nil) {
			if av.ID == wire.ShortOf(a.key) {
				w.t.Fatalf("node %d sees itself", i)
			}
		}
	}
}

var bad = sim.Link{Latency: 50 * millisecond, Jitter: 100 * millisecond, Loss: 0.05, Duplicate: 0.02}

// Messages vanish, come twice and overtake each other.
func TestLossyLink(t *testing.T) {
	w := newWorld(t, setup{n: 100, seed: 5, aoi: 50, speed: 1.4, box: [3]float64{160, 4, 160}, link: &bad})
	w.run(5 * second)
	j := w.watch(15 * second)
	c := w.total()
	t.Logf("recall %.4f; awareness p95 %.2f s of %d; drift %.2f m; %+v", j.recall(), j.p95(), len(j.late), j.drift, c)
	if j.recall() < 0.99 || j.p95() > 1 {
		t.Errorf("recall %.4f, awareness p95 %.2f s", j.recall(), j.p95())
	}
	if c.Malformed > 0 || c.Stale == 0 {
		t.Errorf("%d malformed, %d stale: the link should reorder", c.Malformed, c.Stale)
	}
	w.check()
}

// Rule 3.6: who is silent is gone after seven seconds, and the living are
// known as before.
func TestCrashedAreForgotten(t *testing.T) {
	w := newWorld(t, setup{n: 100, seed: 6, aoi: 50, speed: 1.4, box: [3]float64{160, 4, 160}})
	w.run(5 * second)
	for i := range 20 {
		w.ws[i].gone = true
	}
	count := func() (n int) {
		for _, a := range w.ws[20:] {
			for _, b := range w.ws[:20] {
				if av, ok := a.node.Lookup(b.key); ok && av.Inside {
					n++
				}
			}
		}
		return n
	}
	before := count()
	j := w.watch(13 * second)
	if after := count(); before == 0 || after != 0 {
		t.Errorf("%d of the dead were known, %d still are", before, after)
	}
	if j.recall() < 0.995 {
		t.Errorf("recall of the living %.4f", j.recall())
	}
	if w.events[Distrusted] > 0 {
		t.Errorf("%d honest nodes were judged for naming the dead", w.events[Distrusted])
	}
	w.check()
}

// Rule 4.6: a liar names avatars that do not exist, and real ones where they
// are not. Nobody believes it, and it is not listened to for long.
func TestLiarsInNotices(t *testing.T) {
	w := newWorld(t, setup{n: 100, seed: 7, aoi: 50, speed: 1.4, box: [3]float64{160, 4, 160}})
	made := uint32(1000)
	for i := range 5 {
		w.ws[i].lies = func(a *walker, out *Outbox) {
			for k := range out.Sends {
				s := &out.Sends[k]
				if s.Msg.Type() != wire.TypePose {
					continue
				}
				// In place of every pose that is not a full one's beat it
				// sends lies: two ghosts next to the victim, and a real
				// avatar from across the world.
				b := a.node.me.last.Body
				var es []wire.Entry
				for range 2 {
					made++
					g := b
					g.Pos.X += 1024
					es = append(es, wire.Entry{Key: key(int(made)), Body: g})
				}
				es = append(es, wire.Entry{Key: w.ws[50+int(made)%50].key, Body: b})
				out.Sends = append(out.Sends, Send{s.To, Reliable, &wire.Notice{Entries: es}})
			}
		}
	}
	w.run(3 * second)
	j := w.watch(13 * second)
	for i, a := range w.ws {
		for _, av := range a.node.Seen(nil) {
			if w.byKey[av.Key] == 0 && av.Key != w.ws[0].key {
				t.Fatalf("node %d sees somebody a liar has made up", i)
			}
		}
	}
	c := w.total()
	t.Logf("recall %.4f; %d lies; %d hints good, %d bad; %d distrusted", j.recall(), made-1000, c.HintsGood, c.HintsBad, w.events[Distrusted])
	if j.recall() < 0.99 {
		t.Errorf("recall %.4f", j.recall())
	}
	if w.events[Distrusted] < 50 || c.HintsBad > 8000 {
		t.Errorf("%d times a liar was found out, after %d questions", w.events[Distrusted], c.HintsBad)
	}
	w.check()
}

// The same seed gives the same run, byte for byte.
func TestDeterminism(t *testing.T) {
	run := func(seed uint64) (trace [32]byte, hashes [][32]byte) {
		w := newWorld(t, setup{n: 60, seed: seed, aoi: 50, speed: 3, box: [3]float64{120, 4, 120}, link: &bad})
		w.run(6 * second)
		for _, a := range w.ws {
			hashes = append(hashes, a.node.Hash())
		}
		return w.q.Trace(), hashes
	}
	a, ha := run(9)
	b, hb := run(9)
	c, _ := run(10)
	if a != b || a == c {
		t.Errorf("traces %x, %x, and of another seed %x", a[:4], b[:4], c[:4])
	}
	for i := range ha {
		if ha[i] != hb[i] {
			t.Fatalf("node %d has two states", i)
		}
	}
}
