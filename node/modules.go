package node

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/scripting"
)

const (
	// maxModule bounds a wasm module in bytes: a Go guest is 1.8 MB.
	maxModule = 8 << 20
	// moduleWait bounds fetching one module.
	moduleWait = 30 * time.Second
)

// modules turns CIDs into admitted modules and into scripts that are ready to
// run, each once.
type modules struct {
	n       *Node
	mu      sync.Mutex
	m       map[lumps.Ref]*scripting.Module
	scripts map[lumps.Ref]*readyScript
}

// load fetches, verifies, admits and keeps a module.
func (m *modules) load(ctx context.Context, ref lumps.Ref) (*scripting.Module, error) {
	m.mu.Lock()
	mod := m.m[ref]
	m.mu.Unlock()
	if mod != nil {
		return mod, nil
	}
	ctx, cancel := context.WithTimeout(ctx, moduleWait)
	defer cancel()
	b, _, err := m.n.lumps.Bytes(ctx, ref, maxModule)
	if err != nil {
		return nil, fmt.Errorf("node: module %s: %w", ref.Short(), err)
	}
	return m.admit(ref, b)
}

// LoadModule implements scripting.ModuleLoader, for what a process may spawn is
// checked before.
func (m *modules) LoadModule(ctx context.Context, cid string) (*scripting.Module, error) {
	ref, err := lumps.Parse(cid)
	if err != nil {
		return nil, err
	}
	mod, err := m.load(ctx, ref)
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("%w: %w", scripting.ErrUnavailable, err)
	}
	return mod, err
}

func (m *modules) admit(ref lumps.Ref, wasm []byte) (*scripting.Module, error) {
	mod, err := m.n.engine.Admit(wasm)
	if err != nil {
		return nil, fmt.Errorf("node: module %s: %w", ref.Short(), err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if old := m.m[ref]; old != nil {
		return old, nil
	}
	m.m[ref] = mod
	for _, note := range mod.Deprecated() {
		m.n.log.Warn("module imports what is deprecated", "module", ref.Short(), "note", note)
	}
	return mod, nil
}
