package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/metatopia/metatopia/node/control"
)

type psCmd struct {
	All bool `short:"a" help:"Also those that have ended."`
}

func (c psCmd) Run(ctx context.Context, e *environment) error {
	res, err := e.node().Ps(ctx, &control.PsRequest{All: c.All})
	if err != nil {
		return err
	}
	return e.show(res, func(w io.Writer) {
		fmt.Fprintln(w, "PID\tNAME\tSTATE\tMEMORY KB\tGAS\tCPU S\tMAILBOX\tEXIT")
		for _, p := range res.Processes {
			fmt.Fprintf(w, "%d\t%s\t%s\t%d\t%d\t%.2f\t%d\t%s\n", p.PID, p.Name, p.State, p.Memory/1024, p.Gas, p.CPU, p.Mailbox, p.Exit)
		}
	})
}

type spawnCmd struct {
	Name    string   `help:"Name shown by ps." placeholder:"NAME"`
	Memory  uint64   `help:"Memory limit in bytes; 0 is the node's default." default:"0"`
	Gas     uint64   `help:"Instructions for its whole life; 0 sets no budget." default:"0"`
	MaySend []string `help:"Peer id to which it may send lumps, or any; may be given several times. It may send to nobody without." placeholder:"PEER" sep:"none"`
	Module  string   `arg:"" help:"FILE.wasm or the CID of a module."`
	Args    []string `arg:"" optional:"" passthrough:"" help:"Arguments of the process."`
}

func (spawnCmd) Help() string {
	return `Prints the process id. From the first argument of the process on everything is
the process's; when that begins with a dash, put -- before it.

Example:
  metatopia spawn resident.wasm 10,0 32,5
  metatopia spawn --gas 1000000 bafkrei... -- --verbose
  metatopia spawn --may-send 12D3KooW... courier.wasm bafybei... 12D3KooW...`
}

func (c spawnCmd) Run(ctx context.Context, e *environment) error {
	module, args := c.Module, c.Args
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	req := &control.SpawnRequest{Name: c.Name, Args: args, Memory: c.Memory, Gas: c.Gas, SendTo: c.MaySend}
	node := e.node()
	if isModuleFile(module) {
		// As a lump it gets a CID that ps shows and that others can fetch.
		f, err := os.Open(module)
		if err != nil {
			return fmt.Errorf("spawn: %w", err)
		}
		defer f.Close()
		lump, err := node.LumpAdd(ctx, true, chunks(f, &progress{}))
		if err != nil {
			return err
		}
		req.CID = lump.CID
		if req.Name == "" {
			req.Name = moduleName(module)
		}
	} else {
		req.CID = module
	}
	res, err := node.Spawn(ctx, req)
	if err != nil {
		return err
	}
	return e.show(res.Process, func(w io.Writer) { fmt.Fprintln(w, res.Process.PID) })
}

// isModuleFile: a path or a name that ends in .wasm; CIDs have neither.
func isModuleFile(s string) bool {
	return strings.HasSuffix(s, ".wasm") || strings.ContainsRune(s, os.PathSeparator)
}

func moduleName(path string) string {
	name := path[strings.LastIndexByte(path, os.PathSeparator)+1:]
	name = strings.TrimSuffix(name, ".wasm")
	if len(name) > control.MaxNameBytes {
		return ""
	}
	return name
}

type killCmd struct {
	PID uint64 `arg:"" name:"pid" help:"Process id."`
}

func (c killCmd) Run(ctx context.Context, e *environment) error {
	if err := e.node().Kill(ctx, &control.PIDRequest{PID: c.PID}); err != nil {
		return err
	}
	e.note("Process %d has ended.", c.PID)
	return nil
}

type sendCmd struct {
	PID  uint64   `arg:"" name:"pid" help:"Process id."`
	Data []string `arg:"" help:"The message; - reads it from standard input."`
}

func (c sendCmd) Run(ctx context.Context, e *environment) error {
	data := []byte(strings.Join(c.Data, " "))
	if string(data) == "-" {
		var err error
		if data, err = io.ReadAll(io.LimitReader(e.In, control.MaxMessageBytes+1)); err != nil {
			return fmt.Errorf("send: %w", err)
		}
	}
	return e.node().Send(ctx, &control.SendRequest{PID: c.PID, Data: data})
}

type tailCmd struct {
	PID    uint64 `arg:"" name:"pid" help:"Process id."`
	Follow bool   `short:"f" help:"Stay for lines to come."`
}

func (tailCmd) Help() string {
	return `Prints the lines that the node has kept, and with -f those to come until the
process ends or you press Ctrl-C.`
}

func (c tailCmd) Run(ctx context.Context, e *environment) error {
	err := e.node().Tail(ctx, &control.PIDRequest{PID: c.PID, Follow: c.Follow}, func(l *control.LogLine) error {
		if e.JSON {
			return e.line(l)
		}
		_, err := fmt.Fprintf(e.Out, "%s %-5s %s\n", l.Time, l.Level, oneLine(l.Text))
		return err
	})
	if ctx.Err() != nil {
		return nil // Ctrl-C is how following ends
	}
	return err
}

func oneLine(s string) string {
	return strings.NewReplacer("\n", "\u21b5", "\t", " ").Replace(clean(s))
}
