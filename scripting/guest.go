package scripting

import (
	"context"
	"fmt"
	"unicode/utf8"

	"github.com/tetratelabs/wazero/api"

	"github.com/metatopia/metatopia/scripting/admit"
)

// guest is one instance being run, and the context of the calls into it, so
// that host functions find it without a look-up. It belongs to one goroutine.
type guest struct {
	context.Context
	mod    api.Module
	gas    api.MutableGlobal
	in     *instance
	memory bool
	// faulted: a call did not return, so its stack is not used again.
	faulted bool

	p *actor // exactly one of the four is set
	h *handling
	l *loading
	i *making
	// spent is called when the gas counter is below zero: it refills it or
	// panics with the fault.
	spent func(g *guest)
	tries int // calls of try that are open

	called []*guest // instances of libraries
}

// begin makes the guest an instance with the contents of the image. Nothing
// has run in it and it has no gas.
func (g *guest) begin(e *Engine, m *Module, img *Image, room room, limit, depth uint64, must bool) error {
	c, err := m.acquire()
	if err != nil {
		return err
	}
	if m.plain == nil {
		err = m.noData
	} else if img.size > limit {
		err = fmt.Errorf("%w: it starts with %d bytes of memory, %d are allowed", ErrTooLarge, img.size, limit)
	} else if room != nil && !room.resize(img.size) {
		err = fmt.Errorf("%w: it starts with %d bytes of memory", ErrFull, img.size)
	} else {
		g.in, err = e.obtain(m, c, img, limit, must)
	}
	if err != nil {
		m.release()
		return err
	}
	g.mod, g.gas, g.memory = g.in.mod, g.in.gas, m.res.Memory
	g.in.room = room
	g.in.depth.Set(depth)
	return nil
}

// start makes the guest an instance, with the budget as gas, and brings it to
// where handle, run or load can be called: from an image, or when that is nil
// by running what would have made one. The memory is bounded by limit and by
// room, which may be nil. Errors wrap ErrFull when there is none left.
func (g *guest) start(e *Engine, m *Module, img *Image, room room, limit uint64, budget int64) error {
	depth, from := uint64(admit.Depth), img
	if g.h != nil {
		depth = m.handlerDepth()
	}
	if img == nil {
		from = m.plain
	}
	if err := g.begin(e, m, from, room, limit, depth, g.h != nil); err != nil {
		return err
	}
	g.gas.Set(uint64(budget))
	if img == nil {
		if err := g.warmUp(); err != nil {
			return err
		}
	}
	return g.call(exportThaw)
}

// warmUp runs the part of a start that is the same for all instances.
func (g *guest) warmUp() error {
	if err := g.call(exportInit); err != nil {
		return err
	}
	return g.call(exportWarm)
}

// stop gives the instance back, if there is one.
func (g *guest) stop() {
	for _, c := range g.called {
		c.stop()
	}
	g.called = nil
	if g.in == nil {
		return
	}
	m := g.in.m
	if g.h == nil || g.faulted {
		g.in.calls = nil // their stacks may have become large, or are in use
	}
	g.in.retire()
	g.in, g.mod = nil, nil
	m.release()
}

// call runs an export without parameters, nothing when it is missing.
func (g *guest) call(name string) error {
	if !g.in.m.exports(name) {
		return nil
	}
	f := g.in.take(name)
	if err := fault(f.CallWithStack(g, nil)); err != nil {
		g.faulted = true
		return err
	}
	g.in.give(name, f)
	return nil
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
func (g *guest) view(ptr, n uint32) []byte { return g.viewFor(ptr, n, 0) }

// viewFor is view for a call that costs more gas besides.
func (g *guest) viewFor(ptr, n uint32, gas int64) []byte {
	if !g.memory {
		trapf("no memory")
	}
	b, ok := g.mod.Memory().Read(ptr, n)
	if !ok {
		trapf("pointer out of range")
	}
	g.charge(int64(n>>gasPerBytesShift) + gas)
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
