package scripting

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/metatopia/metatopia/scripting/internal/asm"
)

// tinyGuest has a page of memory and does nothing.
func tinyGuest() []byte {
	var m asm.Module
	m.Memory(1, 1)
	f := m.Func(nil, nil, nil)
	m.Export("handle", asm.Func, f)
	m.Export("run", asm.Func, f)
	return m.Bytes()
}

// BenchmarkHandle is an event of a handler.
func BenchmarkHandle(b *testing.B) {
	for name, wasm := range map[string][]byte{"tiny": tinyGuest(), "count": countGuest(), "lamp": shipped(b, "lamp")} {
		b.Run(name, func(b *testing.B) {
			e := newEngine(b)
			m := admitGuest(b, e, wasm)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.Handle(m, touched, one, 7, 1e6); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkStart is the start of a process's guest with the call of an export
// that does nothing: an instance that waited for work ("again"), one made for
// it ("new", all of them alive), and one whose start is run ("ordinary").
func BenchmarkStart(b *testing.B) {
	for name, wasm := range map[string][]byte{"tiny": tinyGuest(), "resident": shipped(b, "resident"), "greeter": shipped(b, "greeter")} {
		e := newEngine(b)
		m := admitGuest(b, e, wasm)
		table := NewProcesses(ProcessesConfig{Engine: e})
		begin := func(b *testing.B, img *Image) *guest {
			g := &guest{Context: context.Background(), p: &actor{table: table, tree: &tree{}}, spent: (*guest).slice}
			if err := g.start(e, m, img, nil, DefaultMemory, 1<<40); err != nil {
				b.Fatal(err)
			}
			return g
		}
		again := func(b *testing.B, img *Image) {
			b.ReportAllocs()
			for b.Loop() {
				begin(b, img).stop()
			}
		}
		b.Run(name+"/again", func(b *testing.B) {
			if e.forProcesses(m) == nil {
				b.Skip("no image")
			}
			again(b, e.forProcesses(m))
		})
		b.Run(name+"/ordinary", func(b *testing.B) { again(b, nil) })
		b.Run(name+"/new", func(b *testing.B) {
			if e.forProcesses(m) == nil {
				b.Skip("no image")
			}
			b.ReportAllocs()
			var all []*guest
			for b.Loop() {
				all = append(all, begin(b, e.forProcesses(m)))
				if len(all) == 1000 {
					b.StopTimer()
					for _, g := range all {
						g.in.close()
						g.in = nil
						m.release()
					}
					all = all[:0]
					b.StartTimer()
				}
			}
			for _, g := range all {
				g.stop()
			}
		})
	}
}

// BenchmarkMany is many guests alive at once, each after a first call: time to
// make one and what it keeps. "-benchtime 1x" is enough.
func BenchmarkMany(b *testing.B) {
	for _, c := range []struct {
		name string
		n    int
	}{{"tiny", 50_000}, {"resident", 10_000}, {"greeter", 1000}} {
		b.Run(c.name, func(b *testing.B) {
			wasm := tinyGuest()
			if c.name != "tiny" {
				wasm = shipped(b, c.name)
			}
			e, err := NewEngine(EngineConfig{Memory: 1 << 40})
			if err != nil {
				b.Fatal(err)
			}
			defer e.Close()
			m := admitGuest(b, e, wasm)
			table := NewProcesses(ProcessesConfig{Engine: e})
			img := e.forProcesses(m)
			for b.Loop() {
				all := make([]guest, c.n)
				debug.FreeOSMemory()
				rss, heap := resident(b), heapInUse()
				began := time.Now()
				for i := range all {
					g := &all[i]
					g.Context, g.p, g.spent = context.Background(), &actor{table: table, tree: &tree{}}, (*guest).slice
					if err := g.start(e, m, img, nil, DefaultMemory, 1<<40); err != nil {
						b.Fatal(err)
					}
				}
				took := time.Since(began)
				debug.FreeOSMemory()
				n := float64(c.n)
				b.ReportMetric(float64(took.Nanoseconds())/n, "ns/guest")
				b.ReportMetric(float64(resident(b)-rss)/n, "B-resident/guest")
				b.ReportMetric(float64(heapInUse()-heap)/n, "B-heap/guest")
				began = time.Now()
				for i := range all {
					all[i].stop()
				}
				b.ReportMetric(float64(time.Since(began).Nanoseconds())/n, "ns/stop")
				e.dropIdle()
			}
		})
	}
}

func heapInUse() int64 {
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return int64(s.HeapAlloc)
}

// resident is what the program has in memory of its own, in bytes, with the page
// tables; pages of images are shared.
func resident(b *testing.B) int64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Skip(err)
	}
	sum := int64(0)
	for line := range strings.Lines(string(text)) {
		name, rest, _ := strings.Cut(line, ":")
		if name == "RssAnon" || name == "VmPTE" {
			kb, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			sum += kb << 10
		}
	}
	return sum
}
