package sdktest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/metatopia/metatopia/scripting"
	"github.com/metatopia/metatopia/scripting/guest"
	"github.com/metatopia/metatopia/scripting/guest/builder"
)

// TestProcesses: the same program in each language finds processes as they are
// documented.
func TestProcesses(t *testing.T) {
	for _, language := range []string{"AssemblyScript", "Go"} {
		t.Run(language, func(t *testing.T) {
			out := t.TempDir()
			err := builder.Build(t.Context(), builder.Config{Dir: "..", Out: out, Log: t.Output(),
				Guests: []guest.Meta{{Name: "try", Kind: "process", Language: language}}})
			if err != nil {
				t.Fatal(err)
			}
			wasm, err := os.ReadFile(filepath.Join(out, "try.wasm"))
			if err != nil {
				t.Fatal(err)
			}
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
