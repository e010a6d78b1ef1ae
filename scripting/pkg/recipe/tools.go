package recipe

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/metatopia/metatopia/scripting/pkg"
	"github.com/metatopia/metatopia/scripting/script"
)

// goEnv keeps the build away from the network, from settings of the machine
// and from other toolchains: what a module needs must be in the bundle
// (vendored). Code of the bundle does not run while it is compiled: no cgo, no
// generators.
var goEnv = []string{"GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off", "GOENV=off", "GOPROXY=off", "GOTOOLCHAIN=local", "GOWASM=", "GOEXPERIMENT="}

// GoFlags are the arguments of `go build` for a guest before the output and
// the entry; the shipped guests are built with them too.
var GoFlags = []string{"build", "-trimpath", "-buildvcs=false", "-buildmode=c-shared", "-ldflags=-s -w"}

const goHint = "install Go (go.dev/dl, or Debian's golang)"

func goVersion(ctx context.Context, b *bench) (string, error) {
	name, err := b.find("go", goHint)
	if err != nil {
		return "", err
	}
	v, err := b.run(ctx, goEnv, name, "env", "GOVERSION")
	return strings.TrimSpace(v), err
}

// goBuild: the entry is a directory with a main package.
func goBuild(ctx context.Context, b *bench, entry, out string) error {
	name, err := b.find("go", goHint)
	if err != nil {
		return err
	}
	_, err = b.run(ctx, goEnv, name, append(slices.Clone(GoFlags), "-o", out, "./"+entry)...)
	return err
}

const ascHint = "npm install assemblyscript in the directory of the package, or name it with --tool asc=PATH"

// asc gives the command that runs the AssemblyScript compiler.
func (b *bench) asc() ([]string, error) {
	path := b.Paths["asc"]
	for dir := b.Near; path == "" && dir != ""; {
		p := filepath.Join(dir, "node_modules", "assemblyscript", "bin", "asc.js")
		if _, err := os.Stat(p); err == nil {
			path = p
		}
		up := filepath.Dir(dir)
		if up == dir {
			break
		}
		dir = up
	}
	if path == "" {
		p, err := b.find("asc", ascHint)
		if err != nil {
			return nil, err
		}
		return []string{p}, nil
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	node, err := b.find("node", "install Node.js 20 or newer")
	if err != nil {
		return nil, err
	}
	return []string{node, abs}, nil
}

func ascVersion(ctx context.Context, b *bench) (string, error) {
	cmd, err := b.asc()
	if err != nil {
		return "", err
	}
	v, err := b.run(ctx, nil, cmd[0], append(cmd[1:], "--version")...)
	return "assemblyscript " + strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(v), "Version")), err
}

// ascBuild: the entry is a .ts file. Option runtime is stub (the default, for
// what lives for one event) or incremental, use is an alias as
// abort=sdk/abort/abort.
func ascBuild(ctx context.Context, b *bench, entry, out string) error {
	cmd, err := b.asc()
	if err != nil {
		return err
	}
	// A configuration may name a transform, which is a program.
	found := false
	err = filepath.WalkDir(b.dir, func(_ string, d os.DirEntry, err error) error {
		found = found || d != nil && d.Name() == "asconfig.json"
		return err
	})
	if err != nil {
		return err
	}
	if found {
		return fmt.Errorf("%w: asconfig.json is not taken: it could name programs to run", ErrRecipe)
	}
	args := []string{entry, "-o", out, "--runtime", "stub", "--exportStart", "_initialize", "--optimizeLevel", "3", "--shrinkLevel", "2"}
	if r := b.options["runtime"]; r != "" {
		args[4] = r
	}
	if u := b.options["use"]; u != "" {
		args = append(args, "--use", u)
	}
	_, err = b.run(ctx, nil, cmd[0], append(cmd[1:], args...)...)
	return err
}

const clangHint = "install clang and lld, and wasi-libc for sysroot=wasi (Debian: apt-get install clang lld wasi-libc libclang-rt-dev-wasm32)"

