package lint

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"testing"
)

// compile type-checks one fixture against the standard library's source.
func compile(t *testing.T, text string) *Source {
	t.Helper()
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "fixture.go", text, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	s, err := check("fixture", fset, []*ast.File{f}, importer.ForCompiler(fset, "source", nil))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCoreControls(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"go statement", `package p; func f() { go f() }`, "starts no goroutine"},
		{"channel type", `package p; var c chan int`, "no channel"},
		{"make of a channel", `package p; func f() { _ = make(chan int) }`, "no channel"},
		{"select", `package p; func f() { select {} }`, "no select"},
		{"map range", `package p; func f(m map[int]int) { for range m {} }`, "ranges over a map"},
		{"named map range", `package p; type M map[int]int; func f(m M) { for k := range m { _ = k } }`, "ranges over a map"},
		{"slice range", `package p; func f(m []int) { for range m {} }`, ""},
		{"excused above", "package p\nfunc f(m map[int]int) (n int) {\n//lint:sorted a sum has no order\nfor range m { n++ }\nreturn }", ""},
		{"excused without a reason", "package p\nfunc f(m map[int]int) (n int) {\n//lint:sorted\nfor range m { n++ }\nreturn }", "ranges over a map"},
		{"keys", `package p; import "maps"; func f(m map[int]int) { for k := range maps.Keys(m) { _ = k } }`, "random order"},
		{"sorted keys", `package p; import ("maps"; "slices"); func f(m map[int]int) { for _, k := range slices.Sorted(maps.Keys(m)) { _ = k } }`, ""},
	} {
		t.Run(tc.name, func(t *testing.T) { expect(t, Core(compile(t, tc.text)), tc.want) })
	}
}

func TestFloatControls(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"sum of a product", `package p; func f(x, y, z float32) float32 { return x*y + z }`, "may be fused"},
		{"on the right", `package p; func f(x, y, z float64) float64 { return z - x*y }`, "may be fused"},
		{"in parentheses", `package p; func f(x, y, z float32) float32 { return z + (x*y) }`, "may be fused"},
		{"negated", `package p; func f(x, y, z float32) float32 { return z + -(x*y) }`, "may be fused"},
		{"assigned", `package p; func f(x, y, z float32) float32 { z += x*y; return z }`, "may be fused"},
		{"named type", `package p; type M float32; func f(x, y, z M) M { return x*y + z }`, "may be fused"},
		{"kept in a variable", `package p; func f(x, y, z float32) float32 { t := x*y; return t + z }`, "may be fused"},
		{"returned", `package p; func f(x, y float32) float32 { return x*y }`, "may be fused"},
		{"an argument", `package p; func g(x float32) float32 { return x }; func f(x, y float32) float32 { return g(x*y) }`, "may be fused"},
		{"multiplied by itself", `package p; func f(x, y float32) float32 { x *= y; return x }`, "may be fused"},
		{"three factors", `package p; func f(x, y, z float32) float32 { return float32(x*y*z) }`, ""},
		{"compared", `package p; func f(x, y, z float32) bool { return x*y < -(z*z) }`, ""},
		{"halved", `package p; func f(x, y float32) float32 { return x/2 + y }`, "may be fused"},
		{"a third", `package p; func f(x, y float32) float32 { return x/3 + y }`, ""},
		{"divided", `package p; func f(x, y, z float32) float32 { return x*y / z }`, ""},
		{"made an integer", `package p; func f(x float32) int32 { return int32(x) }`, "clamp before converting"},
		{"half bounded", `package p; func f(x float32) int32 { return int32(max(x, 0)) }`, "clamp before converting"},
		{"bounded", `package p; func f(x float32) int32 { return int32(min(max(x, 0), 9)) }`, ""},
		{"clamped", `package p; import "github.com/metatopia/metatopia/spatial/det"; func f(x float32) int32 { return int32(det.Clamp(x, 0, 9)) }`, ""},
		{"excused range", "package p\nfunc f(x float32) int32 {\nreturn int32(x) //lint:clamped by the caller\n}", ""},
		{"converted", `package p; func f(x, y, z float32) float32 { return float32(x*y) + z }`, ""},
		{"integers", `package p; func f(x, y, z int) int { return x*y + z }`, ""},
		{"constants", `package p; const c = 2.0; func f(x float64) float64 { return x + c*c }`, ""},
		{"sine", `package p; import "math"; func f(x float64) float64 { return math.Sin(x) }`, "differs between CPUs"},
		{"square root", `package p; import "math"; func f(x float64) float64 { return math.Sqrt(x) }`, ""},
	} {
		t.Run(tc.name, func(t *testing.T) { expect(t, Floats(compile(t, tc.text)), tc.want) })
	}
}
