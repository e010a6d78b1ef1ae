package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/scripting/pkg"
)

type psCmd struct {
	All   bool   `short:"a" help:"Also those that have ended."`
	Tree  uint64 `help:"Only those that came of the same spawn as this one." placeholder:"PID"`
	Sort  string `help:"pid, cpu, memory, mailbox or gas." enum:"pid,cpu,memory,mailbox,gas" default:"pid"`
	Limit int    `short:"n" help:"At most so many; 0 is 10,000." default:"0"`
}

func (psCmd) Help() string {
	return `KIND is blocking (a run of its own), handler (called for each letter),
supervisor, or elsewhere: what stands for a process on another node. PEER is where
that runs, or who had this one started here. MAILBOX is what waits, REFUSED what found no room there.

Example:
  metatopia ps --sort cpu -n 10
  metatopia ps --tree 7 --json`
}

func (c psCmd) Run(ctx context.Context, e *environment) error {
	res, err := e.node().Ps(ctx, &control.PsRequest{All: c.All, Tree: c.Tree, Sort: c.Sort, Limit: c.Limit})
	if err != nil {
		return err
	}
	return e.show(res, func(w io.Writer) {
		fmt.Fprintln(w, "PID\tPARENT\tNAME\tKIND\tSTATE\tMEMORY KB\tGAS\tCPU S\tMAILBOX\tREFUSED\tLINKS\tSCREEN\tPEER\tEXIT")
		for _, p := range res.Processes {
			fmt.Fprintf(w, "%d\t%d\t%s\t%s\t%s\t%d\t%d\t%.2f\t%d\t%d\t%d\t%s\t%s\t%s\n",
				p.PID, p.Parent, p.Name, p.Kind, p.State, p.Memory/1024, p.Gas, p.CPU, p.Mailbox, p.Refused, p.Links, map[bool]string{true: "yes"}[p.Screen], peerOf(&p), p.Exit)
		}
		if n := res.Total - len(res.Processes); n > 0 {
			fmt.Fprintf(w, "%d more\n", n)
		}
	})
}

// peerOf is the other node that a process has to do with.
func peerOf(p *control.Process) string {
	switch {
	case p.On != "":
		return "on " + p.On
	case p.For != "":
		return "for " + p.For
	}
	return ""
}

type spawnCmd struct {
	Name       string   `help:"Name shown by ps." placeholder:"NAME"`
	Handler    bool     `help:"Call handle for each letter, also when the module has a run."`
	Low        bool     `help:"Let other processes go first."`
	Memory     uint64   `help:"Memory limit in bytes; 0 is the node's default." default:"0"`
	Gas        uint64   `help:"Instructions for its whole life; 0 sets no budget." default:"0"`
	Processes  int      `help:"How many processes it may be at a time, with those it spawns; 0 is 256." default:"0"`
	LogLevel   string   `help:"Keep lines of this level and higher ones." enum:"debug,info,warn,error" default:"debug"`
	MaySend    []string `help:"Peer id to which it may send lumps, or any; may be given several times. It may send to nobody without." placeholder:"PEER" sep:"none"`
	MaySpawn   []string `help:"CID of another module that it may spawn, or any; may be given several times." placeholder:"CID" sep:"none"`
	MaySpawnOn []string `name:"may-spawn-on" help:"Peer id of a node on which it may start processes, as far as its owner agrees, or any; may be given several times." placeholder:"PEER" sep:"none"`
	MayFetch   []string `name:"may-fetch" help:"Host of the web that it may ask (HOST, HOST:PORT, any), or lan:HOST:PORT for one with a private address; may be given several times." placeholder:"HOST" sep:"none"`
	On         string   `help:"Peer id of another node that runs it, if its owner agreed (process accept)." placeholder:"PEER"`
	Stay       bool     `help:"With --on: it goes on when my node stops."`
	MayPut     bool     `help:"Let it store lumps on this node, 16 MiB at most."`
	NoWorld    bool     `name:"no-world" help:"Keep my avatar from it: it cannot see, walk, talk, touch or throw."`
	Module     string   `arg:"" help:"FILE.wasm, FILE.lua, an installed package ([AUTHOR/]NAME[@VERSION] or CID), or the CID of a module or a script."`
	Args       []string `arg:"" optional:"" passthrough:"" help:"Arguments of the process."`
}

func (spawnCmd) Help() string {
	return `Prints the process id. From the first argument of the process on everything is
the process's; when that begins with a dash, put -- before it. What the process
spawns shares its limits and what it may. A package gets what it was granted when
it was installed; flags make that less, not more.

With --on it runs on another node, which fetches the module; the id is that of
what stands for it here, for send and kill. It ends when my node stops, or cannot
be reached from there, unless --stay is given.

Example:
  metatopia spawn resident.wasm 10,0 32,5
  metatopia spawn clock.lua
  metatopia spawn greeter
  metatopia spawn --gas 1000000 bafkrei... -- --verbose
  metatopia spawn --may-put --may-spawn any compiler.wasm
  metatopia spawn --may-send 12D3KooW... courier.wasm bafybei... 12D3KooW...
  metatopia spawn --on 12D3KooW... --handler counter.wasm`
}

