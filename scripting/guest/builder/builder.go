// Package builder makes the shipped guests from their sources. It needs the
// go command, and node (20 or newer) with npm for the AssemblyScript ones. For
// the Lua driver it needs Debian's clang, lld and wasi-libc, and apt to fetch
// Lua's source; without these tools that guest is left out, with a word.
package builder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/metatopia/metatopia/scripting/guest"
)

// Config says where things are.
type Config struct {
	Dir string    // of scripting/guest
	Out string    // where NAME.wasm and NAME.source go
	Log io.Writer // commands and their output, for people; nil for none
	// Guests are those to build; nil for the shipped ones.
	Guests []guest.Meta
}

// Build makes every guest that is missing in Out or older than its sources.
func Build(ctx context.Context, cfg Config) error {
	if cfg.Log == nil {
		cfg.Log = io.Discard
	}
	out, err := filepath.Abs(cfg.Out)
	if err != nil {
		return fmt.Errorf("build guests: %w", err)
	}
	cfg.Out = out
	if err := os.MkdirAll(out, 0o755); err != nil {
		return fmt.Errorf("build guests: %w", err)
	}
	if cfg.Guests == nil {
		cfg.Guests = guest.List()
	}
	for _, m := range cfg.Guests {
		err := cfg.one(ctx, m)
		if errors.Is(err, errNoTools) {
			fmt.Fprintf(cfg.Log, "guest %s is left out: %v\n", m.Name, err)
			continue
		}
		if err != nil {
			return fmt.Errorf("build guest %s: %w", m.Name, err)
		}
	}
	return nil
}

func (c Config) one(ctx context.Context, m guest.Meta) error {
	sources, source := filepath.Join(c.Dir, "as"), filepath.Join(c.Dir, "as", m.Name+".ts")
	switch m.Language {
	case "Go":
		sources, source = filepath.Join(c.Dir, "go"), filepath.Join(c.Dir, "go", m.Name, "main.go")
	case "C":
		sources, source = filepath.Join(c.Dir, "lua"), filepath.Join(c.Dir, "lua", luaEntry[m.Name])
	}
	wasm := filepath.Join(c.Out, m.Name+".wasm")
	copied := filepath.Join(c.Out, m.Name+".source")
	if fresh(sources, wasm) && fresh(sources, copied) {
		return nil
	}
	// Written beside and renamed, so that an interrupted build leaves nothing
	// that looks fresh.
	part := wasm + ".part"
	defer os.Remove(part)
	var err error
	switch m.Language {
	case "Go":
		err = c.goGuest(ctx, m, part)
	case "C":
		err = c.luaGuest(ctx, m, part)
	default:
		err = c.asGuest(ctx, m, part)
	}
	if err != nil {
		return err
	}
	text, err := os.ReadFile(source)
	if m.Language == "C" {
		text, err = c.luaText(m)
	}
	if err != nil {
		return err
	}
	if err := os.WriteFile(copied, text, 0o644); err != nil {
		return err
	}
	return os.Rename(part, wasm)
}

func (c Config) goGuest(ctx context.Context, m guest.Meta, out string) error {
	return c.run(ctx, "go", []string{"GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off"},
		"go", "build", "-trimpath", "-buildmode=c-shared", "-ldflags=-s -w", "-o", out, "./"+m.Name)
}

func (c Config) asGuest(ctx context.Context, m guest.Meta, out string) error {
	dir := filepath.Join(c.Dir, "as")
	if !newer(filepath.Join(dir, "node_modules", ".package-lock.json"), filepath.Join(dir, "package-lock.json")) {
		if _, err := exec.LookPath("npm"); err != nil {
			return fmt.Errorf("npm is needed to fetch the AssemblyScript compiler: %w", err)
		}
		if err := c.run(ctx, "as", nil, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"); err != nil {
			return err
		}
	}
	// A handler lives for one event and a loader for one lump: neither needs a
	// garbage collector.
	runtime := "stub"
	if m.Kind == "process" {
		runtime = "incremental"
	}
	return c.run(ctx, "as", nil, "node", "node_modules/assemblyscript/bin/asc.js", m.Name+".ts", "-o", out,
		"--runtime", runtime, "--exportStart", "_initialize", "--optimizeLevel", "3", "--shrinkLevel", "2",
		"--use", "abort=sdk/abort/abort")
}

func (c Config) run(ctx context.Context, dir string, env []string, name string, args ...string) error {
	fmt.Fprintln(c.Log, append([]string{name}, args...))
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = filepath.Join(c.Dir, dir)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = c.Log, c.Log
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// fresh tells whether a file is newer than every source below dir.
func fresh(dir, file string) bool {
	made, ok := modified(file)
	if !ok {
		return false
	}
	errStale := errors.New("stale")
	return nil == filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if err == nil && (d.Name() == "node_modules" || d.Name() == luaCache) {
				return filepath.SkipDir
			}
			return err
		}
		if t, ok := modified(path); !ok || !t.Before(made) {
			return errStale
		}
		return nil
	})
}

// newer tells whether a exists and is not older than b.
func newer(a, b string) bool {
	ta, oka := modified(a)
	tb, okb := modified(b)
	return oka && okb && !ta.Before(tb)
}

func modified(path string) (time.Time, bool) {
	info, err := os.Stat(path)
	if err != nil {
		return time.Time{}, false
	}
	return info.ModTime(), true
}
