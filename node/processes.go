package node

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/scripting"
)

func processOf(i scripting.Info) control.Process {
	return control.Process{
		PID: i.PID, Parent: i.Parent, Root: i.Root, Name: i.Name, Kind: string(i.Kind), Module: i.CID,
		State: string(i.State), Exit: i.Exit, Mailbox: i.Mailbox, Refused: i.Refused, Received: i.Received,
		Links: i.Links, Monitors: i.Monitors, Gas: i.Gas, Memory: i.Memory, CPU: i.CPU.Seconds(),
		Started: i.Started.UTC().Format(time.RFC3339), SendTo: i.Grants.SendTo, MaySpawn: i.Grants.Modules,
		MayPut: i.Grants.Put, NoWorld: i.Grants.NoWorld,
		SpawnOn: i.Grants.SpawnOn, MayFetch: i.Grants.Web, On: i.On, For: i.For, Screen: i.Screen,
	}
}

func scriptError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, scripting.ErrNoProcess):
		return control.Errorf(control.NotFound, "see `metatopia ps`", "%w", err)
	case errors.Is(err, scripting.ErrRefused), errors.Is(err, scripting.ErrNotUsable):
		return control.Errorf(control.Invalid, "docs/interfaces says what a module may import and must export", "%w", err)
	case errors.Is(err, scripting.ErrFull), errors.Is(err, scripting.ErrTooLarge):
		return control.Errorf(control.TooLarge, "", "%w", err)
	}
	return lumpError(err)
}

// Spawn runs a module as a process: by CID, fetched from wherever it is, or
// from the bytes given, which become a lump first.
func (b *backend) Spawn(ctx context.Context, req *control.SpawnRequest) (*control.SpawnResponse, error) {
	if req.On != "" {
		return b.spawnOn(ctx, req)
	}
	var ref lumps.Ref
	var mod *scripting.Module
	var image *scripting.Image
	req, err := b.applyPackage(req)
	if err != nil {
		return nil, err
	}
	switch {
	case (req.CID == "") == (len(req.Wasm) == 0):
		return nil, control.Errorf(control.Invalid, "", "spawn: want either a CID or a module")
	case req.CID != "":
		if ref, err = parseRef(req.CID); err != nil {
			return nil, err
		}
		mod, image, err = b.runnable(ctx, ref)
	default:
		// Admission first: what is refused is not stored.
		if _, err = b.engine.Admit(req.Wasm); err != nil {
			return nil, scriptError(err)
		}
		var s lumps.Stat
		if s, err = b.lumps.Add(ctx, &chunkReader{next: once(req.Wasm)}, false); err != nil {
			return nil, lumpError(err)
		}
		ref = s.Ref
		mod, err = b.modules.admit(ref, req.Wasm)
	}
	if err != nil {
		return nil, scriptTextError(err)
	}
	grants, err := grantsOf(req)
	if err != nil {
		return nil, err
	}
	info, err := b.procs.Spawn(scripting.SpawnSpec{
		Module: mod, Image: image, CID: ref.String(), Name: req.Name, Args: req.Args,
		Handler: req.Handler, Low: req.Low, Memory: req.Memory, Gas: req.Gas, Processes: req.Processes,
		LogLevel: req.LogLevel, Grants: grants,
	})
	if err != nil {
		return nil, scriptError(err)
	}
	return &control.SpawnResponse{Process: processOf(info)}, nil
}

// runnable gives the module that a CID names, or the driver of a script and
// what it has made of it.
func (b *backend) runnable(ctx context.Context, ref lumps.Ref) (*scripting.Module, *scripting.Image, error) {
	is, err := b.modules.isScript(ctx, ref)
	if err != nil {
		return nil, nil, err
	}
	if is {
		s, err := b.modules.script(ctx, ref)
		if err != nil {
			return nil, nil, err
		}
		return s.image.Module(), s.image, nil
	}
	mod, err := b.modules.load(ctx, ref)
	return mod, nil, err
}

// Ps lists processes.
func (b *backend) Ps(_ context.Context, req *control.PsRequest) (*control.PsResponse, error) {
	list := b.procs.List(req.All)
	if req.Tree != 0 {
		of, err := b.procs.Get(req.Tree)
		if err != nil {
			return nil, scriptError(err)
		}
		list = slices.DeleteFunc(list, func(i scripting.Info) bool { return i.Root != of.Root })
	}
	if req.Screens {
		list = slices.DeleteFunc(list, func(i scripting.Info) bool { return !i.Screen })
	}
	if by := psOrder[req.Sort]; by != nil {
		slices.SortStableFunc(list, func(i, j scripting.Info) int { return cmp.Compare(by(j), by(i)) })
	}
	out := &control.PsResponse{Processes: []control.Process{}, Total: len(list)}
	for _, i := range list[:min(len(list), cmp.Or(req.Limit, control.MaxPs))] {
		out.Processes = append(out.Processes, processOf(i))
	}
	return out, nil
}

// psOrder is what a list can be sorted by, the most first.
var psOrder = map[string]func(scripting.Info) uint64{
	"cpu":     func(i scripting.Info) uint64 { return uint64(i.CPU) },
	"memory":  func(i scripting.Info) uint64 { return i.Memory },
	"mailbox": func(i scripting.Info) uint64 { return uint64(i.Mailbox) },
	"gas":     func(i scripting.Info) uint64 { return i.Gas },
}

// Kill stops a process, or its tree, and returns when it has ended.
func (b *backend) Kill(_ context.Context, req *control.KillRequest) error {
	if req.Tree {
		return scriptError(b.procs.KillTree(req.PID))
	}
	return scriptError(b.procs.Kill(req.PID))
}

// Send puts a message into a process's mailbox.
func (b *backend) Send(_ context.Context, req *control.SendRequest) error {
	return scriptError(b.procs.Send(req.PID, req.Tag, req.Data))
}

// Tail sends the log of a process, or of all.
func (b *backend) Tail(ctx context.Context, req *control.TailRequest, send func(*control.LogLine) error) error {
	line := func(l scripting.LogLine) error {
		return send(&control.LogLine{
			PID: l.PID, Name: l.Name, Time: l.Time.UTC().Format(time.RFC3339Nano), Level: l.Level, Text: l.Text,
		})
	}
	if req.Disk {
		return scriptError(b.journal.Read(req.PID, req.Level, line))
	}
	return scriptError(b.procs.Tail(ctx, req.PID, req.Level, req.Follow, line))
}
