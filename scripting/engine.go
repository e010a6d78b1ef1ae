package scripting

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/metatopia/metatopia/scripting/admit"
	"github.com/metatopia/metatopia/scripting/arena"
	"github.com/metatopia/metatopia/scripting/compiler"
)

// EngineConfig configures NewEngine. The zero value is usable.
type EngineConfig struct {
	// CacheDir keeps compiled modules between runs; "" keeps none. The files
	// are native code: whoever can write there can run anything.
	CacheDir string
	// Compiler is the command that runs compiler.Main, for modules that may be
	// hard to compile; it works with CacheDir only. Without it they are
	// compiled in this process, within the bounds of admission.
	Compiler []string
	// Memory is how many bytes the memories of all guests may have together,
	// 0 for half of the machine's. A process that cannot get its memory is not
	// started; memory.grow answers -1.
	Memory uint64
}

// Engine admits, compiles and runs modules.
type Engine struct {
	runtime wazero.Runtime
	cache   wazero.CompilationCache
	arena   *arena.Arena
	aimer   *aimer // nil when that does not work
	// starters are contexts of instantiations.
	starters sync.Pool
	// idleBytes is what instances that wait for work keep.
	idleBytes atomic.Int64
	child     compiler.Compiler
	ctx       context.Context // ends with Close
	cancel    context.CancelFunc

	compiling sync.Mutex // held while a child runs

	mu       sync.Mutex
	closed   bool
	modules  map[[32]byte]*Module // by hash of the rewritten bytes
	bytes    int
	loaded   int    // modules with native code
	work     uint64 // their complexity
	mostWork uint64
	hard     map[[32]byte]hardModule
	clock    uint64 // counts uses, for the least recently used
}

// NewEngine makes an engine; an error means that CacheDir cannot be used, or
// that the machine's CPU is not supported.
func NewEngine(cfg EngineConfig) (*Engine, error) {
	return makeEngine(cfg, compiler.Config())
}

// makeEngine is NewEngine with other settings of the runtime: for tests.
func makeEngine(cfg EngineConfig, rc wazero.RuntimeConfig) (e *Engine, err error) {
	defer func() {
		if r := recover(); r != nil { // how the engine refuses a CPU
			err = fmt.Errorf("scripting: new engine: %v", r)
		}
	}()
	if cfg.Memory == 0 {
		cfg.Memory = min(uint64(math.MaxUint)/4, max(arena.Physical()/2, defaultBudget))
	}
	rc = rc.WithMemoryLimitPages(defaultPages)
	e = &Engine{modules: map[[32]byte]*Module{}, mostWork: maxLoadedWork, arena: arena.New(cfg.Memory), hard: map[[32]byte]hardModule{}}
	e.ctx, e.cancel = context.WithCancel(context.Background())
	e.starters.New = newStarter
	if cfg.CacheDir != "" {
		if err := compiler.CheckDir(cfg.CacheDir); err != nil {
			return nil, fmt.Errorf("scripting: new engine: %w", err)
		}
		compiler.Sweep(cfg.CacheDir)
		prune(cfg.CacheDir, maxCache)
		if e.cache, err = wazero.NewCompilationCacheWithDir(cfg.CacheDir); err != nil {
			return nil, fmt.Errorf("scripting: new engine: cache %s: %w", cfg.CacheDir, err)
		}
		rc = rc.WithCompilationCache(e.cache)
		e.child = compiler.Compiler{Argv: cfg.Compiler, Dir: cfg.CacheDir}
	}
	ctx := context.Background()
	e.runtime = wazero.NewRuntimeWithConfig(ctx, rc)
	if err := e.offer(ctx); err != nil {
		e.runtime.Close(ctx)
		return nil, fmt.Errorf("scripting: new engine: %w", err)
	}
	e.aimer = theAimer()
	return e, nil
}

// MemoryStats tells what the memories of guests take.
func (e *Engine) MemoryStats() arena.Stats { return e.arena.Stats() }

// Close frees everything; no process may be left.
func (e *Engine) Close() error {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	e.cancel()
	e.dropIdle()
	ctx := context.Background()
	err := errors.Join(e.runtime.Close(ctx), e.arena.Close())
	if e.cache != nil {
		if cerr := e.cache.Close(ctx); err == nil {
			err = cerr
		}
	}
	if err != nil {
		return fmt.Errorf("scripting: close engine: %w", err)
	}
	return nil
}

// offer makes the interfaces importable.
func (e *Engine) offer(ctx context.Context) error {
	builders := map[string]wazero.HostModuleBuilder{}
	for _, f := range hostFuncs() {
		b, ok := builders[f.module]
		if !ok {
			b = e.runtime.NewHostModuleBuilder(f.module)
			builders[f.module] = b
		}
		call, atStart := f.call, f.to&forImage != 0
		b.NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(func(ctx context.Context, _ api.Module, stack []uint64) {
			g := ctx.(*guest)
			if g.i != nil && !atStart {
				panic(errNotFrozen)
			}
			call(g, stack)
		}), engineTypes(f.sig.Params), engineTypes(f.sig.Results)).Export(f.name)
	}
	for name, b := range builders {
		if _, err := b.Instantiate(ctx); err != nil {
			return fmt.Errorf("interface %s: %w", name, err)
		}
	}
	return nil
}

func engineTypes(ts []admit.ValType) []api.ValueType {
	out := make([]api.ValueType, len(ts))
	for i, t := range ts {
		out[i] = api.ValueType(t)
	}
	return out
}
