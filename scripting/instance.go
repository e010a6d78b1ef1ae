package scripting

import (
	"context"
	"slices"
	"unsafe"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/metatopia/metatopia/scripting/admit"
	"github.com/metatopia/metatopia/scripting/arena"
)

// instance is an instantiated module. It belongs to one goroutine at a time.
// Making one takes the engine 12 us for a tiny guest and 300 us for one in Go;
// so one that has done its work is kept for the next start, when memory and
// globals are all that can have changed in it.
type instance struct {
	m     *Module
	mod   api.Module
	mem   *arena.Memory // nil when the module has none
	limit uint64        // of mem
	size  uint64        // bytes of mem at the start
	must  bool
	room  room // asked when mem grows; nil when nobody has to be
	gas   api.MutableGlobal
	depth api.MutableGlobal
	// globals are the guest's own, in the order of m.res.Globals; got when
	// they are needed first.
	globals []api.MutableGlobal
	calls   []callable
	engine  unsafe.Pointer // what aimed functions point to; got when it is needed first
}

// callable is an export that is ready to be called: a stack of 10 KB and more.
type callable struct {
	name string
	f    api.Function
}

// zeros is the engine's random source for instances: guests get theirs from
// mt:random@1, and the engine's own default costs 15 us to seed.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

var moduleConfig = wazero.NewModuleConfig().WithName("").WithStartFunctions().WithRandSource(zeros{})

// obtain gives an instance with the contents of the image: one that waited for
// work, or a new one. The module is acquired. limit is of its memory; must is
// for handlers, whose outcome may not depend on how full the node is.
func (e *Engine) obtain(m *Module, c wazero.CompiledModule, img *Image, limit uint64, must bool) (*instance, error) {
	for in := m.reuse(img, limit, must); in != nil; in = m.reuse(img, limit, must) {
		if in.mem == nil || in.mem.Reset(img.mem, img.size) {
			in.setGlobals(img)
			return in, nil
		}
		in.close()
	}
	in := &instance{m: m, limit: limit, size: img.size, must: must}
	s := e.starters.Get().(*starter)
	defer e.starters.Put(s)
	if m.res.Memory {
		mem, err := e.memory(arena.Spec{Size: img.size, Limit: max(limit, img.size), Image: img.mem, Must: must, Again: must})
		if err != nil {
			return nil, err
		}
		in.mem = mem
	}
	s.in = in
	mod, err := e.runtime.InstantiateModule(s, c, moduleConfig)
	s.in = nil
	if err != nil {
		if in.mem != nil {
			in.mem.Free()
		}
		return nil, fault(err)
	}
	in.mod = mod
	in.gas = mod.ExportedGlobal(admit.GasGlobal).(api.MutableGlobal)
	in.depth = mod.ExportedGlobal(admit.DepthGlobal).(api.MutableGlobal)
	if img != m.plain {
		in.setGlobals(img)
	}
	return in, nil
}

// bind looks the guest's globals up.
func (in *instance) bind() []api.MutableGlobal {
	if in.globals == nil && len(in.m.res.Globals) > 0 {
		in.globals = make([]api.MutableGlobal, len(in.m.res.Globals))
		for i, g := range in.m.res.Globals {
			in.globals[i] = in.mod.ExportedGlobal(g.Export).(api.MutableGlobal)
		}
	}
	return in.globals
}

func (in *instance) setGlobals(img *Image) {
	for i, g := range in.bind() {
		g.Set(img.globals[i])
	}
}

// take gives an export to call, nil when there is none; only one caller at a
// time may have it. give takes it back.
func (in *instance) take(name string) api.Function {
	for i, c := range in.calls {
		if c.name == name {
			in.calls = slices.Delete(in.calls, i, i+1)
			return c.f
		}
	}
	return in.mod.ExportedFunction(name)
}

func (in *instance) give(name string, f api.Function) {
	if len(in.calls) < maxCalls {
		in.calls = append(in.calls, callable{name, f})
	}
}

func (in *instance) close() {
	in.mod.Close(context.Background())
	if in.mem != nil {
		in.mem.Free()
	}
	in.mod, in.mem, in.calls = nil, nil, nil
}

// reuse gives an instance that waits for work and fits, nil when there is
// none. The module is acquired.
func (m *Module) reuse(img *Image, limit uint64, must bool) *instance {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := len(m.idle) - 1; i >= 0; i-- {
		in := m.idle[i]
		if in.limit == limit && in.must == must && in.size == img.size {
			m.idle = slices.Delete(m.idle, i, i+1)
			m.engine.idleBytes.Add(-in.weight())
			return in
		}
	}
	return nil
}

// retire keeps an instance for the next start if that is possible, and closes
// it otherwise: memory that has grown cannot shrink. The module is still
// acquired.
func (in *instance) retire() {
	m := in.m
	in.room = nil
	if m.res.Static == "" && (in.mem == nil || uint64(len(in.mem.Bytes())) == in.size) {
		m.mu.Lock()
		if len(m.idle) < maxIdle && m.engine.idleBytes.Load()+in.weight() <= maxIdleBytes {
			m.idle = append(m.idle, in)
			m.engine.idleBytes.Add(in.weight())
			m.mu.Unlock()
			return
		}
		m.mu.Unlock()
	}
	in.close()
}

// weight is about how many bytes an instance keeps while it waits.
func (in *instance) weight() int64 {
	if in.mem == nil {
		return idleWeight
	}
	return idleWeight + int64(len(in.mem.Bytes()))
}

// closeIdle closes the instances that wait for work. The caller holds m.mu.
func (m *Module) closeIdle() bool {
	some := len(m.idle) > 0
	for _, in := range m.idle {
		m.engine.idleBytes.Add(-in.weight())
		in.close()
	}
	m.idle = nil
	return some
}

// dropIdle gives up all instances that wait for work, and tells whether there
// were any. The caller holds no lock.
func (e *Engine) dropIdle() bool {
	e.mu.Lock()
	ms := make([]*Module, 0, len(e.modules))
	for _, m := range e.modules {
		ms = append(ms, m)
	}
	e.mu.Unlock()
	some := false
	for _, m := range ms {
		if m.mu.TryLock() { // else it is being compiled
			some = m.closeIdle() || some
			m.mu.Unlock()
		}
	}
	return some
}
