package raysim

import (
	"os"
	"runtime"
	"runtime/pprof"
	"testing"
	"time"

	"github.com/metatopia/metatopia/raynet"
)

func TestZZMem(t *testing.T) {
	runtime.MemProfileRate = 65536
	p := NewRaynet(raynet.Config{MaxPeers: 58, Marks: 8, Passive: 4}, 1, 0)
	n := 16000
	w, err := NewWorld(WorldConfig{Protocol: p, Nodes: n, Seed: 3, Shards: 1, Link: DefaultLink(), Remembered: 24})
	if err != nil {
		t.Fatal(err)
	}
	for c := 1; c <= 12; c++ {
		a := time.Now()
		m := w.startMeter()
		w.Cycles(1)
		k := m.stop(w)
		if c == 2 || c == 14 {
			runtime.GC()
			runtime.GC()
			g, _ := os.Create("/tmp/heap" + string(rune('0'+c%10)) + ".prof")
			pprof.WriteHeapProfile(g)
			g.Close()
		}
		sum := 0
		for i := int32(0); i < int32(n); i += 10 {
			sum += len(w.Machine(i).(*member).n.Known())
		}
		pl := [4]int{}
		for i := int32(0); i < int32(n); i += 10 {
			m := w.Machine(i).(*member).n
			pl[0] += len(m.Near()); pl[1] += len(m.Long()); pl[2] += len(m.Random())
		}
		t.Log(pl[0]/(n/10), pl[1]/(n/10), pl[2]/(n/10), w.Shape(w.Sample(300)).SolidAngle)
		t.Logf("cycle %d: %.1f s, cpu %.0f us, msgs %.0f bytes %.0f, heap %.0f per node, known %d, queue", c, time.Since(a).Seconds(), k.CPU, k.Messages, k.Bytes, liveHeap()/float64(n), sum/(n/10))
	}
}
