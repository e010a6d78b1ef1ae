package scripting

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/tetratelabs/wazero"

	"github.com/metatopia/metatopia/scripting/admit"
)

// Module is an admitted module. It stays usable until its Engine is closed;
// its native code is dropped when it was not used for long and made again.
type Module struct {
	engine  *Engine
	hash    [32]byte // of the rewritten bytes
	res     *admit.Result
	handler error // why it cannot be a handler of a sim, nil when it can
	run     error // a blocking process
	react   error // a process that handles letters
	loader  error

	plain     *Image // what an instance is before anything has run in it,
	noData    error  // or why there is no such thing
	sim, node frozen // images of the start

	mu       sync.Mutex
	compiled wazero.CompiledModule // nil while not loaded
	users    int
	idle     []*instance // that wait for work
	handles  *sync.Pool  // of *aimed, while compiled
	used     uint64      // guarded by engine.mu
}

// Admit checks, rewrites and compiles a module. Modules that are the same
// after rewriting are one Module. Errors wrap ErrRefused when the module is
// bad, and stays so.
func (e *Engine) Admit(wasm []byte) (*Module, error) {
	res, err := admit.Rewrite(wasm, admit.Policy{Import: signature, MaxPages: defaultPages})
	if err != nil {
		return nil, fmt.Errorf("scripting: %w: %w", ErrRefused, err)
	}
	m := &Module{engine: e, hash: sha256.Sum256(res.Wasm), res: res, handler: usableAsHandler(res), run: usableAsProcess(res, exportRun), react: usableAsProcess(res, exportHandle), loader: usableAsLoader(res)}
	if m.handler != nil && m.IsProcess() != nil && m.loader != nil && m.IsLibrary() != nil {
		return nil, fmt.Errorf("scripting: %w: neither a handler (%v) nor a process (%v) nor a loader (%v) nor a library (%v)", ErrRefused, m.handler, m.IsProcess(), m.loader, m.IsLibrary())
	}
	if err := e.tooHard(m.hash); err != nil {
		return nil, err
	}
	m.layOut()
	if m, err = e.remember(m); err != nil {
		return nil, err
	}
	if _, err := m.acquire(); err != nil {
		return nil, err
	}
	m.release()
	if m.handler == nil {
		e.forHandlers(m) // now, and not within a tick of a region
	}
	return m, nil
}

// layOut makes the plain image, so that the data segments can be forgotten.
// One that lies outside the memory is a fault of every start.
func (m *Module) layOut() {
	res := m.res
	m.plain = &Image{m: m, size: uint64(res.MinPages) << 16}
	for _, g := range res.Globals {
		m.plain.globals = append(m.plain.globals, g.Init)
	}
	end := uint64(0)
	for _, s := range res.Data {
		end = max(end, uint64(s.Offset)+uint64(len(s.Data)))
	}
	if end > m.plain.size {
		m.plain, m.noData = nil, fmt.Errorf("%w: data out of bounds of the memory", ErrTrap)
	} else if end > 0 {
		mem := make([]byte, end)
		res.WriteData(mem)
		m.plain.mem, _ = m.engine.arena.NewImage(mem, true, false) // no error when it must
	}
	res.Data = nil
}

// remember gives the module known by m's hash, or keeps m as that.
func (e *Engine) remember(m *Module) (*Module, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, fmt.Errorf("scripting: admit: %w", ErrClosed)
	}
	if known, ok := e.modules[m.hash]; ok {
		return known, nil
	}
	for len(e.modules) >= maxModules || e.bytes+m.res.Size > maxModuleBytes {
		if !e.forget() {
			return nil, fmt.Errorf("scripting: admit: %w: %d modules, %d bytes", ErrFull, len(e.modules), e.bytes)
		}
	}
	e.modules[m.hash] = m
	e.bytes += m.res.Size
	return m, nil
}

// forget drops the module that was not used for longest, so that a node
// whose people edit scripts for months does not fill up. Whoever holds it can
// still use it. It gives false when all are in use.
func (e *Engine) forget() bool {
	for _, k := range e.idle() {
		m := e.modules[k]
		if m.drop() {
			delete(e.modules, k)
			e.bytes -= m.res.Size
			return true
		}
	}
	return false
}

// idle lists the modules, the least recently used first.
func (e *Engine) idle() [][32]byte {
	return slices.SortedFunc(maps.Keys(e.modules), func(a, b [32]byte) int {
		return cmp.Compare(e.modules[a].used, e.modules[b].used)
	})
}

// acquire compiles the module unless it is loaded, and keeps it so until
// release. The error wraps ErrRefused: it failed the engine's validation.
func (m *Module) acquire() (wazero.CompiledModule, error) {
	m.mu.Lock()
	fresh := m.compiled == nil
	if fresh {
		c, err := m.engine.compile(m.hash, m.res.Wasm, m.res.Work)
		if err != nil {
			m.mu.Unlock()
			return nil, err
		}
		m.compiled, m.handles = c, newHandles()
	}
	m.users++
	c := m.compiled
	m.mu.Unlock()

	e := m.engine
	e.mu.Lock()
	e.clock++
	m.used = e.clock
	if fresh {
		e.loaded++
		e.work += m.res.Work
	}
	if _, known := e.modules[m.hash]; !known { // it was forgotten
		e.modules[m.hash] = m
		e.bytes += m.res.Size
	}
	e.mu.Unlock()
	return c, nil
}

func (m *Module) release() {
	m.mu.Lock()
	m.users--
	m.mu.Unlock()
	m.engine.unload()
}

