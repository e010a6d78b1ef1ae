package scripting

import (
	"context"
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
)

// handling is one run of a handler.
type handling struct {
	ev    Event
	slots func(name string) (Value, bool)
	rand  *base.Rand
	out   Effects
}

// Handle runs the module's handle export for one event: in a fresh instance,
// as a pure function of the arguments, with the same result on every CPU.
// slots reads the thing's slots; it is called from this goroutine only. On
// error (wrapping ErrOutOfGas, ErrTooDeep, ErrTrap, ErrNotUsable, or an exit)
// the effects are void but for Gas, and the error's text is a function of the
// arguments too.
func (e *Engine) Handle(m *Module, ev Event, slots func(name string) (Value, bool), seed, gas uint64) (Effects, error) {
	if m.handler != nil {
		return Effects{}, fmt.Errorf("scripting: handle: %w", m.handler)
	}
	budget := int64(min(gas, 1<<62))
	h := &handling{ev: ev, slots: slots, rand: base.NewRand(seed, 0)}
	g := &guest{Context: context.Background(), h: h, spent: func(*guest) { panic(ErrOutOfGas) }}
	left := budget - m.startGas()
	if left < 0 {
		return Effects{Gas: uint64(budget)}, ErrOutOfGas
	}
	err := g.start(e, m, &allocator{limit: maxHandlerPages << 16, pool: &e.pool}, left)
	defer g.stop(m)
	if err == nil {
		err = g.call(exportHandle)
	}
	if g.mod != nil {
		left = max(g.left(), 0)
	}
	used := uint64(budget - left)
	if err != nil {
		return Effects{Gas: used}, err
	}
	h.out.Gas = used
	return h.out, nil
}

// startGas is the price of a fresh instance.
func (m *Module) startGas() int64 {
	return gasStart + int64(m.res.MinPages)<<16>>startMemory + int64(len(m.res.Wasm))>>startCodeShift +
		int64(m.res.Table)>>startTableShift
}

// slot reads a slot as the handler sees it: its own writes first.
func (h *handling) slot(name string) (Value, bool) {
	for _, w := range h.out.Set {
		if w.Name == name {
			return w.Value, w.Value.Kind != KindNone
		}
	}
	if h.slots == nil {
		return Value{}, false
	}
	v, ok := h.slots(name)
	return v, ok && v.Kind != KindNone
}

func (h *handling) set(name string, v Value) int32 {
	for i, w := range h.out.Set {
		if w.Name == name {
			h.out.Set[i].Value = v
			return 0
		}
	}
	if len(h.out.Set) >= maxSets {
		return codeFull
	}
	h.out.Set = append(h.out.Set, SlotWrite{Name: name, Value: v})
	return 0
}
