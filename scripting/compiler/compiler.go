// Package compiler turns rewritten modules into native code in a process of
// its own, with limits of the operating system, so that a module made to be
// hard to compile costs nobody more than that. The child is usually the program
// itself, started with a command that calls Main; what it makes goes to the
// engine's cache, and the parent loads it from there.
package compiler

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// Command is the name of the hidden command that runs Main.
const Command = "compile-module"

// ErrRefused: the module is invalid, or asks too much of the compiler.
var ErrRefused = errors.New("compiler")

// Compiler starts children.
type Compiler struct {
	// Argv is the command that calls Main with the further arguments.
	Argv []string
	// Dir is the cache that the code goes to, which CheckDir likes.
	Dir string
}

// Config is what every engine is made with: the code of one is used by others.
// Exceptions, threads and tail calls stay off: the rewriting refuses them, and
// the compiler of this version miscompiles exceptions. The option to stop
// calls when a context ends stays off too: it costs 37 ns a loop and does not
// stop recursion; gas does both.
func Config() wazero.RuntimeConfig {
	return wazero.NewRuntimeConfigCompiler().
		WithCoreFeatures(api.CoreFeaturesV2 &^ api.CoreFeatureSIMD).
		WithDebugInfoEnabled(false)
}

// Run compiles a module into the cache and waits for it. When it fails nothing
// is left there. Errors wrap ErrRefused when that is the module's fault.
func (c Compiler) Run(ctx context.Context, wasm []byte, l Limits) error {
	dir, err := os.MkdirTemp(c.Dir, tempPrefix+"*")
	if err != nil {
		return fmt.Errorf("compiler: run: %w", err)
	}
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithTimeout(ctx, l.wall())
	defer cancel()
	args := append(append([]string{}, c.Argv[1:]...), dir, strconv.Itoa(l.CPU), strconv.FormatInt(l.Memory, 10), strconv.FormatInt(l.File, 10))
	cmd := exec.CommandContext(ctx, c.Argv[0], args...)
	cmd.Env = []string{"GOMAXPROCS=1", "GOTRACEBACK=none", fmt.Sprintf("GOMEMLIMIT=%d", l.Memory/4*3)}
	cmd.Dir = dir
	cmd.WaitDelay = time.Second
	said := &head{most: 4 << 10}
	cmd.Stderr = said
	apart(cmd)
	in, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("compiler: run: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("compiler: run %s: %w", c.Argv[0], err)
	}
	polite(cmd.Process.Pid)
	// The pipe stays open until the end: by its closing the child knows that
	// nobody waits any more.
	_, sendErr := in.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(wasm))))
	if sendErr == nil {
		_, sendErr = in.Write(wasm)
	}
	err = cmd.Wait()
	if ctx.Err() == nil && err == nil && sendErr == nil {
		return c.keep(dir)
	}
	return verdict(ctx, cmd.ProcessState, err, sendErr, said.String(), l)
}

// verdict says why a child gave no code.
func verdict(ctx context.Context, state *os.ProcessState, err, sendErr error, said string, l Limits) error {
	line, _, _ := strings.Cut(strings.TrimSpace(said), "\n")
	switch {
	case strings.Contains(said, "file too large"):
		return fmt.Errorf("%w: the module makes more than %d MB of code", ErrRefused, l.File>>20)
	case state != nil && state.ExitCode() == exitRefused:
		return fmt.Errorf("%w: %s", ErrRefused, line)
	case state != nil && (state.ExitCode() == exitTime || state.UserTime()+state.SystemTime() >= time.Duration(l.CPU)*time.Second):
		return fmt.Errorf("%w: the module takes more than %d s to compile", ErrRefused, l.CPU)
	case strings.Contains(said, "out of memory"), strings.Contains(said, "cannot allocate memory"):
		return fmt.Errorf("%w: the module takes more than %d MB to compile", ErrRefused, l.Memory>>20)
	case strings.HasPrefix(line, "panic: "):
		return fmt.Errorf("%w: gave up: %s", ErrRefused, line)
	case ctx.Err() != nil:
		return fmt.Errorf("compiler: run: %w", context.Cause(ctx))
	}
	return fmt.Errorf("compiler: run: %w: %s", errors.Join(err, sendErr), line)
}

// keep moves what a child made to where the engine looks for it. A file is
// there whole or not at all.
func (c Compiler) keep(dir string) error {
	made, err := filepath.Glob(filepath.Join(dir, "wazero-*", "*"))
	if err != nil || len(made) != 1 {
		return fmt.Errorf("compiler: %d files were made: %w", len(made), errors.Join(err, os.ErrNotExist))
	}
	rel, err := filepath.Rel(dir, made[0])
	if err == nil {
		err = os.MkdirAll(filepath.Join(c.Dir, filepath.Dir(rel)), 0o700)
	}
	if err == nil {
		err = os.Rename(made[0], filepath.Join(c.Dir, rel))
	}
	if err != nil {
		return fmt.Errorf("compiler: keep: %w", err)
	}
	return nil
}

// head keeps the first bytes written to it.
type head struct {
	bytes.Buffer
	most int
}

func (h *head) Write(b []byte) (int, error) {
	h.Buffer.Write(b[:min(len(b), h.most-h.Len())])
	return len(b), nil
}
