package admit_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/scripting/admit"
)

// outcome is all that can be seen of a run.
type outcome struct {
	result uint64
	trap   bool
	memory [32]byte
}

// observe runs a module on an engine, giving gas in slices when it is metered.
func observe(t testing.TB, config wazero.RuntimeConfig, wasm []byte, slice int64, arg uint64) (o outcome, gas int64) {
	t.Helper()
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, config)
	defer r.Close(ctx)
	granted := slice
	meter := func(_ context.Context, mod api.Module, stack []uint64) {
		if stack[0] == admit.SpentDepth {
			panic(errDeep)
		}
		g := mod.ExportedGlobal(admit.GasGlobal).(api.MutableGlobal)
		granted += slice
		g.Set(g.Get() + uint64(slice))
	}
	i64 := api.ValueTypeI64
	for module, f := range map[string]func(wazero.HostModuleBuilder) wazero.HostModuleBuilder{
		admit.MeterModule: func(b wazero.HostModuleBuilder) wazero.HostModuleBuilder {
			return b.NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(meter), []api.ValueType{api.ValueTypeI32}, nil).Export(admit.MeterImport)
		},
		"env": func(b wazero.HostModuleBuilder) wazero.HostModuleBuilder {
			add := func(_ context.Context, _ api.Module, s []uint64) { s[0] += s[1] }
			return b.NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(add), []api.ValueType{i64, i64}, []api.ValueType{i64}).Export("add")
		},
	} {
		if _, err := f(r.NewHostModuleBuilder(module)).Instantiate(ctx); err != nil {
			t.Fatal(err)
		}
	}
	mod, err := r.Instantiate(ctx, wasm)
	if err != nil {
		t.Fatalf("instantiate: %v", err)
	}
	g, _ := mod.ExportedGlobal(admit.GasGlobal).(api.MutableGlobal)
	if g != nil {
		g.Set(uint64(slice))
	}
	out, err := mod.ExportedFunction("run").Call(ctx, arg)
	if errors.Is(err, errDeep) {
		t.Fatal("a program that hardly calls is too deep")
	}
	if o.trap = err != nil; !o.trap {
		o.result = out[0]
	}
	if g != nil {
		gas = granted - int64(g.Get())
	}
	if m := mod.Memory(); m != nil {
		all, _ := m.Read(0, m.Size())
		o.memory = sha256.Sum256(all)
	}
	return o, gas
}

// differ compares a program with its metered form, in slices of several sizes,
// on the compiler and on the interpreter.
func differ(t testing.TB, name string, wasm []byte, arg uint64) (trap bool) {
	t.Helper()
	res, err := admit.Rewrite(wasm, host)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	features := api.CoreFeaturesV2
	compiled := wazero.NewRuntimeConfigCompiler().WithCoreFeatures(features).WithMemoryLimitPages(16)
	interpreted := wazero.NewRuntimeConfigInterpreter().WithCoreFeatures(features).WithMemoryLimitPages(16)
	want, _ := observe(t, compiled, wasm, 0, arg)
	var price int64
	for _, c := range []struct {
		how    string
		config wazero.RuntimeConfig
		slice  int64
	}{{"compiled", compiled, math.MaxInt64 / 2}, {"in slices", compiled, 29}, {"interpreted", interpreted, 1000}} {
		got, gas := observe(t, c.config, res.Wasm, c.slice, arg)
		if got != want {
			t.Fatalf("%s: %s: got %+v, the plain module gives %+v", name, c.how, got, want)
		}
		if price == 0 {
			price = gas
		}
		if gas != price || gas <= 0 {
			t.Fatalf("%s: %s: %d gas, else %d", name, c.how, gas, price)
		}
	}
	return want.trap
}

// TestPrograms compares programs made at random.
func TestPrograms(t *testing.T) {
	n := 300
	if testing.Short() {
		n = 40
	}
	trapped := 0
	for seed := range uint64(n) {
		r := base.NewRand(seed, 7)
		in := make([]byte, 400+r.IntN(1200))
		for k := range in {
			in[k] = byte(r.IntN(256))
		}
		p := &programmer{in: in}
		if differ(t, fmt.Sprintf("seed %d", seed), p.program(), seed) {
			trapped++
		}
	}
	t.Logf("%d of %d programs trap", trapped, n)
	if trapped > n*3/4 {
		t.Errorf("%d of %d programs trap: little is compared", trapped, n)
	}
}

// FuzzProgram is TestPrograms with programs of the fuzzer's choice.
func FuzzProgram(f *testing.F) {
	for seed := range uint64(8) {
		r := base.NewRand(seed, 8)
		in := make([]byte, 600)
		for k := range in {
			in[k] = byte(r.IntN(256))
		}
		f.Add(in, seed)
	}
	f.Fuzz(func(t *testing.T, in []byte, arg uint64) {
		if len(in) > 4096 {
			t.Skip("long")
		}
		p := &programmer{in: in}
		differ(t, "program", p.program(), arg)
	})
}
