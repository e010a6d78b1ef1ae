package scripting

import (
	"errors"
	"fmt"

	"github.com/metatopia/metatopia/scripting/process"
)

// SpawnSpec says what to run. It is the root of a tree: what it spawns shares
// its bounds and its grants.
type SpawnSpec struct {
	Module    *Module
	Image     *Image   // of the module, made by ProcessImage; nil for one without input. What it spawns of the same module starts from it too
	CID       string   // for listings
	Name      string   // 1-64 bytes; "process" when empty
	Args      []string // at most 64, 32 KiB together
	Handler   bool     // handle is called for each letter, also when there is a run
	Low       bool     // others go first
	Memory    uint64   // bytes of its tree, 0 for DefaultMemory, at most MaxTreeMemory; one process has at most MaxMemory
	Gas       uint64   // whole-life budget of its tree, 0 for none
	Processes int      // of its tree at a time, 0 for DefaultProcesses
	LogLevel  string   // of the least lines that are kept: debug (or ""), info, warn, error
	Grants    Grants
}

// check makes the spec whole.
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
	if s.Module.run != nil {
		s.Handler = true
	}
	if err := s.Module.as(s.Handler); err != nil {
		return errors.Join(s.Module.run, err)
	}
	if s.Memory == 0 {
		s.Memory = DefaultMemory
	}
	if s.Memory > MaxTreeMemory {
		return fmt.Errorf("%w: memory %d, at most %d", ErrTooLarge, s.Memory, uint64(MaxTreeMemory))
	}
	if least := uint64(s.Module.res.MinPages) << 16; s.Memory < least {
		return fmt.Errorf("%w: the module needs %d bytes of memory, %d are allowed", ErrTooLarge, least, s.Memory)
	}
	if s.Processes == 0 {
		s.Processes = DefaultProcesses
	}
	if s.Processes < 0 || s.Processes > defaultMax {
		return fmt.Errorf("%w: %d processes of one tree, at most %d", ErrTooLarge, s.Processes, defaultMax)
	}
	if s.Name == "" {
		s.Name = "process"
	}
	s.Name = clean(s.Name, maxProcName)
	if _, err := LevelOf(s.LogLevel); err != nil {
		return err
	}
	size := 0
	for _, a := range s.Args {
		size += len(a)
	}
	if len(s.Args) > maxArgs || size > maxArgBytes {
		return fmt.Errorf("%w: %d arguments, %d bytes, at most %d and %d", ErrTooLarge, len(s.Args), size, maxArgs, maxArgBytes)
	}
	return s.Grants.check()
}

// as tells whether a process can be made of m: a handler or a blocking one.
func (m *Module) as(handler bool) error {
	if handler {
		return m.react
	}
	return m.run
}

// Spawn starts a process and returns at once. Errors wrap ErrNotUsable,
// ErrTooLarge, ErrFull or ErrClosed.
func (t *Processes) Spawn(spec SpawnSpec) (Info, error) {
	err := spec.check()
	var a *actor
	if err == nil {
		level, _ := LevelOf(spec.LogLevel)
		tr := &tree{grants: spec.Grants, level: level, memory: process.NewBudget(int64(spec.Memory))}
		tr.most.Store(int32(spec.Processes))
		tr.names = t.procs.NewNames(maxNames)
		if spec.Gas != 0 {
			tr.gas.bounded = true
			tr.gas.left.Store(int64(min(spec.Gas, 1<<62)))
		}
		a, err = t.root(&spec, tr, nil, false)
	}
	if err != nil {
		return Info{}, fmt.Errorf("scripting: spawn %s: %w", spec.Name, err)
	}
	return a.info(), nil
}

// root starts the first process of a tree, or one more without a parent here.
func (t *Processes) root(spec *SpawnSpec, tr *tree, parent *process.Cap, trap bool) (*actor, error) {
	a := &actor{table: t, tree: tr, module: spec.Module, img: spec.Image, cid: spec.CID, name: spec.Name, args: spec.Args, parent: parent}
	a.setKind(spec.Handler)
	_, err := t.procs.SpawnWith(func() (process.Spec, error) { return a.spec(spec.Low, trap) }, func(s *process.Starting) error {
		a.proc = s.Process()
		if tr.root == 0 {
			tr.root = a.proc.ID()
		}
		for _, note := range spec.Module.Deprecated() {
			a.logLine(levelWarn, note) // not again for what it spawns of the same
		}
		return nil
	})
	a.discard(err)
	if err != nil {
		return nil, err
	}
	t.cfg.Log.Info("process spawned", "pid", a.proc.ID(), "name", spec.Name, "module", spec.CID, "for", tr.lodger)
	t.cfg.OnEvent("spawned")
	return a, nil
}

func (a *actor) setKind(handler bool) {
	a.kind = KindBlocking
	if handler {
		a.kind = KindHandling
	}
}

// spec takes the actor's part of its tree's budgets and gives what to start.
// The process table may be locked.
func (a *actor) spec(low, trap bool) (process.Spec, error) {
	if err := a.tree.join(); err != nil {
		return process.Spec{}, err
	}
	need := int64(0)
	if a.module != nil {
		need = int64(a.module.res.MinPages) << 16
		if err := a.table.cfg.Engine.hasRoom(uint64(need)); err != nil {
			a.tree.leave()
			return process.Spec{}, err
		}
	}
	if !a.tree.memory.Take(need) {
		a.tree.leave()
		return process.Spec{}, fmt.Errorf("%w: the memory of its tree is used up", ErrFull)
	}
	a.reserved = need
	a.born = a.table.now()
	s := process.Spec{Name: a.name, TrapExits: trap, Room: a.tree.memory, Of: a}
	if low || a.tree.lodger != "" { // a stranger's never hold up one's own
		s.Priority = process.Low
	}
	if a.kind == KindHandling {
		s.Handler = a
	} else {
		s.Blocking = a
	}
	return s, nil
}

// discard undoes spec if the actor was not started after all.
func (a *actor) discard(err error) {
	if err != nil && a.born != 0 {
		a.tree.memory.Give(a.reserved)
		a.tree.leave()
	}
}
