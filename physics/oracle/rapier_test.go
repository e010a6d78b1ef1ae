package oracle

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

const wasmFile = "node_modules/@dimforge/rapier3d-deterministic/rapier_wasm3d_bg.wasm"

// compiled is Rapier as machine code. Compiling it takes seconds, so it is kept
// where the system keeps what can be made again.
var compiled = sync.OnceValues(func() (*engine, error) {
	code, err := os.ReadFile(filepath.FromSlash(wasmFile))
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	config := wazero.NewRuntimeConfig()
	if dir, err := os.UserCacheDir(); err == nil {
		if kept, err := wazero.NewCompilationCacheWithDir(filepath.Join(dir, "metatopia", "oracle")); err == nil {
			config = config.WithCompilationCache(kept)
		}
	}
	e := &engine{runtime: wazero.NewRuntimeWithConfig(ctx, config)}
	if e.module, err = e.runtime.CompileModule(ctx, code); err != nil {
		return nil, err
	}
	return e, e.host(ctx)
})

type engine struct {
	runtime wazero.Runtime
	module  wazero.CompiledModule
	scratch [4]float32 // what the guest wrote last: a vector or a rotation
}

// needRapier skips a test where Rapier is not installed.
func needRapier(t *testing.T) *engine {
	t.Helper()
	if testing.Short() {
		t.Skip("it compiles a large guest")
	}
	if _, err := os.Stat(filepath.FromSlash(wasmFile)); err != nil {
		t.Skip("Rapier is not installed: npm ci in physics/oracle")
	}
	e, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// Things of JavaScript that the guest holds by number.
const (
	theScratch = 1 // what it writes vectors to
	theGlobal  = 2 // where it looks for a clock
	theClock   = 3
)

// host gives the guest what it imports. It was made for JavaScript and asks for
// much, but a step asks for the time only, and a body's pose is written to an
// array; the time stands still.
func (e *engine) host(ctx context.Context) error {
	modules := map[string]wazero.HostModuleBuilder{}
	for _, f := range e.module.ImportedFunctions() {
		module, name, _ := f.Import()
		b, ok := modules[module]
		if !ok {
			b = e.runtime.NewHostModuleBuilder(module)
			modules[module] = b
		}
		b.NewFunctionBuilder().WithGoModuleFunction(e.imported(name), f.ParamTypes(), f.ResultTypes()).Export(name)
	}
	for _, b := range modules { //lint:sorted each on its own
		if _, err := b.Instantiate(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (e *engine) imported(name string) api.GoModuleFunc {
	name = strings.TrimPrefix(strings.TrimPrefix(name, "__wbg_"), "__wbindgen_")
	is := func(prefix string) bool { return strings.HasPrefix(strings.TrimPrefix(name, "__wbindgen_"), prefix) }
	switch {
	case is("set_index_"): // (array, index, f32)
		return func(_ context.Context, _ api.Module, s []uint64) {
			if s[0] == theScratch && s[1] < uint64(len(e.scratch)) {
				e.scratch[s[1]] = api.DecodeF32(s[2])
			}
		}
	case is("set_"): // (array, pointer, length)
		return func(_ context.Context, m api.Module, s []uint64) {
			for i := range min(uint32(s[2]), uint32(len(e.scratch))) {
				e.scratch[i], _ = m.Memory().ReadFloat32Le(uint32(s[1]) + 4*i)
			}
		}
	case is("static_accessor_GLOBAL_THIS_"):
		return func(_ context.Context, _ api.Module, s []uint64) { s[0] = theGlobal }
	case is("performance_"):
		return func(_ context.Context, _ api.Module, s []uint64) { s[0] = theClock }
	case is("static_accessor_"), is("is_undefined_"), is("now_"):
		return func(_ context.Context, _ api.Module, s []uint64) { s[0] = 0 }
	case is("object_drop_ref"):
		return func(context.Context, api.Module, []uint64) {}
	case is("object_clone_ref"):
		return func(context.Context, api.Module, []uint64) {}
	case is("throw_"):
		return func(_ context.Context, m api.Module, s []uint64) {
			text, _ := m.Memory().Read(uint32(s[0]), uint32(s[1]))
			panic(fmt.Sprintf("rapier: %s", text))
		}
	}
	return func(context.Context, api.Module, []uint64) { panic("rapier calls " + name) }
}

// guest is one instance.
type guest struct {
	*engine
	t   testing.TB
	mod api.Module
}

func (e *engine) instance(t testing.TB) *guest {
	t.Helper()
	mod, err := e.runtime.InstantiateModule(t.Context(), e.module, wazero.NewModuleConfig().WithName(""))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = mod.Close(context.Background()) })
	return &guest{e, t, mod}
}

// call calls an export. The arguments are uint32, bool, float32 and float64 as
// the export has them.
func (g *guest) call(name string, args ...any) uint64 {
	f := g.mod.ExportedFunction(name)
	if f == nil {
		g.t.Fatalf("rapier has no %s", name)
	}
	words := make([]uint64, len(args))
	for i, a := range args {
		switch a := a.(type) {
		case uint32:
			words[i] = uint64(a)
		case int:
			words[i] = uint64(uint32(a))
		case bool:
			if a {
				words[i] = 1
			}
		case float32:
			words[i] = uint64(math.Float32bits(a))
		case float64:
			words[i] = math.Float64bits(a)
		default:
			g.t.Fatalf("argument %d of %s is %T", i, name, a)
		}
	}
	out, err := f.Call(g.t.Context(), words...)
	if err != nil {
		g.t.Fatalf("%s: %v", name, err)
	}
	if len(out) == 0 {
		return 0
	}
	return out[0]
}

// object is call for what gives a pointer to something new.
func (g *guest) object(name string, args ...any) uint32 { return uint32(g.call(name, args...)) }
