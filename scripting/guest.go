package scripting

import (
	"context"
	"fmt"
	"unicode/utf8"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/metatopia/metatopia/scripting/admit"
)

// guest is one instance being run, and the context of the calls into it, so
// that host functions find it without a look-up. It belongs to one goroutine.
type guest struct {
	context.Context
	mod    api.Module
	gas    api.MutableGlobal
	memory bool
	// spent is called when the gas counter is below zero: it refills it or
	// panics with the fault.
	spent func(g *guest)

	h *handling // exactly one of the three is set
	p *process
	l *loading
}

// zeros is the engine's random source for instances: guests get theirs from
// mt:random@1, and the engine's own default costs 15 us to seed.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

var moduleConfig = wazero.NewModuleConfig().WithName("").WithStartFunctions().WithRandSource(zeros{})

// start instantiates a module, gives it the budget as gas and runs its
// _initialize.
func (g *guest) start(e *Engine, m *Module, mem *allocator, budget int64) error {
	c, err := m.acquire()
	if err != nil {
		return err
	}
	g.memory = m.res.Memory
	mod, err := e.runtime.InstantiateModule(experimental.WithMemoryAllocator(g.Context, mem), c, moduleConfig)
	if err != nil {
		m.release()
		return fault(err)
	}
	g.mod = mod
	g.gas = mod.ExportedGlobal(admit.GasGlobal).(api.MutableGlobal)
	g.gas.Set(uint64(budget))
	if g.h != nil {
		mod.ExportedGlobal(admit.DepthGlobal).(api.MutableGlobal).Set(handlerDepth)
	}
	return g.call(exportInit)
}

// stop frees the instance. Only after start gave no error or left mod set.
func (g *guest) stop(m *Module) {
	if g.mod == nil {
		return
	}
	g.mod.Close(context.Background())
	g.mod = nil
	m.release()
}

// call runs an export without parameters, nothing when it is missing.
func (g *guest) call(name string) error {
	f := g.mod.ExportedFunction(name)
	if f == nil {
		return nil
	}
	return fault(f.CallWithStack(g, nil))
}

func (g *guest) left() int64 { return int64(g.gas.Get()) }

// charge takes gas for what a host call does.
func (g *guest) charge(n int64) {
	left := g.left() - n
	g.gas.Set(uint64(left))
	if left < 0 {
		g.spent(g)
	}
}

// view gives the guest's bytes, not copied: only until it runs again.
func (g *guest) view(ptr, n uint32) []byte {
	if !g.memory {
		trapf("no memory")
	}
	b, ok := g.mod.Memory().Read(ptr, n)
	if !ok {
		trapf("pointer out of range")
	}
	g.charge(int64(n >> gasPerBytesShift))
	return b
}

// text reads a string of at most limit bytes; false when it is longer or not
// UTF-8. A pointer out of range is a trap.
func (g *guest) text(ptr, n uint64, limit int) (string, bool) {
	b := g.view(uint32(ptr), uint32(n))
	if len(b) > limit || !utf8.Valid(b) {
		return "", false
	}
	return string(b), true
}

// give copies s into the guest's buffer, cut to its size, and returns the
// whole length: a result above cap tells the guest to ask again with more.
func (g *guest) give(ptr, size uint64, s string) int32 {
	dst := g.view(uint32(ptr), uint32(size))
	copy(dst, s)
	return int32(len(s))
}

// meterSpent is the meter import.
func meterSpent(g *guest, stack []uint64) {
	if uint32(stack[0]) == admit.SpentDepth {
		panic(fmt.Errorf("%w", ErrTooDeep))
	}
	g.spent(g)
}
