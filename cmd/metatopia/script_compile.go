package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/metatopia/metatopia/node/control"
)

type scriptCompileCmd struct {
	File string `arg:"" help:"FILE.mote." type:"existingfile"`
}

func (scriptCompileCmd) Help() string {
	return `Has the package compiler make a module of a program in Mote, as a process of the
node, and prints the module's CID. docs/mote.md says what the language is. Errors
name file, line and column.

Example:
  metatopia pkg install compiler --grant lump.put
  metatopia script compile fib.mote
  metatopia script add hills.lua --use fib=bafkrei...`
}

// compiledModule is what the compiler made of a file.
type compiledModule struct {
	CID  string `json:"cid"`
	Size int64  `json:"size"` // bytes
}

func (c scriptCompileCmd) Run(ctx context.Context, e *environment) error {
	f, err := os.Open(c.File)
	if err != nil {
		return fmt.Errorf("script compile: %w", err)
	}
	defer f.Close()
	node := e.node()
	source, err := node.LumpAdd(ctx, false, chunks(f, &progress{}))
	if err != nil {
		return err
	}
	p, err := node.Spawn(ctx, &control.SpawnRequest{CID: "compiler", Args: []string{source.CID}})
	if err != nil {
		return err
	}
	last := ""
	err = node.Tail(ctx, &control.TailRequest{PID: p.Process.PID, Follow: true}, func(l *control.LogLine) error {
		last = l.Text
		return nil
	})
	if err != nil {
		return err
	}
	made, err := compilerSaid(c.File, last)
	if err != nil {
		return err
	}
	return e.show(made, func(w io.Writer) { fmt.Fprintln(w, made.CID) })
}

// compilerSaid reads the last line of the compiler's log.
func compilerSaid(file, line string) (made compiledModule, err error) {
	if why, ok := strings.CutPrefix(line, "error "); ok {
		if why != "" && why[0] >= '1' && why[0] <= '9' {
			return made, control.Errorf(control.Invalid, "docs/mote.md has the language", "%s:%s", file, why)
		}
		return made, fmt.Errorf("%s: %s", file, why)
	}
	if _, err := fmt.Sscanf(line, "ok %s %d", &made.CID, &made.Size); err != nil {
		return made, fmt.Errorf("%s: the compiler ended without an answer: %q", file, line)
	}
	return made, nil
}
