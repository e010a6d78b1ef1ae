package record

import (
	"errors"
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
)

// Recording is a recorded history.
type Recording struct {
	Label  string
	First  uint64 // steps before the first one here
	Config physics.Config
	Cut    bool // it ends within a record, which is left out

	start []byte // snapshot
	steps []step
}

// step is one recorded step. Its commands are decoded when they are needed: a
// recording is mostly idle steps.
type step struct {
	commands []byte
	count    int
	hash     uint64
	state    []byte // snapshot after it, or nil
}

// ErrFormat: not a recording, or a damaged one.
var ErrFormat = errors.New("not a recording")

// Parse reads a whole recording. The recording refers to b, which must not
// change.
func Parse(b []byte) (*Recording, error) {
	if len(b) > MaxBytes {
		return nil, fmt.Errorf("record: parse: %w: %d bytes, at most %d", ErrFormat, len(b), MaxBytes)
	}
	if len(b) < len(magic)+1 || string(b[:len(magic)]) != magic {
		return nil, fmt.Errorf("record: parse: %w", ErrFormat)
	}
	if v := b[len(magic)]; v != version {
		return nil, fmt.Errorf("record: parse: %w: version %d", ErrFormat, v)
	}
	r := &Recording{}
	d := base.NewDecoder(b[len(magic)+1:])
	for first := true; d.Len() > 0; first = false {
		if d.Len() < 5 {
			r.Cut = true
			break
		}
		kind, n := d.U8(), d.U32()
		if uint64(n) > uint64(d.Len()) {
			r.Cut = true
			break
		}
		body := base.NewDecoder(d.Raw(int(n)))
		if first != (kind == kindStart) {
			return nil, fmt.Errorf("record: parse: %w: the start is not the first record", ErrFormat)
		}
		r.take(kind, body)
		if err := body.Done(); err != nil {
			return nil, fmt.Errorf("record: parse: %w: step %d: %w", ErrFormat, len(r.steps), err)
		}
	}
	if r.start == nil {
		return nil, fmt.Errorf("record: parse: %w: no start", ErrFormat)
	}
	return r, nil
}

func (r *Recording) take(kind uint8, d *base.Decoder) {
	switch kind {
	case kindStart:
		r.Label, r.First = d.Str(MaxLabel), d.U64()
		c := &r.Config
		c.Gravity, c.Dt = readFloat(d), readFloat(d)
		c.Substeps, c.MaxBodies = int(d.U32()), int(d.U32())
		c.Step, c.Slope = readFloat(d), readFloat(d)
		c.Sleepless, c.Open = d.Bool(), d.Bool()
		c.Min, c.Max = readVec(d), readVec(d)
		r.start = readState(d)
	case kindStep:
		if len(r.steps) >= MaxSteps {
			d.Fail(fmt.Errorf("%w: more than %d steps", base.ErrBound, MaxSteps))
			return
		}
		s := step{count: d.Count(physics.MaxCommands, minCommand)}
		if d.Err() != nil || d.Len() < 8 {
			d.Fail(base.ErrTruncated)
			return
		}
		s.commands = d.Raw(d.Len() - 8)
		s.hash = d.U64()
		if _, err := s.decode(); err != nil {
			d.Fail(err)
		}
		r.steps = append(r.steps, s)
	case kindState:
		state := readState(d)
		if n := len(r.steps); n == 0 || r.steps[n-1].state != nil {
			d.Fail(errors.New("a state without a step"))
		} else {
			r.steps[n-1].state = state
		}
	default:
		d.Fail(fmt.Errorf("unknown kind %d", kind))
	}
}

// readState reads a snapshot and leaves it where it is. Restore judges it.
func readState(d *base.Decoder) []byte {
	n := d.U32()
	if d.Err() == nil && n > MaxState {
		d.Fail(fmt.Errorf("%w: state of %d bytes", base.ErrBound, n))
	}
	if b := d.Raw(int(n)); b != nil {
		return b
	}
	d.Fail(base.ErrTruncated)
	return nil
}

func (s *step) decode() ([]physics.Command, error) {
	d := base.NewDecoder(s.commands)
	list := make([]physics.Command, 0, min(s.count, len(s.commands)/minCommand))
	for range s.count {
		list = append(list, readCommand(d))
	}
	if err := d.Done(); err != nil {
		return nil, err
	}
	return list, nil
}

// Len is the number of steps.
func (r *Recording) Len() int { return len(r.steps) }

// Step gives the commands of step i, from 0, and the hash after it.
func (r *Recording) Step(i int) ([]physics.Command, uint64) {
	list, _ := r.steps[i].decode() // Parse has seen that it can
	return list, r.steps[i].hash
}

// States is the number of states kept after the start.
func (r *Recording) States() int {
	n := 0
	for i := range r.steps {
		if r.steps[i].state != nil {
			n++
		}
	}
	return n
}

// World restores the last state kept before step i (from 0), and the step to
// make next to go on from there.
func (r *Recording) World(i int) (*physics.World, int, error) {
	b, at := r.start, 0
	for k := min(i, len(r.steps)) - 1; k >= 0; k-- {
		if s := r.steps[k].state; s != nil {
			b, at = s, k+1
			break
		}
	}
	w, err := physics.Restore(r.Config, b)
	if err != nil {
		return nil, 0, fmt.Errorf("record: the state before step %d: %w", r.First+uint64(at)+1, err)
	}
	return w, at, nil
}
