package admit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/metatopia/metatopia/scripting/admit"
)

// specDirs are where the engine's source keeps the test suite of the
// WebAssembly specification, as wast2json made it.
var specDirs = []string{"v1/testdata", "v2/testdata", "exception-handling/testdata", "extended-const/testdata",
	"tail-call/testdata", "threads/testdata", "typed-function-references/testdata"}

// specFile is one file of the suite.
type specFile struct {
	Commands []struct {
		Type     string     `json:"type"`
		Line     int        `json:"line"`
		Name     string     `json:"name"`
		Filename string     `json:"filename"`
		Kind     string     `json:"module_type"`
		Action   specAction `json:"action"`
	} `json:"commands"`
}

type specAction struct {
	Type   string `json:"type"`
	Module string `json:"module"`
	Field  string `json:"field"`
	Args   []struct {
		Type  string          `json:"type"`
		Value json.RawMessage `json:"value"`
	} `json:"args"`
}

// specDir finds the suite in the module cache.
func specDir(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/tetratelabs/wazero").Output()
	if err != nil {
		t.Fatalf("where is the engine's source: %v", err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "internal/integration_test/spectest")
}

// specHost offers the functions that the suite imports.
var specHost = admit.Policy{MaxPages: specPages, Import: func(module, name string) (admit.Signature, bool) {
	params, ok := map[string][]admit.ValType{
		"print": nil, "print_i32": {admit.I32}, "print_i64": {admit.I64}, "print_f32": {admit.F32}, "print_f64": {admit.F64},
		"print_i32_f32": {admit.I32, admit.F32}, "print_f64_f64": {admit.F64, admit.F64},
	}[name]
	return admit.Signature{Params: params}, ok && module == "spectest"
}}

const specPages = 1024

// specTally counts what became of the suite.
type specTally struct {
	admitted, refused, invalid, calls, traps, nans int
	why                                            map[string]int
}

// TestSpecSuite puts every module of the specification's test suite through
// admission. What is admitted gives in every call of the suite what the plain
// module gives; a valid module that is not says why, and is not called
// malformed; what the suite calls invalid stays so.
func TestSpecSuite(t *testing.T) {
	dir := specDir(t)
	total := specTally{why: map[string]int{}}
	files := 0
	for _, sub := range specDirs {
		list, err := filepath.Glob(filepath.Join(dir, sub, "*.json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range list {
			if testing.Short() && files%8 != 0 {
				files++
				continue
			}
			files++
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var f specFile
			if err := json.Unmarshal(b, &f); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			runSpec(t, file, f, &total)
		}
	}
	t.Logf("%d files: %d modules admitted, %d refused, %d invalid, %d calls: %d trap, %d show a NaN", files, total.admitted, total.refused, total.invalid, total.calls, total.traps, total.nans)
	for why, n := range total.why {
		t.Logf("%6d %s", n, why)
	}
	if !testing.Short() && (total.admitted < 1000 || total.calls < 20_000 || total.traps < 500 || total.invalid < 1000) {
		t.Error("too little of the suite was run")
	}
}

// specWorld is a runtime with the suite's host functions and the meter.
func specWorld(ctx context.Context, t *testing.T) wazero.Runtime {
	t.Helper()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigCompiler().WithMemoryLimitPages(specPages))
	b := r.NewHostModuleBuilder("spectest")
	none := api.GoModuleFunc(func(context.Context, api.Module, []uint64) {})
	for _, name := range []string{"print", "print_i32", "print_i64", "print_f32", "print_f64", "print_i32_f32", "print_f64_f64"} {
		sig, _ := specHost.Import("spectest", name)
		var params []api.ValueType
		for _, p := range sig.Params {
			params = append(params, api.ValueType(p))
		}
		b.NewFunctionBuilder().WithGoModuleFunction(none, params, nil).Export(name)
	}
	if _, err := b.Instantiate(ctx); err != nil {
		t.Fatal(err)
	}
	spent := func(_ context.Context, _ api.Module, stack []uint64) {
		if stack[0] == admit.SpentDepth {
			panic(errDeep)
		}
		panic(errSpent)
	}
	if _, err := r.NewHostModuleBuilder(admit.MeterModule).NewFunctionBuilder().
		WithGoModuleFunction(api.GoModuleFunc(spent), []api.ValueType{api.ValueTypeI32}, nil).
		Export(admit.MeterImport).Instantiate(ctx); err != nil {
		t.Fatal(err)
	}
	return r
}

// specPair is a module in both forms.
type specPair struct{ plain, metered api.Module }

func runSpec(t *testing.T, file string, f specFile, total *specTally) {
	ctx := context.Background()
	plain, metered := specWorld(ctx, t), specWorld(ctx, t)
	defer plain.Close(ctx)
	defer metered.Close(ctx)
	named := map[string]*specPair{}
	var last *specPair
	for _, c := range f.Commands {
		where := fmt.Sprintf("%s:%d", filepath.Base(file), c.Line)
		switch c.Type {
		case "module", "assert_uninstantiable", "assert_unlinkable":
			p := specModule(ctx, t, where, filepath.Join(filepath.Dir(file), c.Filename), c.Type == "module", plain, metered, total)
			if c.Type == "module" {
				last = p
				if c.Name != "" {
					named[c.Name] = p
				}
			}
		case "assert_invalid", "assert_malformed":
			if c.Kind != "text" {
				specInvalid(ctx, t, where, filepath.Join(filepath.Dir(file), c.Filename), plain, metered, total)
			}
		case "action", "assert_return", "assert_trap", "assert_exhaustion":
			p := last
			if c.Action.Module != "" {
				p = named[c.Action.Module]
			}
			if p != nil && c.Action.Type == "invoke" {
				specCall(ctx, t, where, p, c.Action, total)
			}
		}
	}
}

// specModule admits a valid module and instantiates it in both forms; nil when
// it is refused.
func specModule(ctx context.Context, t *testing.T, where, path string, starts bool, plain, metered wazero.Runtime, total *specTally) *specPair {
	wasm, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	res, err := admit.Rewrite(wasm, specHost)
	if err != nil {
		if errors.Is(err, admit.ErrMalformed) {
			t.Errorf("%s: a valid module: %v", where, err)
		}
		total.refused++
		total.why[specWhy(err)]++
		return nil
	}
	total.admitted++
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions()
	p, perr := plain.InstantiateWithConfig(ctx, wasm, config)
	m, merr := metered.InstantiateWithConfig(ctx, res.Wasm, config)
	if merr == nil && len(res.Data) != 0 {
		var memory []byte
		if mem := m.Memory(); mem != nil {
			memory, _ = mem.Read(0, mem.Size())
		}
		if !res.WriteData(memory) {
			merr = errors.New("data out of bounds")
		}
	}
	if (perr == nil) != (merr == nil) || starts && perr != nil {
		t.Errorf("%s: plain %v, metered %v", where, perr, merr)
	}
	if perr != nil || merr != nil {
		return nil
	}
	m.ExportedGlobal(admit.GasGlobal).(api.MutableGlobal).Set(math.MaxInt64)
	return &specPair{p, m}
}

// specWhy is the kind of a refusal, without its numbers.
func specWhy(err error) string {
	s := strings.TrimPrefix(err.Error(), "admit: ")
	if strings.HasPrefix(s, "function ") {
		_, s, _ = strings.Cut(s, ": ")
	}
	if before, _, ok := strings.Cut(s, ": import "); ok {
		s = before + ": an import"
	}
	return s
}

// specInvalid: what is no module is not made one. Some of the older suite is
// invalid there alone; the engine knows the newer rules.
func specInvalid(ctx context.Context, t *testing.T, where, path string, plain, metered wazero.Runtime, total *specTally) {
	wasm, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	total.invalid++
	res, err := admit.Rewrite(wasm, specHost)
	if err != nil {
		return
	}
	m, err := metered.CompileModule(ctx, res.Wasm)
	if err != nil {
		return
	}
	m.Close(ctx)
	p, err := plain.CompileModule(ctx, wasm)
	if err != nil {
		t.Errorf("%s: admitted, but invalid: %v", where, err)
		return
	}
	p.Close(ctx)
}

func specCall(ctx context.Context, t *testing.T, where string, p *specPair, a specAction, total *specTally) {
	f, g := p.plain.ExportedFunction(a.Field), p.metered.ExportedFunction(a.Field)
	if f == nil || g == nil {
		t.Errorf("%s: %s: plain %v, metered %v", where, a.Field, f, g)
		return
	}
	var args []uint64
	for _, arg := range a.Args {
		args = append(args, specValue(t, arg.Type, arg.Value))
	}
	total.calls++
	want, perr := f.Call(ctx, args...)
	got, merr := g.Call(ctx, args...)
	if perr != nil {
		total.traps++
	}
	types := f.Definition().ResultTypes()
	same := (perr == nil) == (merr == nil) && len(got) == len(want)
	for k := range want {
		if !same || sameValue(types[k], want[k], got[k]) {
			continue
		}
		if same = shownNaN(types[k], want[k], got[k], a); same {
			total.nans++
		}
	}
	if !same {
		t.Errorf("%s: %s(%v): %v, %v; plain %v, %v", where, a.Field, args, got, merr, want, perr)
	}
	if merr != nil { // counters are not what they were after a trap
		p.metered.ExportedGlobal(admit.DepthGlobal).(api.MutableGlobal).Set(admit.Depth)
	}
}

// sameValue compares results: NaNs by being ones, references by being null.
func sameValue(t api.ValueType, a, b uint64) bool {
	switch t {
	case api.ValueTypeF32:
		x, y := math.Float32frombits(uint32(a)), math.Float32frombits(uint32(b))
		return x != x && y != y || uint32(a) == uint32(b)
	case api.ValueTypeF64:
		x, y := math.Float64frombits(a), math.Float64frombits(b)
		return x != x && y != y || a == b
	case api.ValueTypeI32:
		return uint32(a) == uint32(b)
	case 0x70: // funcref
		return (a == 0) == (b == 0)
	}
	return a == b
}

// shownNaN tells whether results differ because the plain module shows the
// bits of a NaN, which the metered one makes canonical.
func shownNaN(t api.ValueType, want, got uint64, a specAction) bool {
	nan32 := func(v uint64) bool { return v<<32>>32 == v && v&0x7fffffff > 0x7f800000 }
	nan64 := func(v uint64) bool { return v<<1>>1 > 0x7ff0000000000000 }
	switch t {
	case api.ValueTypeI32:
		return nan32(want) && got == 0x7fc00000
	case api.ValueTypeI64:
		return nan64(want) && got == 0x7ff8000000000000
	case api.ValueTypeF32:
		return a.Field == "copysign" && want^got == 1<<31
	case api.ValueTypeF64:
		return a.Field == "copysign" && want^got == 1<<63
	}
	return false
}

// specValue reads an argument.
func specValue(t *testing.T, typ string, raw json.RawMessage) uint64 {
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatalf("argument %s %s: %v", typ, raw, err)
	}
	switch {
	case s == "null":
		return 0
	case strings.HasPrefix(s, "nan:") && typ == "f32":
		return 0x7fc00000
	case strings.HasPrefix(s, "nan:"):
		return 0x7ff8000000000000
	}
	if v, err := strconv.ParseInt(s, 10, 64); err == nil && v < 0 {
		return uint64(v)
	}
	v, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatalf("argument %s %s: %v", typ, s, err)
	}
	return v
}