func (c spawnCmd) Run(ctx context.Context, e *environment) error {
	module, args := c.Module, c.Args
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	req := &control.SpawnRequest{
		Name: c.Name, Args: args, Handler: c.Handler, Low: c.Low, Memory: c.Memory, Gas: c.Gas, Processes: c.Processes,
		LogLevel: c.LogLevel, SendTo: c.MaySend, MaySpawn: c.MaySpawn, MayPut: c.MayPut, NoWorld: c.NoWorld,
		SpawnOn: c.MaySpawnOn, MayFetch: c.MayFetch, On: c.On, Stay: c.Stay,
	}
	if c.On != "" && c.LogLevel == "debug" {
		req.LogLevel = ""
	}
	node := e.node()
	if isScriptFile(module) {
		script, err := scriptOf(module)
		if err != nil {
			return fmt.Errorf("spawn: %w", err)
		}
		script.Process = true
		added, err := node.ScriptAdd(ctx, script)
		if err != nil {
			return err
		}
		req.CID = added.CID
		if req.Name == "" {
			req.Name = moduleName(module)
		}
	} else if isModuleFile(module) {
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

// isModuleFile: a path or a name that ends in .wasm; CIDs have neither, and a
// package has a slash after a key only.
func isModuleFile(s string) bool {
	_, err := pkg.ParseReference(s)
	return strings.HasSuffix(s, ".wasm") || err != nil && strings.ContainsRune(s, os.PathSeparator)
}

func moduleName(path string) string {
	name := path[strings.LastIndexByte(path, os.PathSeparator)+1:]
	name = strings.TrimSuffix(strings.TrimSuffix(name, ".wasm"), ".lua")
	if len(name) > control.MaxNameBytes {
		return ""
	}
	return name
}

type killCmd struct {
	PID  uint64 `arg:"" name:"pid" help:"Process id."`
	Tree bool   `help:"And all that came of the same spawn."`
}

func (killCmd) Help() string {
	return `Returns when it has ended.

Example:
  metatopia kill 7
  metatopia kill --tree 7`
}

func (c killCmd) Run(ctx context.Context, e *environment) error {
	if err := e.node().Kill(ctx, &control.KillRequest{PID: c.PID, Tree: c.Tree}); err != nil {
		return err
	}
	if e.JSON {
		return e.line(map[string]any{"pid": c.PID, "ended": true})
	}
	if c.Tree {
		e.note("Process %d and its tree have ended.", c.PID)
	} else {
		e.note("Process %d has ended.", c.PID)
	}
	return nil
}

type sendCmd struct {
	PID  uint64   `arg:"" name:"pid" help:"Process id."`
	Tag  int64    `help:"Tag of the message, by which a process may choose." default:"0"`
	Data []string `arg:"" help:"The message; - reads it from standard input."`
}

func (sendCmd) Help() string {
	return `Fails when the process has ended, or its mailbox is full.

Example:
  metatopia send 7 hello
  metatopia send --tag 3 7 - < message.bin`
}

func (c sendCmd) Run(ctx context.Context, e *environment) error {
	data := []byte(strings.Join(c.Data, " "))
	if string(data) == "-" {
		var err error
		if data, err = io.ReadAll(io.LimitReader(e.In, control.MaxMessageBytes+1)); err != nil {
			return fmt.Errorf("send: %w", err)
		}
	}
	if err := e.node().Send(ctx, &control.SendRequest{PID: c.PID, Tag: c.Tag, Data: data}); err != nil {
		return err
	}
	if e.JSON {
		return e.line(map[string]any{"pid": c.PID, "bytes": len(data)})
	}
	return nil
}

type tailCmd struct {
	PID    uint64 `arg:"" optional:"" name:"pid" help:"Process id; all processes without it."`
	Follow bool   `short:"f" help:"Stay for lines to come."`
	Level  string `short:"l" help:"Lines of this level and higher ones." enum:"debug,info,warn,error" default:"debug"`
	Disk   bool   `help:"What was kept on disk, also of earlier runs of the node, in which other processes had the same ids."`
}

func (tailCmd) Help() string {
	return `Prints the lines that the node has kept, and with -f those to come until the
process ends or you press Ctrl-C.

Example:
  metatopia tail -f -l warn
  metatopia tail --disk 7`
}

func (c tailCmd) Run(ctx context.Context, e *environment) error {
	req := &control.TailRequest{PID: c.PID, Follow: c.Follow, Level: c.Level, Disk: c.Disk}
	err := e.node().Tail(ctx, req, func(l *control.LogLine) error {
		if e.JSON {
			return e.line(l)
		}
		of := ""
		if c.PID == 0 {
			of = fmt.Sprintf("%d %s: ", l.PID, oneLine(l.Name))
		}
		_, err := fmt.Fprintf(e.Out, "%s %-5s %s%s\n", l.Time, l.Level, of, oneLine(l.Text))
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