func clangVersion(ctx context.Context, b *bench) (string, error) {
	name, err := b.find("clang", clangHint)
	if err != nil {
		return "", err
	}
	v, err := b.run(ctx, nil, name, "--version")
	line, _, _ := strings.Cut(v, "\n")
	return strings.TrimSpace(line), err
}

// clangBuild: the entry is a .c file, or a directory whose .c files are built
// together. Option opt is 2 (the default), 3, s or z; sysroot is wasi (the
// default) or none; exports names functions, with commas, that the source does
// not export by itself.
func clangBuild(ctx context.Context, b *bench, entry, out string) error {
	name, err := b.find("clang", clangHint)
	if err != nil {
		return err
	}
	args := []string{"-O" + either(b.options["opt"], "2"), "-g0", "-I.", "-ffile-prefix-map=" + b.dir + "=.", "-Wl,--strip-all", "-o", out}
	switch s := either(b.options["sysroot"], "wasi"); s {
	case "wasi":
		args = append(args, "--target=wasm32-wasi", "-mexec-model=reactor")
	case "none":
		args = append(args, "--target=wasm32", "-nostdlib", "-ffreestanding", "-Wl,--no-entry")
	default:
		return fmt.Errorf("%w: sysroot %q is none of wasi, none", ErrRecipe, s)
	}
	if !slices.Contains([]string{"", "0", "1", "2", "3", "s", "z"}, b.options["opt"]) {
		return fmt.Errorf("%w: opt %q is none of 0, 1, 2, 3, s, z", ErrRecipe, b.options["opt"])
	}
	for f := range strings.SplitSeq(b.options["exports"], ",") {
		if f != "" {
			args = append(args, "-Wl,--export="+f)
		}
	}
	info, err := os.Stat(filepath.Join(b.dir, filepath.FromSlash(entry)))
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrRecipe, err)
	case !info.IsDir():
		args = append(args, entry)
	default:
		files, err := filepath.Glob(filepath.Join(b.dir, filepath.FromSlash(entry), "*.c"))
		if err != nil {
			return err
		}
		for _, f := range files {
			args = append(args, entry+"/"+filepath.Base(f))
		}
	}
	_, err = b.run(ctx, nil, name, args...)
	return err
}

const watHint = "install wabt (Debian: apt-get install wabt)"

func watVersion(ctx context.Context, b *bench) (string, error) {
	name, err := b.find("wat2wasm", watHint)
	if err != nil {
		return "", err
	}
	v, err := b.run(ctx, nil, name, "--version")
	return "wabt " + strings.TrimSpace(v), err
}

// watBuild: the entry is a .wat file.
func watBuild(ctx context.Context, b *bench, entry, out string) error {
	name, err := b.find("wat2wasm", watHint)
	if err != nil {
		return err
	}
	_, err = b.run(ctx, nil, name, entry, "-o", out)
	return err
}

// noVersion is that of a recipe without a tool.
func noVersion(context.Context, *bench) (string, error) { return "", nil }

// luaBuild: the entry is a .lua file. Option driver.sim or driver.process is the
// CID of the module that runs it; a node that makes a package adds those of its
// own. Without it the text alone comes out.
func luaBuild(_ context.Context, b *bench, entry, out string) error {
	text, err := readModule(filepath.Join(b.dir, filepath.FromSlash(entry)))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRecipe, err)
	}
	if driver := b.options[DriverOption(b.target)]; driver != "" {
		if text, err = Lua(entry, driver, text); err != nil {
			return err
		}
	}
	return os.WriteFile(out, text, 0o644)
}

// DriverOption names the option with the driver of a target's script.
func DriverOption(t pkg.Target) string { return "driver." + t.String() }

// Lua makes the script of a Lua file.
func Lua(entry, driver string, text []byte) ([]byte, error) {
	s := &script.Script{Name: path.Base(entry), Language: "Lua", Driver: driver, Text: text}
	b, err := s.Encode()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRecipe, err)
	}
	return b, nil
}

// prebuilt: the entry is a .wasm file among the source. Nobody can verify it.
func prebuilt(_ context.Context, b *bench, entry, out string) error {
	wasm, err := readModule(filepath.Join(b.dir, filepath.FromSlash(entry)))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRecipe, err)
	}
	return os.WriteFile(out, wasm, 0o644)
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
