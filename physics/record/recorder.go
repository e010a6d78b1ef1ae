package record

import (
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
)

// Options of a Recorder.
type Options struct {
	Label string // whose recording it is: at most MaxLabel bytes
	First uint64 // steps the world has made before
	Every int    // steps between two states; 0: the start is the only one
}

// Recorder turns the steps of a world into a recording, piece by piece. Its
// caller writes the pieces one after the other. A piece is good until the next
// call.
type Recorder struct {
	every, since int
	steps        int
	size         int64
	buf, state   []byte
}

// ErrFull ends a recording: it has reached MaxSteps or MaxBytes. What was
// written before is good.
var ErrFull = fmt.Errorf("recording is full")

const (
	magic   = "MTREC"
	version = 1

	kindStart = 1
	kindStep  = 2
	kindState = 3
)

// Start begins the recording of a world as it is now, and gives its first
// piece.
func Start(w *physics.World, o Options) (*Recorder, []byte, error) {
	if len(o.Label) > MaxLabel || o.Every < 0 {
		return nil, nil, fmt.Errorf("record: start: a label of %d bytes, a state every %d steps", len(o.Label), o.Every)
	}
	r := &Recorder{every: o.Every}
	e := base.Encoder{B: append(r.buf[:0], magic...)}
	e.U8(version)
	at := begin(&e, kindStart)
	e.Str(o.Label)
	e.U64(o.First)
	c := w.Config()
	appendFloat(&e, c.Gravity)
	appendFloat(&e, c.Dt)
	e.U32(uint32(c.Substeps))
	e.U32(uint32(c.MaxBodies))
	appendFloat(&e, c.Step)
	appendFloat(&e, c.Slope)
	e.Bool(c.Sleepless)
	e.Bool(c.Open)
	appendVec(&e, c.Min)
	appendVec(&e, c.Max)
	r.state = w.AppendSnapshot(r.state[:0])
	e.Bytes(r.state)
	end(&e, at)
	return r.piece(e.B)
}

// Step gives the piece for a step that the world has just made with cmds.
func (r *Recorder) Step(cmds []physics.Command, w *physics.World) ([]byte, error) {
	if r.steps >= MaxSteps {
		return nil, fmt.Errorf("record: step: %w: %d steps", ErrFull, r.steps)
	}
	e := base.Encoder{B: r.buf[:0]}
	at := begin(&e, kindStep)
	e.U32(uint32(len(cmds)))
	for i := range cmds {
		appendCommand(&e, &cmds[i])
	}
	e.U64(w.Hash())
	end(&e, at)
	r.steps++
	if r.since++; r.since == r.every {
		r.since = 0
		at := begin(&e, kindState)
		r.state = w.AppendSnapshot(r.state[:0])
		e.Bytes(r.state)
		end(&e, at)
	}
	_, b, err := r.piece(e.B)
	return b, err
}

func (r *Recorder) piece(b []byte) (*Recorder, []byte, error) {
	r.buf = b
	if r.size += int64(len(b)); r.size > MaxBytes || len(r.state) > MaxState {
		return r, nil, fmt.Errorf("record: %w: %d bytes", ErrFull, r.size)
	}
	return r, b, nil
}

// begin opens a record; end fills in its length.
func begin(e *base.Encoder, kind uint8) int {
	e.U8(kind)
	e.U32(0)
	return len(e.B)
}

func end(e *base.Encoder, at int) {
	n := base.Encoder{B: e.B[at-4 : at-4]}
	n.U32(uint32(len(e.B) - at))
}