// crowded: more native code is loaded than should be kept.
func (e *Engine) crowded() bool { return e.loaded > maxLoaded || e.work > e.mostWork }

// unload drops native code that nothing uses, the least recently used first,
// while there is too much.
func (e *Engine) unload() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.crowded() {
		return
	}
	for _, k := range e.idle() {
		if !e.crowded() {
			return
		}
		e.modules[k].drop()
	}
}

// drop frees the native code and tells whether nothing uses the module. The
// caller holds engine.mu; a module whose lock is taken is in use.
func (m *Module) drop() bool {
	if !m.mu.TryLock() {
		return false
	}
	defer m.mu.Unlock()
	if m.users > 0 {
		return false
	}
	m.closeIdle()
	if m.compiled != nil {
		m.compiled.Close(context.Background())
		m.compiled = nil
		m.engine.loaded--
		m.engine.work -= m.res.Work
	}
	return true
}

// IsHandler tells whether Handle can run the module: nil, or why not, wrapping
// ErrNotUsable.
func (m *Module) IsHandler() error { return m.handler }

// IsProcess tells whether the module can be spawned, as a blocking process or as
// a handler: nil, or why not, wrapping ErrNotUsable.
func (m *Module) IsProcess() error {
	if m.react == nil {
		return nil
	}
	return m.run
}

// IsStatic tells whether memory and globals are all that running the module
// can change, so that it can have images: nil, or why not, wrapping
// ErrNotUsable.
func (m *Module) IsStatic() error {
	if m.res.Static == "" {
		return nil
	}
	return fmt.Errorf("%w: it has %s", ErrNotUsable, m.res.Static)
}

func (m *Module) exports(name string) bool {
	_, ok := m.res.Funcs[name]
	return ok
}

// Interfaces lists what the module imports, like "mt:log@1", sorted.
func (m *Module) Interfaces() []string {
	var names []string
	for _, im := range m.res.Imports {
		names = append(names, im.Module)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Exports of a guest that the host calls; none has parameters or results.
const (
	exportInit   = "_initialize" // first, when there is one
	exportWarm   = "_warm"       // after it; what the two leave may be kept as an image
	exportThaw   = "_thaw"       // in every instance, when the two have run in it or in another
	exportHandle = "handle"      // a handler's, for one event or letter
	exportRun    = "run"         // a process's, once
	exportLoad   = "load"        // a loader's, once
)

func usableAsHandler(res *admit.Result) error {
	if err := exports(res, exportHandle); err != nil {
		return err
	}
	if err := offered(res, forHandler, "handler"); err != nil {
		return err
	}
	return small(res)
}

// small holds what regions run against the bounds of a handler or a driver.
func small(res *admit.Result) error {
	what, size, work := "handler", maxHandlerSize, uint64(maxHandlerWork)
	if isDriver(res) {
		what, size, work = "driver", maxDriverSize, maxDriverWork
	}
	if res.Size > size {
		return fmt.Errorf("%w: a %s has at most %d bytes", ErrNotUsable, what, size)
	}
	if res.Work > work {
		return fmt.Errorf("%w: a %s has at most a complexity of %d", ErrNotUsable, what, work)
	}
	if res.MinPages > maxHandlerPages {
		return fmt.Errorf("%w: a handler has at most %d pages of memory", ErrNotUsable, maxHandlerPages)
	}
	return nil
}

// isDriver tells a module that runs scripts in some language: it reads one
// when its image is made.
func isDriver(res *admit.Result) bool {
	return slices.Contains(res.Imports, admit.Import{Module: "mt:image@1", Name: "read"})
}

// IsDriver tells whether the module runs scripts: it needs the text of one.
func (m *Module) IsDriver() bool { return isDriver(m.res) }

// handlerDepth is the stack budget of a run as a handler.
func (m *Module) handlerDepth() uint64 {
	if m.IsDriver() {
		return driverDepth
	}
	return handlerDepth
}

func usableAsProcess(res *admit.Result, export string) error {
	return errors.Join(exports(res, export), offered(res, forProcess, "process"))
}

func usableAsLoader(res *admit.Result) error {
	return errors.Join(exports(res, exportLoad), offered(res, forLoader, "loader"))
}

func exports(res *admit.Result, name string) error {
	sig, ok := res.Funcs[name]
	if !ok {
		return fmt.Errorf("%w: no function %q is exported", ErrNotUsable, name)
	}
	if len(sig.Params)+len(sig.Results) != 0 {
		return fmt.Errorf("%w: %q takes or gives something", ErrNotUsable, name)
	}
	return starts(res)
}

// starts checks the exports that every start calls.
func starts(res *admit.Result) error {
	for _, name := range []string{exportInit, exportWarm, exportThaw} {
		if sig, ok := res.Funcs[name]; ok && len(sig.Params)+len(sig.Results) != 0 {
			return fmt.Errorf("%w: %q takes or gives something", ErrNotUsable, name)
		}
	}
	return nil
}

func offered(res *admit.Result, to use, what string) error {
	for _, im := range res.Imports {
		if im == (admit.Import{Module: "mt:fault@1", Name: "try"}) && !res.Funcs[exportTry].Equal(trySignature) {
			return fmt.Errorf("%w: it imports %s.%s and exports no %s of three i32", ErrNotUsable, im.Module, im.Name, exportTry)
		}
		if hostFuncIndex[im].to&to == 0 {
			return fmt.Errorf("%w: %s.%s is not offered to a %s", ErrNotUsable, im.Module, im.Name, what)
		}
	}
	return nil
}
