package scripting

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/metatopia/metatopia/scripting/process"
	"github.com/metatopia/metatopia/scripting/screen"
)

// screens are those that processes have opened, by pid.
type screens struct {
	mu sync.Mutex
	of map[uint64]*screen.Screen
}

func (t *screens) get(pid uint64) *screen.Screen {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.of[pid]
}

func (t *screens) put(pid uint64, s *screen.Screen) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.of == nil {
		t.of = map[uint64]*screen.Screen{}
	}
	t.of[pid] = s
}

func (t *screens) drop(pid uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.of, pid)
}

// screenOf finds the screen of a live process; ErrNoProcess, ErrNotFound when it
// has none.
func (t *Processes) screenOf(pid uint64) (*screen.Screen, error) {
	if _, err := t.here(pid); err != nil {
		return nil, err
	}
	s := t.screens.get(pid)
	if s == nil {
		return nil, fmt.Errorf("%w: process %d shows nothing", ErrNotFound, pid)
	}
	return s, nil
}

// Watch calls fn with all that a process shows and then with what changes, at
// most once in every, until the process has ended (nil), ctx ends (its error) or
// fn fails (its error). Errors wrap ErrNoProcess, ErrNotFound when it shows
// nothing, ErrFull when too many watch.
func (t *Processes) Watch(ctx context.Context, pid uint64, every time.Duration, fn func(*screen.Frame) error) error {
	s, err := t.screenOf(pid)
	if err != nil {
		return fmt.Errorf("scripting: watch: %w", err)
	}
	n, err := s.Enter()
	if err != nil {
		return fmt.Errorf("scripting: watch %d: %w: %d watch it", pid, ErrFull, screen.MaxWatchers)
	}
	t.person(pid, s, fmt.Sprintf("watch %d", n))
	defer func() { t.person(pid, s, fmt.Sprintf("watch %d", s.Leave())) }()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for seen := (screen.Seen{Sound: s.LastSound()}); ; {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		f, err := s.Next(ctx, seen)
		if errors.Is(err, screen.ErrEnded) {
			return nil
		}
		if err == nil {
			err = fn(f)
		}
		if err != nil {
			return err
		}
		seen = f.Seen
		timer.Reset(every)
	}
}

// Act tells a process what a person did at its screen (see screen.CheckEvent). It
// is no error when the process does not want to know. Errors wrap ErrNoProcess,
// ErrNotFound, ErrNotUsable (no such event) or ErrFull.
func (t *Processes) Act(pid uint64, event string) error {
	s, err := t.screenOf(pid)
	if err != nil {
		return fmt.Errorf("scripting: act: %w", err)
	}
	if what, err := screen.CheckEvent(event); err != nil || what == screen.Watchers {
		return fmt.Errorf("scripting: act on %d: %w: no such event", pid, ErrNotUsable)
	}
	if err := t.person(pid, s, event); err != nil {
		return fmt.Errorf("scripting: act on %d: %w", pid, err)
	}
	return nil
}

// person sends an event to a process that wants it.
func (t *Processes) person(pid uint64, s *screen.Screen, event string) error {
	tag, ok := s.Wanted(event)
	if !ok {
		return nil
	}
	p, err := t.find(pid)
	if err != nil {
		return err
	}
	return p.Cap().Send(process.Letter{Tag: tag, Data: []byte(event), Node: true})
}

// screen gives the actor's, made at the first use.
func (a *actor) screen() *screen.Screen {
	r := a.more()
	if r.screen == nil {
		r.screen = screen.New()
		a.table.screens.put(a.proc.ID(), r.screen)
	}
	return r.screen
}

// dropScreen ends it and gives its memory back.
func (a *actor) dropScreen() {
	if r := a.rare; r != nil && r.screen != nil {
		a.table.screens.drop(a.proc.ID())
		r.screen.End()
		a.tree.memory.Give(r.screenBytes)
		r.screen, r.screenBytes = nil, 0
	}
}

// resizeScreen pays with the tree's memory for a part of the screen, and gets
// back what the part before has cost. more is the price of the new part. It gives
// a code, -7 when there is no memory left.
func (a *actor) resizeScreen(open func(s *screen.Screen) error, more int64) int32 {
	s := a.screen()
	before := s.Size()
	if !a.tree.memory.Take(more) {
		return codeFull
	}
	err := open(s)
	after := s.Size()
	// What was taken is more than what is needed by what it replaced.
	a.tree.memory.Give(more - (after - before))
	a.rare.screenBytes += after - before
	return screenCode(err)
}

func screenCode(err error) int32 {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, screen.ErrTooLarge):
		return codeTooLarge
	case errors.Is(err, screen.ErrNone):
		return codeNotFound
	case errors.Is(err, screen.ErrFull):
		return codeFull
	}
	return codeInvalid
}
