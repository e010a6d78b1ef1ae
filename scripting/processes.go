package scripting

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/metatopia/metatopia/scripting/process"
)

// ProcessesConfig configures NewProcesses.
type ProcessesConfig struct {
	Engine  *Engine
	World   func() World // may be nil, or give nil: then mt:world@1 answers "unavailable"
	Lumps   LumpReader   // may be nil: then mt:lump@1 answers "unavailable"
	Store   LumpStore    // may be nil: then put of mt:lump@1 answers "unavailable"
	Sender  LumpSender   // may be nil: then send of mt:lump@1 answers "unavailable"
	Web     Web          // may be nil: then mt:http@1 answers "unavailable"
	Modules ModuleLoader // may be nil: then spawn_module of mt:process@1 answers "unavailable"
	Rand    io.Reader    // of mt:random@1, used by one goroutine at a time; nil for crypto/rand
	Log     *slog.Logger // spawns and exits; nil for none
	Journal *Journal     // where the lines of processes go too; may be nil. The owner closes it, last.
	// OnEvent counts: "spawned", "exited", "killed", "faulted".
	OnEvent func(name string)
	// Max is how many processes may be alive at once, 0 for 2^20.
	Max int
}

// ModuleLoader gives a process another module. ctx ends when the process does.
type ModuleLoader interface {
	LoadModule(ctx context.Context, cid string) (*Module, error)
}

// Processes is the process table of a node.
type Processes struct {
	cfg      ProcessesConfig
	procs    *process.Table
	abroad   atomic.Pointer[Abroad] // nil until Connect
	lodgings lodgings
	screens  screens
	epoch    time.Time
	lines    *logRing // of all processes

	randMu sync.Mutex
}

