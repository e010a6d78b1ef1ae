package recipe

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/scripting/pkg"
	"github.com/metatopia/metatopia/scripting/script"
)

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func of(entry string) []pkg.Module { return []pkg.Module{{Target: pkg.Sim, Entry: entry}} }

func names(files []pkg.File) (out []string) {
	for _, f := range files {
		out = append(out, f.Path)
	}
	slices.Sort(out)
	return out
}

func TestCollect(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"a.ts": "a", "sdk/b.ts": "b", "sdk/deep/c.ts": "c", ".git/x": "x", "node_modules/m/y": "y", "old.wasm": "w", ".env": "secret", "pkg.json": "other"})
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	plan := &pkg.Plan{Build: pkg.Build{Tool: "assemblyscript"}, Modules: map[string]string{"sim": "a.ts"}}
	got, err := Collect(dir, plan, []byte("{}"))
	if want := []string{"a.ts", "pkg.json", "sdk/b.ts", "sdk/deep/c.ts"}; err != nil || !slices.Equal(names(got), want) {
		t.Errorf("%v, %v", names(got), err)
	}
	plan.Source = []string{"*.ts", "sdk/"}
	if got, err = Collect(dir, plan, []byte("{}")); err != nil || len(got) != 4 {
		t.Errorf("%v, %v", names(got), err)
	}
	plan.Source = []string{"sdk/*.ts", "?.ts"}
	if got, err = Collect(dir, plan, []byte("{}")); err != nil || len(got) != 3 {
		t.Errorf("%v, %v", names(got), err)
	}
	plan.Source = []string{"*.js"}
	if _, err = Collect(dir, plan, nil); !errors.Is(err, ErrRecipe) {
		t.Error(err)
	}
	plan = &pkg.Plan{Build: pkg.Build{Tool: "prebuilt"}, Modules: map[string]string{"sim": "old.wasm"}}
	if got, err = Collect(dir, plan, nil); err != nil || !slices.Contains(names(got), "old.wasm") {
		t.Errorf("%v, %v", names(got), err)
	}
}

func TestPrebuilt(t *testing.T) {
	files := []pkg.File{{Path: "x.wasm", Data: []byte("\x00asm")}}
	got, err := Build(t.Context(), Config{}, pkg.Recipe{Tool: "prebuilt"}, files, of("x.wasm"))
	if err != nil || len(got.Modules) != 1 || string(got.Modules[0]) != "\x00asm" {
		t.Fatalf("%+v, %v", got, err)
	}
	for _, bad := range []struct {
		r     pkg.Recipe
		entry string
	}{
		{pkg.Recipe{Tool: "make"}, "x.wasm"},
		{pkg.Recipe{Tool: "prebuilt", Options: []pkg.Setting{{Key: "a", Value: "b"}}}, "x.wasm"},
		{pkg.Recipe{Tool: "assemblyscript", Options: []pkg.Setting{{Key: "use", Value: "--transform"}}}, "x.ts"},
		{pkg.Recipe{Tool: "prebuilt"}, "y.wasm"},
		{pkg.Recipe{Tool: "prebuilt"}, "../x.wasm"},
	} {
		if _, err := Build(t.Context(), Config{}, bad.r, files, of(bad.entry)); err == nil {
			t.Errorf("%+v is built", bad)
		}
	}
}

func TestLua(t *testing.T) {
	files := []pkg.File{{Path: "bell/bell.lua", Data: []byte("function on_touch() end\n")}}
	r := pkg.Recipe{Tool: "lua"}
	got, err := Build(t.Context(), Config{}, r, files, of("bell/bell.lua"))
	if err != nil || string(got.Modules[0]) != string(files[0].Data) {
		t.Fatalf("%+v, %v", got, err)
	}
	r.Options = []pkg.Setting{{Key: "driver.sim", Value: "bafkdriver"}}
	got, err = Build(t.Context(), Config{}, r, files, of("bell/bell.lua"))
	if err != nil {
		t.Fatal(err)
	}
	if s, err := script.Parse(got.Modules[0]); err != nil || s.Name != "bell.lua" || s.Driver != "bafkdriver" || !bytes.Equal(s.Text, files[0].Data) {
		t.Errorf("%+v, %v", s, err)
	}
	files[0].Data = []byte("\xff")
	if _, err = Build(t.Context(), Config{}, r, files, of("bell/bell.lua")); !errors.Is(err, ErrRecipe) {
		t.Error(err)
	}
}

