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

	"github.com/metatopia/metatopia/scripting/admit"
	guests "github.com/metatopia/metatopia/scripting/guest"
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
	b.Run("lua", func(b *testing.B) {
		e := newEngine(b)
		img := luaScript(b, e, "bench.lua", "function on_touch() end")
		b.ReportAllocs()
		for b.Loop() {
			if _, err := e.HandleImage(img, touched, one, 7, 1e6); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// benchGuest admits a guest by name and gives what its processes start from.
func benchGuest(b *testing.B, e *Engine, name string) (*Module, *Image) {
	switch name {
	case "tiny":
		m := admitGuest(b, e, tinyGuest())
		return m, e.forProcesses(m)
	case "lua":
		m := admitGuest(b, e, shipped(b, guests.LuaProcess))
		img, err := e.ProcessImage(m, []byte("bench.lua\nlocal n = 0"), luaGas)
		if err != nil {
			b.Fatal(err)
		}
		return m, img
	}
	m := admitGuest(b, e, shipped(b, name))
	return m, e.forProcesses(m)
}

// starting is the guest of a process, up to where its export can be called. The
// _thaw of Lua is left out: it asks for what only a whole process has.
func starting(b *testing.B, e *Engine, table *Processes, m *Module, img *Image, thaw bool) *guest {
	g := &guest{Context: context.Background(), p: &actor{table: table, tree: &tree{}}, spent: (*guest).slice}
	var err error
	if thaw {
		err = g.start(e, m, img, nil, DefaultMemory, 1<<40)
	} else {
		err = g.begin(e, m, img, nil, DefaultMemory, admit.Depth, false)
	}
	if err != nil {
		b.Fatal(err)
	}
	return g
}

// BenchmarkStart is the start of a process's guest and its end: from an image
// in an instance that waited for work ("again"), and with its start run
// ("ordinary"). For new instances see BenchmarkMany.
func BenchmarkStart(b *testing.B) {
	for _, name := range []string{"tiny", "resident", "lua", "greeter"} {
		e := newEngine(b)
		m, img := benchGuest(b, e, name)
		table := NewProcesses(ProcessesConfig{Engine: e})
		b.Run(name+"/again", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				starting(b, e, table, m, img, name != "lua").stop()
			}
		})
		if name == "lua" {
			continue
		}
		b.Run(name+"/ordinary", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				starting(b, e, table, m, nil, true).stop()
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
	}{{"tiny", 50_000}, {"resident", 10_000}, {"lua", 10_000}, {"greeter", 1000}} {
		b.Run(c.name, func(b *testing.B) {
			e, err := NewEngine(EngineConfig{Memory: 1 << 40})
			if err != nil {
				b.Fatal(err)
			}
			defer e.Close()
			m, img := benchGuest(b, e, c.name)
			table := NewProcesses(ProcessesConfig{Engine: e})
			for b.Loop() {
				all := make([]*guest, c.n)
				debug.FreeOSMemory()
				rss, heap := resident(b), heapInUse()
				began := time.Now()
				for i := range all {
					all[i] = starting(b, e, table, m, img, c.name != "lua")
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
