package raft

import (
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/order"
)

// Compact drops the records up to tick, of which the caller has a checkpoint,
// but for some that servers a little behind may need. It is an error when the
// tick was not handed out.
func (c *Core) Compact(tick base.Tick) error {
	if c.err != nil {
		return c.err
	}
	if tick > c.applied.Tick {
		return fmt.Errorf("raft: compact: tick %d is not agreed on", tick)
	}
	size, kept := 0, 0
	for i := c.applied.Index; i > c.store.base.Index && size < keepBytes && kept < c.keep; i-- {
		s := c.store.at(i)
		size += len(s.entry.GetData())
		kept++
		if s.record != nil {
			tick = min(tick, s.tick-1)
		}
	}
	if tick <= c.store.base.Tick {
		return nil
	}
	b, err := c.BaseAt(tick)
	if err != nil {
		return err
	}
	c.store.drop(b)
	h := c.store.hard
	c.write(Write{Sync: true, Base: &b, Hard: &h, Entries: c.store.entries()}, nil)
	return nil
}

// BaseAt is the Base at a tick that was handed out and not dropped yet.
func (c *Core) BaseAt(tick base.Tick) (Base, error) {
	b := c.store.base.clone()
	if tick == b.Tick {
		return b, nil
	}
	i, ok := c.store.find(tick, c.applied.Index)
	if !ok {
		return Base{}, fmt.Errorf("raft: base at tick %d: the log has %d to %d", tick, b.Tick, c.applied.Tick)
	}
	for k := b.Index + 1; k <= i; k++ {
		if err := b.advance(c.store.at(k)); err != nil {
			return Base{}, err
		}
	}
	return b, nil
}

// Install goes on after b in place of what this server has: see Need. It is an
// error when b is not ahead of it.
func (c *Core) Install(b Base) error {
	switch {
	case c.err != nil:
		return c.err
	case b.Epoch != c.applied.Epoch:
		return fmt.Errorf("raft: install: %w: %d, here it is %d", order.ErrEpoch, b.Epoch, c.applied.Epoch)
	case b.Index <= c.applied.Index:
		return fmt.Errorf("raft: install: tick %d is not ahead of %d", b.Tick, c.applied.Tick)
	}
	s := State{Base: b, Hard: c.store.hard}
	s.Hard.Commit = max(s.Hard.Commit, b.Index)
	if s.Hard.Term < b.Term {
		s.Hard.Term, s.Hard.Vote = b.Term, 0
	}
	// What this server has acknowledged behind b must stay.
	if t, err := c.store.Term(b.Index); err == nil && t == b.Term {
		s.Entries = c.store.entries()[b.Index-c.store.base.Index:]
	}
	if n := b.Index + uint64(len(s.Entries)); s.Hard.Commit > n {
		s.Hard.Commit = n
	}
	before := c.out
	c.out = Output{}
	if err := c.start(s); err != nil {
		c.halt(err)
		return c.err
	}
	c.mine.agreed(last(b.Counters, c.self))
	after := c.out
	c.out = Output{Messages: before.Messages, Writes: before.Writes, Results: before.Results}
	h := s.Hard
	c.write(Write{Sync: true, Base: &b, Hard: &h, Entries: s.Entries}, nil)
	c.out.Messages = append(c.out.Messages, after.Messages...)
	c.out.Writes = append(c.out.Writes, after.Writes...)
	c.out.Records = after.Records
	return nil
}