func TestMissingTool(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for tool := range tools {
		_, err := Build(t.Context(), Config{}, pkg.Recipe{Tool: tool}, []pkg.File{{Path: "a"}}, of("a"))
		var missing *Missing
		if tool != "prebuilt" && tool != "lua" && (!errors.As(err, &missing) || missing.Hint == "") {
			t.Errorf("%s: %v", tool, err)
		}
	}
}

// The same source gives the same module, wherever and whenever it is built.
func TestGoIsReproducible(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles for wasm")
	}
	files := []pkg.File{
		{Path: "go.mod", Data: []byte("module example.org/guest\n\ngo 1.24\n")},
		{Path: "main/main.go", Data: []byte("package main\n\n//go:wasmexport run\nfunc run() {}\n\nfunc main() {}\n")},
	}
	var first []byte
	for range 2 {
		got, err := Build(t.Context(), Config{}, pkg.Recipe{Tool: "go"}, files, of("main"))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(got.Toolchain, "go1.") || !bytes.HasPrefix(got.Modules[0], []byte("\x00asm")) {
			t.Fatalf("%q, %d bytes", got.Toolchain, len(got.Modules[0]))
		}
		if first == nil {
			first = got.Modules[0]
		} else if !bytes.Equal(first, got.Modules[0]) {
			t.Error("two builds differ")
		}
	}
	files[1].Data = []byte("package main\n\nfunc run( {}\n")
	if _, err := Build(t.Context(), Config{}, pkg.Recipe{Tool: "go"}, files, of("main")); !errors.Is(err, ErrRecipe) || !strings.Contains(err.Error(), "syntax error") {
		t.Error(err)
	}
}

// What is not on this machine is skipped; the recipe of C is the one that has
// most to leave out of what it makes.
func TestCIsReproducible(t *testing.T) {
	if _, err := exec.LookPath("clang"); err != nil {
		t.Skip(err)
	}
	files := []pkg.File{
		{Path: "src/a.c", Data: []byte("#include \"b.h\"\n__attribute__((export_name(\"run\"))) void run(void) { twice(__FILE__[0]); }\n")},
		{Path: "src/b.c", Data: []byte("#include \"b.h\"\nint n;\nvoid twice(int x) { n += 2 * x; }\n")},
		{Path: "src/b.h", Data: []byte("void twice(int x);\n")},
	}
	r := pkg.Recipe{Tool: "c", Options: []pkg.Setting{{Key: "opt", Value: "s"}, {Key: "sysroot", Value: "none"}}}
	var first []byte
	for range 2 {
		got, err := Build(t.Context(), Config{}, r, files, of("src"))
		if err != nil {
			if strings.Contains(err.Error(), "wasm-ld") {
				t.Skip(err)
			}
			t.Fatal(err)
		}
		if !strings.Contains(got.Toolchain, "clang") || !bytes.HasPrefix(got.Modules[0], []byte("\x00asm")) || bytes.Contains(got.Modules[0], []byte("metatopia-build")) {
			t.Fatalf("%q, %d bytes", got.Toolchain, len(got.Modules[0]))
		}
		if first == nil {
			first = got.Modules[0]
		} else if !bytes.Equal(first, got.Modules[0]) {
			t.Error("two builds differ")
		}
	}
	r.Options[0].Value = "9"
	if _, err := Build(t.Context(), Config{}, r, files, of("src")); !errors.Is(err, ErrRecipe) {
		t.Error(err)
	}
}
