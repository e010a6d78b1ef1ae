package node

import (
	"context"
	"errors"
	"time"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/scripting"
)

func processOf(i scripting.Info) control.Process {
	return control.Process{
		PID: i.PID, Name: i.Name, Module: i.CID, State: string(i.State), Exit: i.Exit,
		Mailbox: i.Mailbox, Received: i.Received, Gas: i.Gas, Memory: i.Memory,
		CPU: i.CPU.Seconds(), Started: i.Started.UTC().Format(time.RFC3339), SendTo: i.Grants.SendTo,
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
	var ref lumps.Ref
	var mod *scripting.Module
	var err error
	switch {
	case (req.CID == "") == (len(req.Wasm) == 0):
		return nil, control.Errorf(control.Invalid, "", "spawn: want either a CID or a module")
	case req.CID != "":
		if ref, err = parseRef(req.CID); err != nil {
			return nil, err
		}
		mod, err = b.modules.load(ctx, ref)
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
		return nil, scriptError(err)
	}
	grants, err := grantsOf(req)
	if err != nil {
		return nil, err
	}
	info, err := b.procs.Spawn(scripting.SpawnSpec{
		Module: mod, CID: ref.String(), Name: req.Name, Args: req.Args,
		Memory: req.Memory, Gas: req.Gas, Grants: grants,
	})
	if err != nil {
		return nil, scriptError(err)
	}
	return &control.SpawnResponse{Process: processOf(info)}, nil
}

// Ps lists processes.
func (b *backend) Ps(_ context.Context, req *control.PsRequest) (*control.PsResponse, error) {
	out := &control.PsResponse{Processes: []control.Process{}}
	for _, i := range b.procs.List(req.All) {
		out.Processes = append(out.Processes, processOf(i))
	}
	return out, nil
}

// Kill stops a process and returns when it has ended.
func (b *backend) Kill(_ context.Context, req *control.PIDRequest) error {
	return scriptError(b.procs.Kill(req.PID))
}

// Send puts a message into a process's mailbox.
func (b *backend) Send(_ context.Context, req *control.SendRequest) error {
	return scriptError(b.procs.Send(req.PID, req.Data))
}

// Tail sends a process's log.
func (b *backend) Tail(ctx context.Context, req *control.PIDRequest, send func(*control.LogLine) error) error {
	err := b.procs.Tail(ctx, req.PID, req.Follow, func(l scripting.LogLine) error {
		return send(&control.LogLine{
			PID: l.PID, Time: l.Time.UTC().Format(time.RFC3339Nano), Level: l.Level, Text: l.Text,
		})
	})
	return scriptError(err)
}
