package assets

import (
	"bytes"
	"context"
	"fmt"
)

// Module is WebAssembly that this node's engine has taken.
type Module struct {
	Wasm       []byte
	Uses       []string // what it can run as: handler, process, loader
	Interfaces []string // what it imports, like mt:log@1
}

// Memory implements Form.
func (m *Module) Memory() int64 { return int64(len(m.Wasm)) }

// Modules checks modules: what scripting's admission does. Uses and Interfaces
// are the answer's, Wasm is not set. Errors wrap ErrRefused for what will never be
// taken.
type Modules interface {
	CheckModule(ctx context.Context, wasm []byte) (*Module, error)
}

func isWasm(b []byte) bool { return bytes.HasPrefix(b, []byte("\x00asm")) }

func measureModule(b []byte, _ Class) (int64, error) {
	// Rewritten once, and native code of some four times its size.
	return int64(len(b)) * 6, within("bytes of a module", int64(len(b)), MaxModule)
}

// decodeModule is the decoder of modules on this library.
func (l *Library) decodeModule(ctx context.Context, b []byte, _ Class) (Form, error) {
	if l.cfg.Modules == nil {
		return nil, fmt.Errorf("%w: this node runs no modules", ErrNoLoader)
	}
	m, err := l.cfg.Modules.CheckModule(ctx, b)
	if err != nil {
		return nil, err
	}
	return &Module{Wasm: b, Uses: m.Uses, Interfaces: m.Interfaces}, nil
}
