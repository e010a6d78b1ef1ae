package raysim

import (
	"github.com/metatopia/metatopia/raynet"
	"os"
	"runtime"
	"runtime/pprof"
	"testing"
)

func TestZZProf(t *testing.T) {
	if os.Getenv("MEM") != "" {
		runtime.MemProfileRate = 4096
	}
	p := NewRaynet(zzcfg(), 1, 0)
	w, err := NewWorld(WorldConfig{Protocol: p, Nodes: 2000, Seed: 3, Shards: 1, Link: DefaultLink()})
	if err != nil {
		t.Fatal(err)
	}
	w.Cycles(60)
	f, _ := os.Create("/tmp/cpu.prof")
	defer f.Close()
	if os.Getenv("CPU") != "" {
		pprof.StartCPUProfile(f)
	}
	cnt := func() (c raynet.Counters) {
		for i := int32(0); i < 2000; i++ {
			k := w.Machine(i).(*member).n.Counters()
			c.Selections += k.Selections
			c.Verified += k.Verified
			c.Signed += k.Signed
			c.Finds += k.Finds
			c.NearChanges += k.NearChanges
		}
		return
	}
	s0 := cnt()
	m := w.startMeter()
	w.Cycles(30)
	c := m.stop(w)
	pprof.StopCPUProfile()
	s1 := cnt()
	t.Logf("selections %.2f verified %.2f signed %.2f finds %.3f changes %.3f", float64(s1.Selections-s0.Selections)/60000, float64(s1.Verified-s0.Verified)/60000, float64(s1.Signed-s0.Signed)/60000, float64(s1.Finds-s0.Finds)/60000, float64(s1.NearChanges-s0.NearChanges)/60000)
	t.Logf("cpu %.1f us bytes %.0f msgs %.1f", c.CPU, c.Bytes, c.Messages)
	runtime.GC()
	runtime.GC()
	g, _ := os.Create("/tmp/heap.prof")
	defer g.Close()
	pprof.WriteHeapProfile(g)
	s := 0
	for i := int32(0); i < 2000; i++ {
		s += len(w.Machine(i).(*member).n.Known())
	}
	t.Logf("known %d heap %.0f", s/2000, liveHeap()/2000)
}
func zzcfg() (c raynet.Config) {
	if os.Getenv("SLOW") != "" {
		c.Beat = 1500e6
		c.SuspectAfter = 2500e6
		c.Lease = 20e9
	}
	return
}
