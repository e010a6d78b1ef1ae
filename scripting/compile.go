package scripting

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/metatopia/metatopia/scripting/compiler"
)

// compile makes native code of a rewritten module, or takes it from the cache.
// Hard modules are compiled by a child process into the cache, when there are
// both; this process then only loads them. Errors wrap ErrRefused when the
// module is bad, or asks too much of the compiler.
func (e *Engine) compile(hash [32]byte, wasm []byte, work uint64) (wazero.CompiledModule, error) {
	if len(e.child.Argv) == 0 || work <= maxOwnWork {
		return e.compileHere(context.Background(), wasm)
	}
	c, err := e.load(wasm)
	if !errors.Is(err, errNotCached) {
		return c, err
	}
	e.compiling.Lock() // one after the other: each may take its whole share of memory
	defer e.compiling.Unlock()
	if err := e.tooHard(hash); err != nil {
		return nil, err
	}
	err = e.child.Run(e.ctx, wasm, compiler.LimitsFor(work))
	switch {
	case errors.Is(err, compiler.ErrRefused):
		err = fmt.Errorf("scripting: %w: %w", ErrRefused, err)
		e.noteHard(hash, err)
		return nil, err
	case e.ctx.Err() != nil:
		return nil, fmt.Errorf("scripting: compile: %w", ErrClosed)
	case err != nil:
		return nil, fmt.Errorf("scripting: %w", err)
	}
	if c, err = e.load(wasm); errors.Is(err, errNotCached) {
		err = fmt.Errorf("scripting: compile: %s made code that this program cannot use", e.child.Argv[0])
	}
	return c, err
}

var errNotCached = errors.New("not in the cache")

// load takes a module from the cache and never compiles it: with several
// threads the engine's compiler looks before every function whether the
// context has ended.
func (e *Engine) load(wasm []byte) (wazero.CompiledModule, error) {
	ctx, cancel := context.WithCancel(experimental.WithCompilationWorkers(context.Background(), 2))
	cancel()
	c, err := e.compileHere(ctx, wasm)
	if errors.Is(err, context.Canceled) || err != nil && strings.Contains(err.Error(), "compilationcache:") {
		return nil, errNotCached // or damaged, and will be written anew
	}
	return c, err
}

// compileHere compiles in this process. A panic of the compiler is a refusal.
func (e *Engine) compileHere(ctx context.Context, wasm []byte) (c wazero.CompiledModule, err error) {
	defer func() {
		if r := recover(); r != nil {
			c, err = nil, fmt.Errorf("scripting: %w: the compiler gave up: %v", ErrRefused, r)
		}
	}()
	if c, err = e.runtime.CompileModule(ctx, wasm); err != nil {
		return nil, fmt.Errorf("scripting: %w: %w", ErrRefused, err)
	}
	return c, nil
}

// hardModule is one that a child refused. It is not tried again for some time,
// so that whoever sends it again and again costs nothing.
type hardModule struct {
	err   error
	until time.Time
}

// tooHard gives the refusal of a module that was tried lately.
func (e *Engine) tooHard(hash [32]byte) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if h, ok := e.hard[hash]; ok && time.Now().Before(h.until) {
		return h.err
	}
	return nil
}

func (e *Engine) noteHard(hash [32]byte, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.hard) >= maxHard {
		clear(e.hard)
	}
	e.hard[hash] = hardModule{err, time.Now().Add(hardFor)}
}
