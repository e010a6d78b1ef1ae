package compiler

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/tetratelabs/wazero"
)

// Exit codes of a child, besides those of the Go runtime.
const (
	exitDone    = 0
	exitUsage   = 64
	exitRefused = 3
	exitTime    = 4 // the limit of CPU time
)

// maxInput bounds a rewritten module, in bytes.
const maxInput = 64 << 20

// Main is the child: it takes the limits of args (directory, seconds of CPU,
// bytes of memory, bytes of a file) upon itself, reads a module from in,
// compiles it into the directory, and gives the exit code of the process.
func Main(args []string, in io.Reader, errs io.Writer) int {
	l, err := parseLimits(args)
	if err == nil {
		err = l.apply()
	}
	if err != nil {
		fmt.Fprintln(errs, "usage: DIRECTORY CPU-SECONDS MEMORY FILE-SIZE, a module on standard input:", err)
		return exitUsage
	}
	var size [8]byte
	if _, err := io.ReadFull(in, size[:]); err != nil {
		fmt.Fprintln(errs, "no module:", err)
		return exitUsage
	}
	n := binary.LittleEndian.Uint64(size[:])
	if n > maxInput {
		fmt.Fprintln(errs, "too large:", n)
		return exitRefused
	}
	wasm := make([]byte, n)
	if _, err := io.ReadFull(in, wasm); err != nil {
		fmt.Fprintln(errs, "half a module:", err)
		return exitUsage
	}
	go func() {
		io.Copy(io.Discard, in) // ends with the process that waits for this one
		os.Exit(exitUsage)
	}()
	if err := fill(args[0], wasm); err != nil {
		fmt.Fprintln(errs, err)
		return exitRefused
	}
	return exitDone
}

func fill(dir string, wasm []byte) error {
	ctx := context.Background()
	cache, err := wazero.NewCompilationCacheWithDir(dir)
	if err != nil {
		return err
	}
	r := wazero.NewRuntimeWithConfig(ctx, Config().WithCompilationCache(cache))
	_, err = r.CompileModule(ctx, wasm)
	return err
}

func parseLimits(args []string) (l Limits, err error) {
	if len(args) != 4 {
		return l, fmt.Errorf("%d arguments", len(args))
	}
	if l.CPU, err = strconv.Atoi(args[1]); err != nil {
		return l, err
	}
	if l.Memory, err = strconv.ParseInt(args[2], 10, 64); err != nil {
		return l, err
	}
	l.File, err = strconv.ParseInt(args[3], 10, 64)
	return l, err
}
