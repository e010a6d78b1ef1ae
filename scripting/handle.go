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
	libs  []Library
	rand  randReader
	out   Effects

	unasked bool // the last request was one too many
}

// Handle runs the module's handle export for one event: in an instance where
// nothing has happened since its start, as a pure function of the arguments, with the same result on every CPU.
// slots reads the thing's slots; it is called from this goroutine only. On
// error (wrapping ErrOutOfGas, ErrTooDeep, ErrTrap, ErrRaised, ErrNotUsable, or an exit)
// the effects are void but for Gas and Log, which like the error's text are
// functions of the arguments too.
func (e *Engine) Handle(m *Module, ev Event, slots func(name string) (Value, bool), seed, gas uint64) (Effects, error) {
	if m.handler != nil {
		return Effects{}, fmt.Errorf("scripting: handle: %w", m.handler)
	}
	return e.handle(m, e.forHandlers(m), ev, slots, seed, gas)
}

// HandleImage is Handle with an image of a handler, made by Image.
func (e *Engine) HandleImage(i *Image, ev Event, slots func(string) (Value, bool), seed, gas uint64) (Effects, error) {
	if i.m.handler != nil {
		return Effects{}, fmt.Errorf("scripting: handle: %w", i.m.handler)
	}
	return e.handle(i.m, i, ev, slots, seed, gas)
}

func (e *Engine) handle(m *Module, img *Image, ev Event, slots func(string) (Value, bool), seed, gas uint64) (Effects, error) {
	budget := int64(min(gas, 1<<62))
	left := budget - m.startGas(img)
	if left < 0 {
		return Effects{Gas: uint64(budget)}, ErrOutOfGas
	}
	h := &handling{ev: ev, slots: slots, rand: randReader{base.NewRand(seed, 0)}}
	if img != nil {
		h.libs = img.libs
	}
	g := &guest{Context: context.Background(), h: h, spent: spentAll}
	err := g.start(e, m, img, nil, maxHandlerPages<<16, left)
	defer g.stop()
	if err == nil {
		err = g.call(exportHandle)
	}
	if g.in != nil {
		if left = g.left(); left < 0 && err == nil {
			err = ErrOutOfGas // the last charges did not look
		}
		left = max(left, 0)
	}
	used := uint64(budget - left)
	if err != nil {
		return Effects{Gas: used, Log: h.out.Log}, err
	}
	h.out.Gas = used
	return h.out, nil
}

func spentAll(*guest) { panic(ErrOutOfGas) }

// startGas is the price of an instance: from an image, or of one whose start
// is run, and charged for, then.
func (m *Module) startGas(img *Image) int64 {
	gas := gasStart + int64(m.res.Table)>>startTableShift + startGlobal*int64(len(m.res.Globals))
	if img != nil {
		return gas + int64(img.size)>>startMemory
	}
	return gas + int64(m.res.MinPages)<<16>>startMemory + int64(m.res.Size)>>startCodeShift
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
