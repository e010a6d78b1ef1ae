package scripting

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// ProcessesConfig configures NewProcesses.
type ProcessesConfig struct {
	Engine *Engine
	World  func() World // may be nil, or give nil: then mt:world@1 answers "unavailable"
	Lumps  LumpReader   // may be nil: then mt:lump@1 answers "unavailable"
	Sender LumpSender   // may be nil: then send of mt:lump@1 answers "unavailable"
	Rand   io.Reader    // of mt:random@1, used by one goroutine at a time; nil for crypto/rand
	Log    *slog.Logger // spawns and exits; nil for none
	// OnEvent counts: "spawned", "exited", "killed", "faulted".
	OnEvent func(name string)
	// Max is how many processes may be alive at once, 0 for 256.
	Max int
}

// Processes is the process table of a node.
type Processes struct {
	cfg ProcessesConfig

	randMu sync.Mutex

	mu     sync.Mutex
	last   uint64
	alive  map[uint64]*process
	exited []*process // the oldest first
	closed bool
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
	return &Processes{cfg: cfg, alive: map[uint64]*process{}}
}

// SpawnSpec says what to run.
type SpawnSpec struct {
	Module *Module
	Image  *Image   // of the module, made by ProcessImage; nil for one without input
	CID    string   // for listings
	Name   string   // 1-64 bytes; "process" when empty
	Args   []string // at most 64, 32 KiB together
	Memory uint64   // bytes, 0 for DefaultMemory, at most MaxMemory
	Gas    uint64   // whole-life budget, 0 for none
	Grants Grants
}

func (s *SpawnSpec) check() error {
	if s.Image != nil && s.Module == nil {
		s.Module = s.Image.m
	}
	if s.Image != nil && s.Image.m != s.Module {
		return fmt.Errorf("%w: the image is of another module", ErrNotUsable)
	}
	if s.Module == nil {
		return fmt.Errorf("%w: no module", ErrNotUsable)
	}
	if err := s.Module.process; err != nil {
		return err
	}
	if s.Memory == 0 {
		s.Memory = DefaultMemory
	}
	if s.Memory > MaxMemory {
		return fmt.Errorf("%w: memory %d, at most %d", ErrTooLarge, s.Memory, MaxMemory)
	}
	if least := uint64(s.Module.res.MinPages) << 16; s.Memory < least {
		return fmt.Errorf("%w: the module needs %d bytes of memory, %d are allowed", ErrTooLarge, least, s.Memory)
	}
	if s.Name == "" {
		s.Name = "process"
	}
	s.Name = clean(s.Name, maxProcName)
	size := 0
	for _, a := range s.Args {
		size += len(a)
	}
	if len(s.Args) > maxArgs || size > maxArgBytes {
		return fmt.Errorf("%w: %d arguments, %d bytes, at most %d and %d", ErrTooLarge, len(s.Args), size, maxArgs, maxArgBytes)
	}
	return s.Grants.check()
}

// Spawn starts a process and returns at once. Errors wrap ErrNotUsable,
// ErrTooLarge, ErrFull or ErrClosed.
func (t *Processes) Spawn(spec SpawnSpec) (Info, error) {
	if err := spec.check(); err != nil {
		return Info{}, fmt.Errorf("scripting: spawn %s: %w", spec.Name, err)
	}
	t.mu.Lock()
	var err error
	switch {
	case t.closed:
		err = ErrClosed
	case len(t.alive) >= t.cfg.Max:
		err = fmt.Errorf("%w: %d processes", ErrFull, len(t.alive))
	}
	if err != nil {
		t.mu.Unlock()
		return Info{}, fmt.Errorf("scripting: spawn %s: %w", spec.Name, err)
	}
	t.last++
	p := newProcess(t, t.last, spec)
	t.alive[p.pid] = p
	t.mu.Unlock()
	t.cfg.Log.Info("process spawned", "pid", p.pid, "name", spec.Name, "module", spec.CID)
	t.cfg.OnEvent("spawned")
	go p.live()
	return p.info(), nil
}

