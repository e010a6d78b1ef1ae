package region

import (
	"encoding/binary"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

// Still is the state of a Sim after one tick. The Sim goes on and the Still
// stays as it is, so any goroutine may use it. It shares the things with the
// Sim, which are most of a large state and never changed in place; the rest is
// encoded when it is made.
type Still struct {
	tick    base.Tick
	head    []byte // the snapshot up to the things
	things  []*Thing
	rest    []byte // after them, without the physics
	physics []byte // with its length
	names   []string
}

// Still costs little more than what lies outside of things' slots. It may be
// called between Steps.
func (s *Sim) Still() *Still {
	x := &Still{tick: s.tick, things: slices.Clone(s.things)}
	var e base.Encoder
	s.appendHead(&e)
	e.U32(uint32(len(s.things)))
	x.head = e.B
	e = base.Encoder{}
	for i := 1; i < len(sections); i++ {
		sections[i].append(s, &e)
	}
	x.rest = e.B
	x.physics = s.shard.AppendSnapshot(make([]byte, 4))
	binary.LittleEndian.PutUint32(x.physics, uint32(len(x.physics)-4))
	x.names = s.Loaded()
	for _, l := range s.leaving {
		x.names = lumpsIn(x.names, l.Thing)
	}
	return x
}

// Tick is the tick that it is the state after.
func (x *Still) Tick() base.Tick { return x.tick }

// Snapshot appends what Sim.Snapshot would have appended.
func (x *Still) Snapshot(b []byte) []byte {
	e := base.Encoder{B: append(b, x.head...)}
	for _, t := range x.things {
		t.appendHere(&e)
	}
	e.B = append(e.B, x.rest...)
	return append(e.B, x.physics...)
}

// EachRun calls f with the snapshot in runs of some 128 KiB, so that never all of it
// is in memory. f must not keep them; its error ends the calls and is given.
func (x *Still) EachRun(f func(run []byte) error) error {
	e := base.Encoder{B: slices.Clone(x.head)}
	for _, t := range x.things {
		if t.appendHere(&e); len(e.B) >= MaxPiece {
			if err := f(e.B); err != nil {
				return err
			}
			e.B = e.B[:0]
		}
	}
	e.Raw(x.rest)
	e.Raw(x.physics)
	return f(e.B)
}

// Lumps are the names of all contents that the state refers to, sorted and
// each once, as their texts stand in the slots: those of the things that are
// here or on their way out, and the modules that a replay needs. They come
// from players and may be no names at all.
func (x *Still) Lumps() []string {
	names := slices.Clone(x.names)
	for _, t := range x.things {
		names = lumpsIn(names, t)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// EachSlot calls f with every slot of every thing.
func (x *Still) EachSlot(f func(thing base.ID, w SlotWrite)) {
	for _, t := range x.things {
		for _, w := range t.Slots {
			f(t.ID, w)
		}
	}
}

func lumpsIn(names []string, t *Thing) []string {
	for _, w := range t.Slots {
		if w.Value.Type == SlotLump {
			names = append(names, w.Value.Lump)
		}
	}
	return names
}
