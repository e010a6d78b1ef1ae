package overlay

import (
	"flag"
	"fmt"
	"math"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/raynet"
	"github.com/metatopia/metatopia/spatial"
)

var (
	realNodes   = flag.Int("nodes", 40, "nodes of TestRealNodes")
	realSeconds = flag.Int("seconds", 20, "simulated seconds of TestRealNodes")
	realLoss    = flag.Float64("loss", 0.01, "share of the datagrams that TestRealNodes loses")
)

// cpu is the processor time that this process has used: in a bubble no other
// clock tells the truth.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Real libp2p nodes (QUIC, TLS, Ed25519) in one simulated network reach the
// same solid-angle coverage as the same nodes in the simulator, within 1 %, and
// their routes end at the closest node. One datagram in a hundred is lost.
func TestRealNodes(t *testing.T) {
	n, seconds := *realNodes, *realSeconds
	tw := newTwin(t, n)
	tw.run(seconds)
	want := tw.coverage(n)
	synctest.Test(t, func(t *testing.T) {
		w := newLossyTown(t, *realLoss)
		defer w.close()
		for i := range n {
			w.add(i)
		}
		for _, r := range w.list {
			r.start()
			for _, j := range doors(r.i, n) {
				r.knows(w.list[j])
			}
		}
		time.Sleep(time.Duration(seconds/2) * time.Second)
		half, began := w.udp.Stats(), time.Now()
		time.Sleep(time.Duration(seconds)*time.Second - time.Duration(seconds/2)*time.Second)
		synctest.Wait()
		got := w.coverage(n)
		all := w.udp.Stats()
		wire := float64(all.Bytes-half.Bytes) / time.Since(began).Seconds() / float64(n)
		right, sent := w.routing(200)
		sum := w.sum()
		t.Logf("%d nodes after %d s, %g of the datagrams lost: solid angle %.4f, in the simulator %.4f; routes %d of %d; %.1f connections a node; "+
			"%.0f B/s of UDP payload a node in the second half; %v CPU in all", n, seconds, *realLoss, got, want, right, sent,
			float64(sum["raynet_peers_up"])/float64(n), wire, cpu().Round(time.Second))
		if math.Abs(got-want) > 0.01 {
			t.Errorf("solid angle %.4f, in the simulator %.4f", got, want)
		}
		if float64(right) < 0.99*float64(sent) {
			t.Errorf("%d of %d routes reached the closest node", right, sent)
		}
		lost := 0
		for i, r := range w.list {
			if i%10 < 3 {
				r.vanish()
				lost++
			}
		}
		time.Sleep(8 * time.Second)
		synctest.Wait()
		after := w.coverage(n)
		afterRight, sent := w.routing(200)
		tw.run(20) // the routes above
		for i := range n {
			if i%10 < 3 {
				tw.net.Crash(i)
			}
		}
		tw.run(8)
		t.Logf("%d of them vanish; 8 s later: solid angle %.4f, in the simulator %.4f; routes %d of %d", lost, after, tw.coverage(n), afterRight, sent)
		if after < 0.98 || float64(afterRight) < 0.98*float64(sent) {
			t.Errorf("the loss of %d nodes is not healed: %.4f, %d routes", lost, after, afterRight)
		}
		sum = w.sum()
		for _, k := range []string{"raynet_refused", "raynet_foreign", "raynet_banned", "raynet_inbox_dropped",
			"raynet_near_limited", "raynet_rps_limited", "raynet_find_limited", "raynet_route_limited"} {
			if sum[k] > 0 {
				t.Errorf("%s is %d among honest nodes", k, sum[k])
			}
		}
	})
}

// sum adds up the counters of all nodes.
func (t *town) sum() map[string]uint64 {
	m := map[string]uint64{}
	for _, r := range t.list {
		if r.o == nil {
			continue
		}
		one := map[string]uint64{}
		r.o.Stats(one)
		for k, v := range one { //lint:sorted sums
			m[k] += v
		}
	}
	return m
}

// routing sends payloads from many nodes to random places and counts those
// that the closest living node, and no other, delivered.
func (t *town) routing(count int) (right, sent int) {
	rng := base.NewRand(5, 79)
	var alive []*resident
	for _, r := range t.list {
		if r.o != nil {
			alive = append(alive, r)
		}
	}
	want := map[string]*resident{}
	for k := range count {
		at := func(lo, hi int64) int64 { return lo + int64(rng.Float64()*float64(hi-lo)) }
		target := spatial.Pos{X: at(testBox.Min.X, testBox.Max.X), Y: at(testBox.Min.Y, testBox.Max.Y), Z: at(testBox.Min.Z, testBox.Max.Z)}
		best := alive[0]
		for _, r := range alive {
			if target.Dist2(r.pos) < target.Dist2(best.pos) {
				best = r
			}
		}
		name := fmt.Sprintf("payload %d at %v", k, time.Now())
		want[name] = best
		alive[rng.IntN(len(alive))].o.give(raynet.Route{Target: target, Payload: []byte(name)})
		time.Sleep(10 * time.Millisecond)
	}
	time.Sleep(8 * time.Second)
	for _, r := range alive {
		r.mu.Lock()
		for _, name := range r.got {
			if want[name] == r {
				right++
			}
		}
		r.got = nil
		r.mu.Unlock()
	}
	return right, count
}
