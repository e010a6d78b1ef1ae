package admit_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/metatopia/metatopia/scripting/admit"
)

// host is a policy with one function of each shape, for tests.
var host = admit.Policy{MaxPages: 16, Import: func(module, name string) (admit.Signature, bool) {
	if module == "env" && name == "add" {
		return admit.Signature{Params: []admit.ValType{admit.I64, admit.I64}, Results: []admit.ValType{admit.I64}}, true
	}
	return admit.Signature{}, false
}}

var (
	errSpent = errors.New("out of gas")
	errDeep  = errors.New("too deep")
)

// run instantiates a module and calls an export. The gas is given in slices;
// it stops with errSpent when the budget is spent. A plain module has no
// meter and gives gas 0.
func run(t testing.TB, wasm []byte, export string, slice, budget int64, args ...uint64) (results []uint64, gas int64, err error) {
	t.Helper()
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigCompiler())
	defer r.Close(ctx)
	granted := int64(0)
	meter := func(_ context.Context, mod api.Module, stack []uint64) {
		if stack[0] == admit.SpentDepth {
			panic(errDeep)
		}
		g := mod.ExportedGlobal(admit.GasGlobal).(api.MutableGlobal)
		used := granted - int64(g.Get())
		if used > budget {
			panic(errSpent)
		}
		granted = used + min(slice, budget-used)
		g.Set(uint64(granted - used))
	}
	i64 := api.ValueTypeI64
	if _, err := r.NewHostModuleBuilder(admit.MeterModule).NewFunctionBuilder().
		WithGoModuleFunction(api.GoModuleFunc(meter), []api.ValueType{api.ValueTypeI32}, nil).
		Export(admit.MeterImport).Instantiate(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := r.NewHostModuleBuilder("env").NewFunctionBuilder().
		WithGoModuleFunction(api.GoModuleFunc(func(_ context.Context, _ api.Module, s []uint64) { s[0] += s[1] }),
			[]api.ValueType{i64, i64}, []api.ValueType{i64}).
		Export("add").Instantiate(ctx); err != nil {
		t.Fatal(err)
	}
	mod, err := r.Instantiate(ctx, wasm)
	if err != nil {
		t.Fatalf("instantiate: %v", err)
	}
	g, _ := mod.ExportedGlobal(admit.GasGlobal).(api.MutableGlobal)
	if g != nil {
		granted = min(slice, budget)
		g.Set(uint64(granted))
	}
	results, err = mod.ExportedFunction(export).Call(ctx, args...)
	if g != nil {
		gas = granted - int64(g.Get())
	}
	for _, known := range []error{errSpent, errDeep} {
		if errors.Is(err, known) {
			err = known
		}
	}
	return results, gas, err
}

func rewrite(t testing.TB, wasm []byte) []byte {
	t.Helper()
	res, err := admit.Rewrite(wasm, host)
	if err != nil {
		t.Fatal(err)
	}
	return res.Wasm
}

// compare runs a module as it is and rewritten: the results must agree, and
// the gas must not depend on the slices.
func compare(t testing.TB, name string, wasm []byte, args ...uint64) {
	t.Helper()
	want, _, wantErr := run(t, wasm, "run", 0, 0, args...)
	metered := rewrite(t, wasm)
	var first int64
	for _, slice := range []int64{math.MaxInt64, 1000, 7} {
		got, gas, err := run(t, metered, "run", slice, math.MaxInt64, args...)
		if (err == nil) != (wantErr == nil) || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%s: got %v, %v; the plain module gives %v, %v", name, got, err, want, wantErr)
		}
		if first == 0 {
			first = gas
		}
		if gas != first || gas <= 0 {
			t.Fatalf("%s: gas %d with slices of %d, %d without", name, gas, slice, first)
		}
	}
}
