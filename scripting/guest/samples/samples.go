package samples

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/metatopia/metatopia/scripting/guest/builder"
	"github.com/metatopia/metatopia/scripting/iface/bind"
	"github.com/metatopia/metatopia/scripting/pkg"
	"github.com/metatopia/metatopia/scripting/pkg/recipe"
)

// Languages are those that there are samples in.
var Languages = []string{"AssemblyScript", "C", "Go", "Rust", "WAT"}

// ErrMissing: the tools for a language are not on this machine; the text says
// what to install.
var ErrMissing = errors.New("tools are missing")

// Build makes the module of a sample. dir is scripting/guest; log gets the
// commands. Go has no counter: its run-time system is too large for a handler.
func Build(ctx context.Context, dir, language, name string, log io.Writer) ([]byte, error) {
	if err := bind.Write(dir); err != nil {
		return nil, err
	}
	var r pkg.Recipe
	var sub, entry string
	var needs []string
	switch language {
	case "AssemblyScript":
		if err := builder.Compiler(ctx, builder.Config{Dir: dir, Log: log}); err != nil {
			return nil, err
		}
		collector := "incremental"
		if name == "counter" || name == "visits" {
			collector = "stub"
		}
		r = pkg.Recipe{Tool: "assemblyscript", Options: []pkg.Setting{{Key: "runtime", Value: collector}, {Key: "use", Value: "abort=sdk/abort/abort"}}}
		sub, entry, needs = "as", "samples/"+name+".ts", []string{"sdk/", "samples/"}
	case "C":
		r = pkg.Recipe{Tool: "c", Options: []pkg.Setting{{Key: "sysroot", Value: "none"}}}
		sub, entry, needs = "c", "samples/"+name+".c", []string{"*.h", "samples/"}
	case "Go":
		r = pkg.Recipe{Tool: "go"}
		sub, entry, needs = "go", "samples/"+name, []string{"go.mod", "sdk/", "samples/"}
	case "Rust":
		return rust(ctx, filepath.Join(dir, "rust"), name, log)
	case "WAT":
		r = pkg.Recipe{Tool: "wat"}
		sub, entry, needs = "wat", "samples/"+name+".wat", []string{"samples/"}
	default:
		return nil, fmt.Errorf("samples: no language %q", language)
	}
	near, err := filepath.Abs(filepath.Join(dir, sub))
	if err != nil {
		return nil, fmt.Errorf("samples: %w", err)
	}
	files, err := recipe.Collect(near, &pkg.Plan{Source: needs}, nil)
	if err != nil {
		return nil, fmt.Errorf("samples: %w", err)
	}
	kept := ""
	if language == "AssemblyScript" || language == "Go" { // seconds each
		kept = keep(dir, files, language, name)
		if wasm, err := os.ReadFile(kept); err == nil {
			return wasm, nil
		}
	}
	built, err := recipe.Build(ctx, recipe.Config{Log: log, Near: near}, r, files, []pkg.Module{{Entry: entry}})
	var missing *recipe.Missing
	if errors.As(err, &missing) {
		return nil, fmt.Errorf("samples: %w: %w: %s", ErrMissing, err, missing.Hint)
	}
	if err != nil {
		return nil, fmt.Errorf("samples: %s %s: %w", language, name, err)
	}
	if kept != "" {
		if err := os.MkdirAll(filepath.Dir(kept), 0o755); err != nil {
			return nil, fmt.Errorf("samples: %w", err)
		}
		if err := os.WriteFile(kept, built.Modules[0], 0o644); err != nil {
			return nil, fmt.Errorf("samples: %w", err)
		}
	}
	return built.Modules[0], nil
}

// keep is where the module made of the files is kept: its name is a hash of all
// that it depends on.
func keep(dir string, files []pkg.File, language, name string) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s %s %s\n", language, name, runtime.Version())
	lock, _ := os.ReadFile(filepath.Join(dir, "as", "package-lock.json")) // names the compiler; there is none without it
	h.Write(lock)
	for _, f := range files {
		fmt.Fprintf(h, "%s %d\n", f.Path, len(f.Data))
		h.Write(f.Data)
	}
	return filepath.Join(dir, "samples", "cache", hex.EncodeToString(h.Sum(nil))+".wasm")
}

// rust runs rustc, if it has the standard library for WebAssembly. RUSTC names
// another one.
func rust(ctx context.Context, dir, name string, log io.Writer) ([]byte, error) {
	const target = "wasm32-unknown-unknown"
	rustc := os.Getenv("RUSTC")
	if rustc == "" {
		rustc = "rustc"
	}
	lib, err := exec.CommandContext(ctx, rustc, "--print", "target-libdir", "--target", target).Output()
	if err == nil {
		_, err = os.Stat(strings.TrimSpace(string(lib)))
	}
	if err != nil {
		return nil, fmt.Errorf("samples: %w: rustc with the target %s (rustup target add %s, or Debian: apt-get install rustc libstd-rust-dev-wasm32): %w", ErrMissing, target, target, err)
	}
	tmp, err := os.MkdirTemp("", "metatopia-rust-")
	if err != nil {
		return nil, fmt.Errorf("samples: %w", err)
	}
	defer os.RemoveAll(tmp)
	out := filepath.Join(tmp, name+".wasm")
	cmd := exec.CommandContext(ctx, rustc, "--target", target, "--crate-type", "cdylib", "--edition", "2021", "-C", "opt-level=2",
		"-C", "panic=abort", "-C", "strip=symbols", "-C", "link-arg=-zstack-size=65536", "-o", out, filepath.Join("samples", name+".rs"))
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	fmt.Fprintln(log, cmd.Args)
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("samples: rust %s: %w", name, err)
	}
	return os.ReadFile(out)
}
