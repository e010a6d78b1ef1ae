package sdktest

import (
	"path/filepath"
	"testing"

	"github.com/metatopia/metatopia/scripting"
	"github.com/metatopia/metatopia/scripting/pkg"
	"github.com/metatopia/metatopia/scripting/pkg/recipe"
)

// plans say how to build the program in each language, as a package's file
// does.
var plans = map[string]struct{ dir, plan string }{
	"AssemblyScript": {"as", `{"name": "try", "version": "1.0.0", "license": "MIT",
		"build": {"tool": "assemblyscript", "options": {"runtime": "incremental", "use": "abort=sdk/abort/abort"}},
		"modules": {"process": "try.ts"}, "source": ["try.ts", "sdk/", "LICENSE"]}`},
	"Go": {"go", `{"name": "try", "version": "1.0.0", "license": "MIT", "build": {"tool": "go"},
		"modules": {"process": "try"}, "source": ["go.mod", "sdk/", "try/", "LICENSE"]}`},
}

// TestProcesses: the same program in each language finds processes as they are
// documented.
func TestProcesses(t *testing.T) {
	for language, x := range plans {
		t.Run(language, func(t *testing.T) {
			wasm := build(t, filepath.Join("..", x.dir), x.plan)
			e, err := scripting.NewEngine(scripting.EngineConfig{})
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			m, err := e.Admit(wasm)
			if err != nil {
				t.Fatal(err)
			}
			ps := scripting.NewProcesses(scripting.ProcessesConfig{Engine: e})
			defer ps.Close()
			i, err := ps.Spawn(scripting.SpawnSpec{Module: m})
			if err == nil {
				i, err = ps.Wait(t.Context(), i.PID)
			}
			if err != nil || i.Exit != "exit 0" {
				t.Errorf("%s, %v", i.Exit, err)
			}
			err = ps.Tail(t.Context(), 0, "", false, func(l scripting.LogLine) error {
				t.Log(l.PID, l.Level, l.Text)
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

func build(t *testing.T, dir, text string) []byte {
	t.Helper()
	plan, err := pkg.ParsePlan([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want, err := plan.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	files, err := recipe.Collect(dir, plan, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	near, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	built, err := recipe.Build(t.Context(), recipe.Config{Log: t.Output(), Near: near}, want.Recipe, files, want.Modules)
	if err != nil {
		t.Fatal(err)
	}
	return built.Modules[0]
}
