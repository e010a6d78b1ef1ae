package scripting

import (
	"context"
	"testing"

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