// NewProcesses makes an empty process table.
func NewProcesses(cfg ProcessesConfig) *Processes {
	if cfg.Max <= 0 {
		cfg.Max = defaultMax
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.OnEvent == nil {
		cfg.OnEvent = func(string) {}
	}
	t := &Processes{cfg: cfg, epoch: time.Now(), lines: newLogRing(maxAllLines, maxAllLineBytes)}
	t.procs = process.NewTable(process.Config{
		Slots: runtime.GOMAXPROCS(0), Max: cfg.Max, Keep: keepExited, OnEnd: t.ended, OnForget: t.forget,
	})
	return t
}

// now is a clock that never goes back, in nanoseconds; never 0.
func (t *Processes) now() int64 { return int64(time.Since(t.epoch)) + 1 }

// ended is told of every end.
func (t *Processes) ended(p *process.Process, r process.Reason) {
	defer t.told(p, r)
	a, ok := p.Of().(*actor)
	if !ok {
		return
	}
	a.tree.leave()
	a.endLog()
	what := "exited"
	switch r.End {
	case process.Killed, process.Linked:
		what = "killed"
	case process.Faulted:
		what = "faulted"
	}
	t.cfg.Log.Log(context.Background(), a.logAt(), "process ended", "pid", p.ID(), "name", a.name, "exit", exitOf(r))
	t.cfg.OnEvent(what)
}

// forget is told when one that has ended is listed no more.
func (t *Processes) forget(p *process.Process) {
	if a, ok := p.Of().(*actor); ok {
		a.dropLog()
	}
}

// logAt: what guests spawn is not news.
func (a *actor) logAt() slog.Level {
	if a.from != 0 {
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

func (t *Processes) find(pid uint64) (*process.Process, error) {
	p, err := t.procs.Find(pid)
	if err != nil {
		return nil, fmt.Errorf("%w: %d", ErrNoProcess, pid)
	}
	return p, nil
}

// here is find for a process of this node.
func (t *Processes) here(pid uint64) (*actor, error) {
	p, err := t.find(pid)
	if err != nil {
		return nil, err
	}
	a, ok := p.Of().(*actor)
	if !ok {
		return nil, fmt.Errorf("%w: %d runs on another node", ErrNoProcess, pid)
	}
	return a, nil
}

// List gives the live processes, by pid, and with all the last ended ones and
// those of other nodes whose end nobody here waits for.
func (t *Processes) List(all bool) []Info {
	ps := t.procs.List(all)
	if !all {
		ps = slices.DeleteFunc(ps, func(p *process.Process) bool {
			if _, here := p.Of().(*actor); here {
				return false
			}
			monitored, linked := p.Watched()
			return !monitored && !linked
		})
	}
	infos := make([]Info, len(ps))
	for i, p := range ps {
		infos[i] = t.infoOf(p)
	}
	return infos
}

// Get describes one process; ErrNoProcess when it is unknown.
func (t *Processes) Get(pid uint64) (Info, error) {
	p, err := t.find(pid)
	if err != nil {
		return Info{}, fmt.Errorf("scripting: %w", err)
	}
	return t.infoOf(p), nil
}

// Send puts a message of the node into a mailbox. Errors wrap ErrNoProcess (also
// when it has ended), ErrFull or ErrTooLarge.
func (t *Processes) Send(pid uint64, tag int64, data []byte) error {
	if len(data) > MaxMessage {
		return fmt.Errorf("scripting: send to %d: %w: message of %d bytes, at most %d", pid, ErrTooLarge, len(data), MaxMessage)
	}
	p, err := t.find(pid)
	if err == nil {
		err = p.Cap().Send(process.Letter{Tag: tag, Data: slices.Clone(data), Node: true})
	}
	if err != nil {
		return fmt.Errorf("scripting: send to %d: %w", pid, err)
	}
	return nil
}

// Announce sends a message of the node to every process that a person started.
// A full mailbox is the process's own affair.
func (t *Processes) Announce(data []byte) {
	for _, p := range t.procs.List(false) {
		if a, ok := p.Of().(*actor); ok && a.from == 0 && !a.tree.grants.NoWorld {
			_ = p.Cap().Send(process.Letter{Data: slices.Clone(data), Node: true})
		}
	}
}

// Kill stops a process, also one in an endless loop, and waits until it has
// ended, at most 5 s: a process inside a call of World ends when that returns.
// Killing an ended process is no error.
func (t *Processes) Kill(pid uint64) error {
	p, err := t.find(pid)
	if err != nil {
		return fmt.Errorf("scripting: kill: %w", err)
	}
	return t.kill([]*process.Process{p})
}

// KillTree is Kill for a process and all that were started by the same person's
// spawn: pid may be any of them.
func (t *Processes) KillTree(pid uint64) error {
	p, err := t.find(pid)
	if err != nil {
		return fmt.Errorf("scripting: kill: %w", err)
	}
	a, ok := p.Of().(*actor)
	if !ok { // its tree is on another node
		return t.kill([]*process.Process{p})
	}
	err = t.killTree(a.tree)
	t.reopen(a.tree)
	return err
}

func (t *Processes) killTree(tr *tree) error {
	// One may start others until it is dead itself.
	for tr.close(); ; {
		var of []*process.Process
		for _, p := range t.procs.List(false) {
			if a, ok := p.Of().(*actor); ok && a.tree == tr {
				of = append(of, p)
			}
		}
		if len(of) == 0 {
			return nil
		}
		if err := t.kill(of); err != nil {
			return err
		}
	}
}

func (t *Processes) kill(ps []*process.Process) error {
	for _, p := range ps {
		p.Finish(process.Reason{End: process.Killed})
	}
	ctx, cancel := context.WithTimeout(context.Background(), killWait)
	defer cancel()
	for _, p := range ps {
		if _, err := p.Wait(ctx); err != nil {
			if _, here := p.Of().(*actor); !here {
				return fmt.Errorf("scripting: kill %d: %w: its node has not answered yet", p.ID(), ErrUnavailable)
			}
			return fmt.Errorf("scripting: kill %d: it is inside a call of the world and ends with it", p.ID())
		}
	}
	return nil
}

// Wait blocks until a process has ended and describes it.
func (t *Processes) Wait(ctx context.Context, pid uint64) (Info, error) {
	p, err := t.find(pid)
	if err != nil {
		return Info{}, fmt.Errorf("scripting: wait: %w", err)
	}
	_, err = p.Wait(ctx)
	return t.infoOf(p), err
}

// Len is how many processes are alive.
func (t *Processes) Len() int { return t.procs.Len() }

// Close kills every process and waits for them as Kill does.
func (t *Processes) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), killWait)
	defer cancel()
	if err := t.procs.Close(ctx); err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			err = errors.New("a process is inside a call of the world")
		}
		return fmt.Errorf("scripting: close: %w", err)
	}
	return nil
}