// retire moves an ended process to the exited ones.
func (t *Processes) retire(p *process) {
	t.mu.Lock()
	delete(t.alive, p.pid)
	t.exited = append(t.exited, p)
	if len(t.exited) > keepExited {
		t.exited = slices.Delete(t.exited, 0, 1)
	}
	t.mu.Unlock()
}

func (t *Processes) find(pid uint64) (*process, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p, ok := t.alive[pid]; ok {
		return p, nil
	}
	for _, p := range t.exited {
		if p.pid == pid {
			return p, nil
		}
	}
	return nil, fmt.Errorf("%w: %d", ErrNoProcess, pid)
}

// List gives the live processes and, with all, the last exited ones, by pid.
func (t *Processes) List(all bool) []Info {
	t.mu.Lock()
	var ps []*process
	for _, p := range t.alive {
		ps = append(ps, p)
	}
	if all {
		ps = append(ps, t.exited...)
	}
	t.mu.Unlock()
	slices.SortFunc(ps, func(a, b *process) int { return int(int64(a.pid) - int64(b.pid)) })
	infos := make([]Info, len(ps))
	for i, p := range ps {
		infos[i] = p.info()
	}
	return infos
}

// Get describes one process; ErrNoProcess when it is unknown.
func (t *Processes) Get(pid uint64) (Info, error) {
	p, err := t.find(pid)
	if err != nil {
		return Info{}, fmt.Errorf("scripting: %w", err)
	}
	return p.info(), nil
}

// Send puts a message into a mailbox; the process sees sender 0. Errors wrap
// ErrNoProcess (also when it has exited), ErrFull or ErrTooLarge.
func (t *Processes) Send(pid uint64, data []byte) error {
	if err := t.post(pid, message{data: slices.Clone(data)}); err != nil {
		return fmt.Errorf("scripting: send to %d: %w", pid, err)
	}
	return nil
}

func (t *Processes) post(pid uint64, m message) error {
	if len(m.data) > MaxMessage {
		return fmt.Errorf("%w: message of %d bytes, at most %d", ErrTooLarge, len(m.data), MaxMessage)
	}
	t.mu.Lock()
	p, ok := t.alive[pid]
	t.mu.Unlock()
	if !ok {
		return ErrNoProcess
	}
	return p.box.put(m)
}

// Kill stops a process, also one in an endless loop, and waits until it has
// ended, at most 5 s: a process inside a call of World ends when that returns.
// Killing an exited process is no error.
func (t *Processes) Kill(pid uint64) error {
	p, err := t.find(pid)
	if err != nil {
		return fmt.Errorf("scripting: kill: %w", err)
	}
	p.kill()
	late := time.NewTimer(killWait)
	defer late.Stop()
	select {
	case <-p.done:
		return nil
	case <-late.C:
		return fmt.Errorf("scripting: kill %d: it is inside a call of the world and ends with it", pid)
	}
}

// Wait blocks until a process has ended and describes it.
func (t *Processes) Wait(ctx context.Context, pid uint64) (Info, error) {
	p, err := t.find(pid)
	if err != nil {
		return Info{}, fmt.Errorf("scripting: wait: %w", err)
	}
	select {
	case <-p.done:
		return p.info(), nil
	case <-ctx.Done():
		return p.info(), ctx.Err()
	}
}

// Tail calls fn for the lines kept and, with follow, for those to come, until
// the process has ended, ctx ends (its error) or fn fails (its error).
func (t *Processes) Tail(ctx context.Context, pid uint64, follow bool, fn func(LogLine) error) error {
	p, err := t.find(pid)
	if err != nil {
		return fmt.Errorf("scripting: tail: %w", err)
	}
	return p.log.tail(ctx, follow, fn)
}

// Close kills every process and waits for them as Kill does.
func (t *Processes) Close() error {
	t.mu.Lock()
	t.closed = true
	var pids []uint64
	for pid, p := range t.alive {
		p.kill()
		pids = append(pids, pid)
	}
	t.mu.Unlock()
	var err error
	for _, pid := range pids {
		if kerr := t.Kill(pid); kerr != nil {
			err = kerr
		}
	}
	return err
}
