package scripting

import (
	"context"
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero/experimental"

	"github.com/metatopia/metatopia/scripting/arena"
)

// room is what a guest has to ask before its memory becomes size bytes long:
// the budget of whoever runs it. It is never asked for less than before.
type room interface{ resize(size uint64) bool }

// linear is the memory of an instance as the engine wants it. It is freed by
// whoever closes the instance, not by the engine.
type linear struct{ in *instance }

// Reallocate gives nil to make memory.grow answer -1. The first call is for
// the module's minimum, which the memory has already, or more than that when
// it starts from an image.
func (l linear) Reallocate(size uint64) []byte {
	in := l.in
	if size > uint64(len(in.mem.Bytes())) && (size > in.limit || in.room != nil && !in.room.resize(size)) {
		return nil
	}
	return in.mem.Grow(size)
}
func (l linear) Free() {}

// starter is the context of an instantiation. The engine finds in it the
// instance, whose memory was got before, so that a refusal is an error and not a panic.
type starter struct {
	context.Context
	in *instance
}

func newStarter() any {
	s := &starter{}
	s.Context = experimental.WithMemoryAllocator(context.Background(), s)
	return s
}

func (s *starter) Allocate(_, _ uint64) experimental.LinearMemory { return linear{s.in} }

// memory gets a memory. When the node has none left the instances that wait
// for work are given up first. The error wraps ErrFull.
func (e *Engine) memory(s arena.Spec) (*arena.Memory, error) {
	mem, err := e.arena.Get(s)
	if errors.Is(err, arena.ErrBudget) && e.dropIdle() {
		mem, err = e.arena.Get(s)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFull, err)
	}
	return mem, nil
}

// hasRoom tells at a spawn what memory would tell at the start: nil, or an
// error that wraps ErrFull. Between the two others may take what is left.
func (e *Engine) hasRoom(n uint64) error {
	err := e.arena.Room(n)
	if err != nil && e.dropIdle() {
		err = e.arena.Room(n)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	return nil
}
