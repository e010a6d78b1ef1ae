package record

import (
	"bytes"
	"fmt"

	"github.com/metatopia/metatopia/physics"
)

// Divergence is the first step after which two histories differ. Steps count
// from the first one of the world, which is 1; 0 is the state before it.
type Divergence struct {
	Step uint64
	// What differs first: "config", "start", "commands" or "state".
	What string
	// Command is the first command of the step that differs, from 0; -1 when
	// the same was asked for.
	Command int
	// Where is what differs after step At, at Step or as soon after it as both
	// states are known. nil: no state is recorded from Step on.
	Where *Difference
	At    uint64
	// Here says, of two recordings, with which of them this machine agrees
	// about the step: "this", "that", "both" or "neither".
	Here string
}

// runner follows a recording: at tells what the recorder's world was.
type runner struct {
	rec  *Recording
	w    *physics.World // after now steps; nil: not known
	now  int
	same bool // the last step made here was the recorder's
}

func newRunner(r *Recording, from int) (*runner, error) {
	w, at, err := r.World(from)
	if err != nil {
		return nil, err
	}
	x := &runner{rec: r, w: w, now: at}
	if w.Hash() != r.hashAfter(at) && at > 0 {
		return nil, fmt.Errorf("record: %w: the state after step %d has another hash", ErrFormat, r.First+uint64(at))
	}
	for x.now < from {
		if err := x.step(); err != nil {
			return nil, err
		}
	}
	return x, nil
}

// hashAfter is the recorded hash after n steps.
func (r *Recording) hashAfter(n int) uint64 {
	if n == 0 {
		return 0
	}
	return r.steps[n-1].hash
}

// step makes the next step. A world that is no longer the recorder's is given
// up, and found again where a state was recorded.
func (x *runner) step() error {
	s := &x.rec.steps[x.now]
	x.now++
	x.same = false
	if x.w != nil {
		cmds, err := s.decode()
		if err != nil {
			return err
		}
		_, _ = x.w.Step(cmds, nil) // what it refused, the recorder's refused too
		if x.same = x.w.Hash() == s.hash; x.same {
			return nil
		}
		x.w = nil
	}
	if s.state == nil {
		return nil
	}
	w, err := physics.Restore(x.rec.Config, s.state)
	if err != nil {
		return fmt.Errorf("record: the state after step %d: %w", x.rec.First+uint64(x.now), err)
	}
	x.w = w
	return nil
}

// Replay runs a recording here. It is nil when every step leads to the
// recorded state; else This is what this machine has and That the recording.
// same is how many steps do. A recorded state that is not the one of its hash is
// ErrFormat: the file is damaged.
func Replay(r *Recording) (d *Divergence, same int, err error) {
	w, _, err := r.World(0)
	if err != nil {
		return nil, 0, err
	}
	for i := range r.steps {
		s := &r.steps[i]
		cmds, err := s.decode()
		if err != nil {
			return nil, same, err
		}
		_, _ = w.Step(cmds, nil)
		at := r.First + uint64(i) + 1
		if d == nil && w.Hash() != s.hash {
			d = &Divergence{Step: at, What: "state", Command: -1}
		}
		if d == nil {
			same++
			if s.state != nil && !bytes.Equal(w.AppendSnapshot(nil), s.state) {
				return nil, same, fmt.Errorf("record: %w: the state after step %d has another hash", ErrFormat, at)
			}
		}
		if d == nil || s.state == nil {
			continue
		}
		that, err := physics.Restore(r.Config, s.state)
		if err != nil {
			return nil, same, fmt.Errorf("record: the state after step %d: %w", at, err)
		}
		if x, differ := Diff(w, that); differ {
			d.Where, d.At = &x, at
		}
		return d, same, nil
	}
	return d, same, nil
}

// Compare looks for the first step after which the recordings of two replicas
// differ, where both were recording. It is nil when they agree; steps is how
// many were compared. ErrFormat says that one is damaged, ErrApart that they
// have no step in common.
func Compare(this, that *Recording) (d *Divergence, steps int, err error) {
	if this.Config != that.Config {
		return &Divergence{What: "config", Command: -1}, 0, nil
	}
	first := max(this.First, that.First)
	last := min(this.First+uint64(this.Len()), that.First+uint64(that.Len()))
	if last < first {
		return nil, 0, fmt.Errorf("record: compare: %w: %d steps after %d, %d steps after %d", ErrApart, this.Len(), this.First, that.Len(), that.First)
	}
	i, j := int(first-this.First), int(first-that.First)
	a, err := newRunner(this, i)
	if err != nil {
		return nil, 0, err
	}
	b, err := newRunner(that, j)
	if err != nil {
		return nil, 0, err
	}
	if a.w != nil && b.w != nil && a.w.Hash() != b.w.Hash() {
		d = &Divergence{Step: first, What: "start", Command: -1}
		d.where(a, b, first)
		return d, 0, nil
	}
	n := int(last - first)
	for k := range n {
		s, t := &this.steps[i+k], &that.steps[j+k]
		if s.hash == t.hash && bytes.Equal(s.commands, t.commands) {
			if s.state != nil && t.state != nil && !bytes.Equal(s.state, t.state) {
				return nil, k, fmt.Errorf("record: compare: %w: two states after step %d with one hash", ErrFormat, first+uint64(k)+1)
			}
			continue
		}
		d := &Divergence{Step: first + uint64(k) + 1, What: "state", Command: differing(s, t)}
		if d.Command >= 0 {
			d.What = "commands"
		}
		return d, k, d.explain(this, that, i+k, j+k, n-k)
	}
	return nil, n, nil
}

// ErrApart: two recordings of different times.
var ErrApart = fmt.Errorf("no step in common")

// differing is the first command that differs, or -1.
func differing(s, t *step) int {
	if bytes.Equal(s.commands, t.commands) {
		return -1
	}
	a, _ := s.decode()
	b, _ := t.decode()
	for i := range min(len(a), len(b)) {
		x, y := encoded(&a[i]), encoded(&b[i])
		if !bytes.Equal(x, y) {
			return i
		}
	}
	return min(len(a), len(b))
}

// explain runs both recordings up to step i of this and j of that, and on to
// where both states are known, n steps at most.
func (d *Divergence) explain(this, that *Recording, i, j, n int) error {
	a, err := newRunner(this, i)
	if err != nil {
		return err
	}
	b, err := newRunner(that, j)
	if err != nil {
		return err
	}
	for k := range n {
		if err := a.step(); err != nil {
			return err
		}
		if err := b.step(); err != nil {
			return err
		}
		if k == 0 {
			d.Here = agreed(a.same, b.same)
		}
		if d.where(a, b, this.First+uint64(a.now)) {
			return nil
		}
	}
	return nil
}

func agreed(this, that bool) string {
	switch {
	case this && that:
		return "both"
	case this:
		return "this"
	case that:
		return "that"
	}
	return "neither"
}

func (d *Divergence) where(a, b *runner, at uint64) bool {
	if a.w == nil || b.w == nil {
		return false
	}
	if x, differ := Diff(a.w, b.w); differ {
		d.Where, d.At = &x, at
	}
	return true
}
