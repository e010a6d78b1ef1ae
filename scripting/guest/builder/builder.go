// Package builder makes the shipped guests from their sources, as packages
// without an author's signature. It needs the go command, and node (20 or newer)
// with npm for the AssemblyScript ones. For the Lua driver, which is no package,
// it needs Debian's clang, lld and wasi-libc, and apt to fetch Lua's source;
// without these tools that guest is left out, with a word.
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
	"github.com/metatopia/metatopia/scripting/iface/bind"
	"github.com/metatopia/metatopia/scripting/pkg"
	"github.com/metatopia/metatopia/scripting/pkg/recipe"
)

// Config says where things are.
type Config struct {
	Dir string    // of scripting/guest
	Out string    // where NAME.wasm, .source, .json, .tar and .tool go
	Log io.Writer // commands and their output, for people; nil for none
	// Guests are those to build; nil for the shipped ones.
	Guests []guest.Meta
}

// Build makes the declarations of imports for the SDKs, and every guest that is
// missing in Out or older than its sources.
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
	if err := bind.Write(cfg.Dir); err != nil {
		return fmt.Errorf("build guests: %w", err)
	}
	if err := cfg.copyMote(); err != nil {
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

// one makes a guest by its package file: packages/NAME.json. What it is built of
// goes to NAME.tar, what it was built with to NAME.tool.
func (c Config) one(ctx context.Context, m guest.Meta) error {
	sources, source := filepath.Join(c.Dir, "as"), filepath.Join(c.Dir, "as", m.Name+".ts")
	switch m.Language {
	case "Go":
		sources, source = filepath.Join(c.Dir, "go"), filepath.Join(c.Dir, "go", m.Name, "main.go")
	case "C":
		return c.driver(ctx, m)
	}
	file := filepath.Join(c.Dir, "packages", m.Name+".json")
	out := func(end string) string { return filepath.Join(c.Out, m.Name+end) }
	stale := false
	for _, end := range []string{".wasm", ".source", ".json", ".tar", ".tool"} {
		stale = stale || !fresh(sources, out(end)) || !newer(out(end), file)
	}
	if !stale {
		return nil
	}
	planFile, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	plan, err := pkg.ParsePlan(planFile)
	if err != nil {
		return err
	}
	want, err := plan.Manifest()
	if err != nil {
		return err
	}
	if len(want.Modules) != 1 || plan.Name != m.Name || plan.License != m.License {
		return fmt.Errorf("%s does not fit the list of guests", file)
	}
	if m.Language != "Go" {
		if err := c.npm(ctx); err != nil {
			return err
		}
	}
	files, err := recipe.Collect(sources, plan, planFile)
	if err != nil {
		return err
	}
	bundle, err := pkg.PackBundle(files)
	if err != nil {
		return err
	}
	near, err := filepath.Abs(sources)
	if err != nil {
		return err
	}
	built, err := recipe.Build(ctx, recipe.Config{Log: c.Log, Near: near}, want.Recipe, files, want.Modules)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	// The module last and renamed, so that an interrupted build leaves nothing
	// that looks fresh.
	for _, f := range []struct {
		end  string
		data []byte
	}{{".source", text}, {".json", planFile}, {".tar", bundle}, {".tool", []byte(built.Toolchain)}} {
		if err := os.WriteFile(out(f.end), f.data, 0o644); err != nil {
			return err
		}
	}
	part := out(".wasm.part")
	defer os.Remove(part)
	if err := os.WriteFile(part, built.Modules[0], 0o644); err != nil {
		return err
	}
	return os.Rename(part, out(".wasm"))
}

// driver makes a guest that is no package: its source is fetched, not here.
func (c Config) driver(ctx context.Context, m guest.Meta) error {
	sources := filepath.Join(c.Dir, "lua")
	wasm := filepath.Join(c.Out, m.Name+".wasm")
	copied := filepath.Join(c.Out, m.Name+".source")
	if fresh(sources, wasm) && fresh(sources, copied) {
		return nil
	}
	part := wasm + ".part"
	defer os.Remove(part)
	if err := c.luaGuest(ctx, m, part); err != nil {
		return err
	}
	text, err := c.luaText(m)
	if err != nil {
		return err
	}
	if err := os.WriteFile(copied, text, 0o644); err != nil {
		return err
	}
	return os.Rename(part, wasm)
}

// Compiler has the AssemblyScript compiler there, for who builds other guests
// with the SDK in cfg.Dir.
func Compiler(ctx context.Context, cfg Config) error { return cfg.npm(ctx) }

// npm fetches the AssemblyScript compiler, unless it is there.
func (c Config) npm(ctx context.Context) error {
	dir := filepath.Join(c.Dir, "as")
	if newer(filepath.Join(dir, "node_modules", ".package-lock.json"), filepath.Join(dir, "package-lock.json")) {
		return nil
	}
	if _, err := exec.LookPath("npm"); err != nil {
		return fmt.Errorf("npm is needed to fetch the AssemblyScript compiler: %w", err)
	}
	return c.run(ctx, "as", nil, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
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
