package recipe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/metatopia/metatopia/scripting/pkg"
)

const (
	// maxModule bounds what a tool may make, in bytes.
	maxModule = 32 << 20
	// buildTime bounds one run of a tool.
	buildTime = 10 * time.Minute
	// maxWords bounds what of a tool's complaints becomes part of an error.
	maxWords = 2000
)

// ErrRecipe: the recipe, or the source, is not one that this version builds.
var ErrRecipe = errors.New("cannot be built")

// Missing is the error for a tool that is not on this machine.
type Missing struct{ Tool, Hint string }

func (m *Missing) Error() string { return "the tool " + m.Tool + " is not on this machine" }

// Config of a build. The zero value is ready.
type Config struct {
	Log io.Writer // commands and what they say, for people; nil for none
	// Paths of tools that are not found by their names: asc, clang, go,
	// wat2wasm.
	Paths map[string]string
	// Near is a directory from which asc is looked for in node_modules,
	// upwards; "" looks for it by name only.
	Near string
}

// Built is what a build gives: the modules in the order of the targets.
type Built struct {
	Modules   [][]byte
	Toolchain string
}

// tool is one kind of recipe.
type tool struct {
	options []string // that the recipe may have
	// version says what the tool is; "" when there is nothing to say.
	version func(context.Context, *bench) (string, error)
	build   func(ctx context.Context, b *bench, entry, out string) error
}

var tools = map[string]tool{
	"go":             {nil, goVersion, goBuild},
	"assemblyscript": {[]string{"runtime", "use"}, ascVersion, ascBuild},
	"c":              {[]string{"exports", "opt", "sysroot"}, clangVersion, clangBuild},
	"lua":            {[]string{"driver.process", "driver.sim"}, noVersion, luaBuild},
	"wat":            {nil, watVersion, watBuild},
	"prebuilt":       {nil, noVersion, prebuilt},
}

// Tools are the names of all recipes.
func Tools() []string { return []string{"assemblyscript", "c", "go", "lua", "prebuilt", "wat"} }

// bench is a directory with the source.
type bench struct {
	Config
	dir     string
	options map[string]string
	target  pkg.Target // of the module that is being built
}

// Build makes the modules of a recipe: of each the target and the entry count, a
// path in the source.
func Build(ctx context.Context, cfg Config, r pkg.Recipe, files []pkg.File, modules []pkg.Module) (*Built, error) {
	t, ok := tools[r.Tool]
	if !ok {
		return nil, fmt.Errorf("recipe: %w: tool %q is none of %s", ErrRecipe, r.Tool, strings.Join(Tools(), ", "))
	}
	b := &bench{Config: cfg, options: map[string]string{}}
	if b.Log == nil {
		b.Log = io.Discard
	}
	for _, o := range r.Options {
		if !slices.Contains(t.options, o.Key) || strings.HasPrefix(o.Value, "-") {
			return nil, fmt.Errorf("recipe: %w: tool %s has no option %s=%s; it has %s", ErrRecipe, r.Tool, o.Key, o.Value, strings.Join(t.options, ", "))
		}
		b.options[o.Key] = o.Value
	}
	dir, err := os.MkdirTemp("", "metatopia-build-")
	if err != nil {
		return nil, fmt.Errorf("recipe: %w", err)
	}
	defer os.RemoveAll(dir)
	b.dir = filepath.Join(dir, "source")
	if err := Unpack(b.dir, files); err != nil {
		return nil, err
	}
	out := &Built{}
	if out.Toolchain, err = t.version(ctx, b); err != nil {
		return nil, fmt.Errorf("recipe: %w", err)
	}
	for _, x := range modules {
		entry := x.Entry
		b.target = x.Target
		if err := pkg.CheckPath(entry); err != nil {
			return nil, fmt.Errorf("recipe: %w", err)
		}
		wasm := filepath.Join(dir, "out.wasm")
		if err := t.build(ctx, b, entry, wasm); err != nil {
			return nil, fmt.Errorf("recipe: %s: %w", entry, err)
		}
		m, err := readModule(wasm)
		if err != nil {
			return nil, fmt.Errorf("recipe: %s: %w", entry, err)
		}
		_ = os.Remove(wasm) // the next tool would write over it anyway
		out.Modules = append(out.Modules, m)
	}
	return out, nil
}

// Unpack writes a bundle's files below dir, which must not be there yet.
func Unpack(dir string, files []pkg.File) error {
	if _, err := pkg.PackBundle(files); err != nil { // paths that leave dir
		return fmt.Errorf("recipe: unpack: %w", err)
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return fmt.Errorf("recipe: unpack: %w", err)
	}
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("recipe: unpack: %w", err)
		}
		mode := os.FileMode(0o644)
		if f.Exec {
			mode = 0o755
		}
		if err := os.WriteFile(path, f.Data, mode); err != nil {
			return fmt.Errorf("recipe: unpack: %w", err)
		}
	}
	return nil
}

func readModule(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxModule+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxModule {
		return nil, fmt.Errorf("%w: the module has more than %d bytes", ErrRecipe, maxModule)
	}
	return b, nil
}

// find gives the path of a tool.
func (b *bench) find(name, hint string) (string, error) {
	if p := b.Paths[name]; p != "" {
		return p, nil
	}
	p, err := exec.LookPath(name)
	if err != nil {
		return "", &Missing{name, hint}
	}
	return p, nil
}

// run runs a tool in the source with a small environment, so that settings of
// this machine do not show in what it makes.
func (b *bench) run(ctx context.Context, env []string, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, buildTime)
	defer cancel()
	fmt.Fprintln(b.Log, strings.Join(append([]string{filepath.Base(name)}, args...), " "))
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = b.dir
	for _, k := range []string{"PATH", "HOME", "TMPDIR", "GOCACHE", "GOMODCACHE", "GOPATH", "XDG_CACHE_HOME"} {
		if v, ok := os.LookupEnv(k); ok {
			cmd.Env = append(cmd.Env, k+"="+v)
		}
	}
	cmd.Env = append(append(cmd.Env, "LC_ALL=C"), env...)
	var out, words bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, io.MultiWriter(&words, b.Log)
	if err := cmd.Run(); err != nil {
		said := strings.TrimSpace(words.String())
		if said == "" {
			said = strings.TrimSpace(out.String())
		}
		if len(said) > maxWords {
			said = said[:maxWords] + "..."
		}
		return "", fmt.Errorf("%w: %s: %w\n%s", ErrRecipe, filepath.Base(name), err, said)
	}
	return out.String(), nil
}
