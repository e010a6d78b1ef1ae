package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/metatopia/metatopia/node/control"
)

type scriptCmd struct {
	Add      scriptAddCmd      `cmd:"" help:"Store a script, and give it to a thing."`
	Show     scriptShowCmd     `cmd:"" help:"Show a thing's script and slots."`
	Compile  scriptCompileCmd  `cmd:"" help:"Make a module of a program in Mote."`
	Rollback scriptRollbackCmd `cmd:"" help:"Give a thing the script that it had before."`
}

type scriptRollbackCmd struct {
	Thing string `arg:"" help:"Id of a thing of mine, or the name of one in sight."`
}

func (scriptRollbackCmd) Help() string {
	return `What the slots hold stays: the script gets the event "upgrade" as every script
does that takes another's place, and may bring them into the shape it knows.

Example:
  metatopia script rollback "north bench"`
}

func (c scriptRollbackCmd) Run(ctx context.Context, e *environment) error {
	res, err := e.node().ScriptRollback(ctx, &control.ScriptRollbackRequest{Thing: c.Thing})
	if err != nil {
		return err
	}
	return e.show(res, func(w io.Writer) { fmt.Fprintf(w, "%s runs its script of before\n", c.Thing) })
}

type scriptAddCmd struct {
	File    string   `arg:"" help:"FILE.lua." type:"existingfile"`
	Thing   string   `help:"Id of a thing of mine, or the name of one in sight, that gets the script." placeholder:"THING"`
	Use     []string `help:"NAME=FILE.wasm, NAME=FILE.lua or NAME=CID: what require \"NAME\" gives; may be given several times." placeholder:"NAME=MODULE" sep:"none"`
	Process bool     `help:"A script for spawn, not for a thing."`
	License string   `help:"SPDX name of the script's licence." placeholder:"NAME"`
	Author  string   `help:"Who wrote it." placeholder:"NAME"`
}

func (scriptAddCmd) Help() string {
	return `Checks the script, stores it with the name of the Lua that runs it, and prints its
CID. With --thing it takes the place of what the thing runs, which goes on if the new
one fails; docs/lua.md says what a script can do. Errors name file and line.

Example:
  metatopia script add greeter.lua
  metatopia script add greeter.lua --thing "north bench" --license MIT
  metatopia script add hills.lua --use noise=noise.wasm`
}

func (c scriptAddCmd) Run(ctx context.Context, e *environment) error {
	req, err := scriptOf(c.File)
	if err != nil {
		return fmt.Errorf("script add: %w", err)
	}
	node := e.node()
	req.Thing, req.License, req.Author, req.Process = c.Thing, c.License, c.Author, c.Process
	for _, u := range c.Use {
		name, module, ok := strings.Cut(u, "=")
		if !ok {
			return control.Errorf(control.Invalid, "", "script add: --use %s: want NAME=MODULE", u)
		}
		if module, err = stored(ctx, node, module, c.Process); err != nil {
			return fmt.Errorf("script add: --use %s: %w", name, err)
		}
		req.Uses = append(req.Uses, control.ScriptUse{Name: name, CID: module})
	}
	res, err := node.ScriptAdd(ctx, req)
	if err != nil {
		return err
	}
	return e.show(res, func(w io.Writer) { fmt.Fprintln(w, res.CID) })
}

// stored gives the CID of a library: of one that is a file, when it is stored.
func stored(ctx context.Context, node *control.Client, module string, process bool) (string, error) {
	switch {
	case isScriptFile(module):
		lib, err := scriptOf(module)
		if err != nil {
			return "", err
		}
		lib.Process = process
		res, err := node.ScriptAdd(ctx, lib)
		if err != nil {
			return "", err
		}
		return res.CID, nil
	case isModuleFile(module):
		f, err := os.Open(module)
		if err != nil {
			return "", err
		}
		defer f.Close()
		lump, err := node.LumpAdd(ctx, true, chunks(f, &progress{}))
		if err != nil {
			return "", err
		}
		return lump.CID, nil
	}
	return module, nil
}

// scriptOf reads a script's file.
func scriptOf(file string) (*control.ScriptAddRequest, error) {
	text, err := readBounded(file, control.MaxScriptBytes)
	if err != nil {
		return nil, err
	}
	return &control.ScriptAddRequest{Name: filepath.Base(file), Text: string(text)}, nil
}

// isScriptFile tells a file with a script from a CID.
func isScriptFile(name string) bool { return strings.HasSuffix(name, ".lua") }

// readBounded reads a file of at most limit bytes.
func readBounded(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = control.Errorf(control.TooLarge, "", "%s has more than %d bytes", name, limit)
	}
	return b, err
}
