package scripting

// EngineConfig configures NewEngine. The zero value is usable.
type EngineConfig struct {
	// CacheDir keeps compiled modules between runs; "" keeps none. The files
	// are native code: whoever can write there can run anything.
	CacheDir string
}

// Engine admits, compiles and runs modules.
type Engine struct{}

// Module is an admitted module. It stays usable until its Engine is closed.
type Module struct{}

// NewEngine makes an engine; an error means that CacheDir cannot be used.
func NewEngine(cfg EngineConfig) (*Engine, error) { return &Engine{}, nil }

// Admit checks, rewrites and compiles a module. The same bytes give the same
// Module. Errors wrap ErrRefused: the module is bad, and stays so.
func (e *Engine) Admit(wasm []byte) (*Module, error) { return &Module{}, nil }

// Close frees everything; no process may be left.
func (e *Engine) Close() error { return nil }

// IsHandler tells whether Handle can run the module, IsProcess whether it
// can be spawned; when not, err says why.
func (m *Module) IsHandler() error { return nil }
func (m *Module) IsProcess() error { return nil }

// Interfaces lists the names imported, like "mt:log@1", sorted.
func (m *Module) Interfaces() []string { return nil }

// Handle runs the module's handle export for one event: a fresh instance, and
// a pure function of the arguments. slots reads the thing's slots. On error
// the effects are void; Effects.Gas is set even then.
func (e *Engine) Handle(m *Module, ev Event, slots func(name string) (Value, bool), seed, gas uint64) (Effects, error) {
	return Effects{}, nil
}
