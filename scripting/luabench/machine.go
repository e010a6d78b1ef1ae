package luabench

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/metatopia/metatopia/scripting/admit"
)

// machine runs the driver outside the node's engine, so that the driver as it
// was compiled can be run too: admitted modules are always metered.
type machine struct {
	rt   wazero.Runtime
	code wazero.CompiledModule
	res  *admit.Result // nil when it is not metered
}

// turn is one run of a program.
type turn struct {
	mod   api.Module
	input []byte
	said  string
	took  time.Duration
	gas   int64
}

type turnKey struct{}

var (
	errThrown = errors.New("thrown")
	errFailed = errors.New("the program failed")
)

func newMachine(ctx context.Context, driver []byte, metered bool) (*machine, error) {
	m := &machine{rt: wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigCompiler())}
	code, err := m.rt.CompileModule(ctx, driver)
	if err == nil {
		err = m.offer(ctx, code.ImportedFunctions())
	}
	if err == nil && metered {
		m.res, err = admit.Rewrite(driver, admit.Policy{Import: func(module, name string) (admit.Signature, bool) {
			for _, f := range code.ImportedFunctions() {
				if mod, n, _ := f.Import(); mod == module && n == name {
					return admit.Signature{Params: types(f.ParamTypes()), Results: types(f.ResultTypes())}, true
				}
			}
			return admit.Signature{}, false
		}})
		if err == nil {
			code, err = m.rt.CompileModule(ctx, m.res.Wasm)
		}
	}
	if err != nil {
		m.close()
		return nil, err
	}
	m.code = code
	return m, nil
}

func types(ts []api.ValueType) []admit.ValType {
	out := make([]admit.ValType, len(ts))
	for i, t := range ts {
		out[i] = admit.ValType(t)
	}
	return out
}

func (m *machine) close() { m.rt.Close(context.Background()) }

// offer makes what the driver imports: what a program needs, and for the rest
// functions that do nothing.
func (m *machine) offer(ctx context.Context, imports []api.FunctionDefinition) error {
	builders := map[string]wazero.HostModuleBuilder{}
	add := func(module, name string, call func(*turn, []uint64), params, results []api.ValueType) {
		if builders[module] == nil {
			builders[module] = m.rt.NewHostModuleBuilder(module)
		}
		builders[module].NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(func(ctx context.Context, _ api.Module, s []uint64) {
			call(ctx.Value(turnKey{}).(*turn), s)
		}), params, results).Export(name)
	}
	for _, f := range imports {
		module, name, _ := f.Import()
		call := calls[module+"."+name]
		if call == nil {
			call = func(_ *turn, s []uint64) {
				if len(f.ResultTypes()) > 0 {
					s[0] = 0
				}
			}
		}
		add(module, name, call, f.ParamTypes(), f.ResultTypes())
	}
	add(admit.MeterModule, admit.MeterImport, func(t *turn, s []uint64) { panic(errors.New("out of gas or stack")) },
		[]api.ValueType{api.ValueTypeI32}, nil)
	for name, b := range builders {
		if _, err := b.Instantiate(ctx); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

var calls = map[string]func(t *turn, s []uint64){
	"mt:image@1.size": func(t *turn, s []uint64) { s[0] = uint64(len(t.input)) },
	"mt:image@1.read": func(t *turn, s []uint64) {
		s[0] = uint64(copy(t.view(s[1], s[2]), t.input[min(uint32(s[0]), uint32(len(t.input))):])) // the upper half is not the guest's
	},
	"mt:world@1.event_name": func(t *turn, s []uint64) { s[0] = uint64(copy(t.view(s[0], s[1]), "run")) },
	"mt:log@1.log":          func(t *turn, s []uint64) { t.said = string(t.view(s[1], s[2])) },
	"mt:fault@1.throw":      func(*turn, []uint64) { panic(errThrown) },
	"mt:fault@1.fail":       func(t *turn, s []uint64) { panic(fmt.Errorf("%w: %s", errFailed, t.view(s[0], s[1]))) },
	"mt:fault@1.try": func(t *turn, s []uint64) {
		_, err := t.mod.ExportedFunction("try_call").Call(context.WithValue(context.Background(), turnKey{}, t), s[0], s[1], s[2])
		if s[0] = 0; err != nil {
			if !errors.Is(err, errThrown) {
				panic(err)
			}
			s[0] = 1
		}
	},
}

func (t *turn) view(ptr, n uint64) []byte {
	b, ok := t.mod.Memory().Read(uint32(ptr), uint32(n))
	if !ok {
		panic(errors.New("pointer out of range"))
	}
	return b
}

// run starts the driver with a program and times the event that runs it.
func (m *machine) run(ctx context.Context, name string) (turn, error) {
	t := turn{input: []byte(name + "\nlocal function program()\n" + Program(name) + "\nend\nfunction on_run() print(program()) end")}
	ctx = context.WithValue(ctx, turnKey{}, &t)
	mod, err := m.rt.InstantiateModule(ctx, m.code, wazero.NewModuleConfig().WithName("").WithStartFunctions())
	if err != nil {
		return t, err
	}
	defer mod.Close(ctx)
	t.mod = mod
	if m.res != nil { // the rewriting has taken its data out
		if b, ok := mod.Memory().Read(0, mod.Memory().Size()); !ok || !m.res.WriteData(b) {
			return t, errors.New("the module's data has no room")
		}
	}
	gas, _ := mod.ExportedGlobal(admit.GasGlobal).(api.MutableGlobal)
	if gas != nil {
		gas.Set(math.MaxInt64)
	}
	for _, f := range []string{"_initialize", "_warm"} {
		if f := mod.ExportedFunction(f); f != nil {
			if _, err := f.Call(ctx); err != nil {
				return t, err
			}
		}
	}
	if gas != nil {
		gas.Set(math.MaxInt64)
	}
	handle := mod.ExportedFunction("handle")
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	start := cpu()
	_, err = handle.Call(ctx)
	t.took = cpu() - start
	if gas != nil {
		t.gas = math.MaxInt64 - int64(gas.Get())
	}
	return t, err
}
