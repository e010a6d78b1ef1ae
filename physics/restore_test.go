package physics

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
)

// TestRestoreAtEveryStep: a world restored from any step makes the next step
// with the same bytes and the same events.
func TestRestoreAtEveryStep(t *testing.T) {
	for _, s := range scenes() {
		w, err := New(s.cfg)
		if err != nil {
			t.Fatal(err)
		}
		var a, b []byte
		for i := range s.steps {
			a = w.AppendSnapshot(a[:0])
			r, err := Restore(s.cfg, a)
			if err != nil {
				t.Fatalf("%s step %d: %v", s.name, i, err)
			}
			ev, _ := w.Step(s.at[i], nil)
			again, _ := r.Step(s.at[i], nil)
			a, b = w.AppendSnapshot(a[:0]), r.AppendSnapshot(b[:0])
			if !bytes.Equal(a, b) {
				t.Fatalf("%s: restored before step %d, differs after it", s.name, i)
			}
			if !slices.Equal(ev, again) {
				t.Fatalf("%s step %d: events %v, restored %v", s.name, i, ev, again)
			}
		}
	}
}

// TestRestoreAndStay: restored once in the middle, equal at every later step.
func TestRestoreAndStay(t *testing.T) {
	s := mixScene(11, 40, 300)
	w, _ := New(s.cfg)
	for i := range 120 {
		w.Step(s.at[i], nil)
	}
	r, err := Restore(s.cfg, w.AppendSnapshot(nil))
	if err != nil {
		t.Fatal(err)
	}
	for i := 120; i < s.steps; i++ {
		w.Step(s.at[i], nil)
		r.Step(s.at[i], nil)
		if w.Hash() != r.Hash() {
			t.Fatalf("differs after step %d", i)
		}
	}
}

func TestRestoreRefuses(t *testing.T) {
	s := avatarScene()
	s.steps = 70
	w := s.play(t, nil)
	good := w.AppendSnapshot(nil)
	var cfg base.Encoder
	w.cfg.appendTo(&cfg)
	body := 4 + len(cfg.B) + 4 + 4 // after no geometries
	change := func(at int, b ...byte) []byte {
		c := slices.Clone(good)
		copy(c[at:], b)
		return c
	}
	for _, tt := range []struct {
		name string
		b    []byte
		want error
	}{
		{"empty", nil, base.ErrTruncated},
		{"cut", good[:len(good)-1], base.ErrTruncated},
		{"trailing", append(slices.Clone(good), 0), base.ErrTrailing},
		{"version", change(0, 0xff), ErrVersion},
		{"other gravity", change(4, 1), ErrConfig},
		{"too many bodies", change(body-4, 0xff, 0xff), base.ErrBound},
		{"no id", change(body, 0, 0, 0, 0, 0, 0, 0, 0), ErrID},
		{"out of order", change(body, 0xff), ErrCanonical},
		{"shape", change(body+8, 99), ErrKind},
		{"flags", change(body+21, 0x80), ErrKind},
		{"nan", change(body+22, 0, 0, 0xc0, 0x7f), base.ErrNotFinite},
		{"two radii", change(body+13, 1), ErrCanonical},
	} {
		if _, err := Restore(s.cfg, tt.b); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	other := s.cfg
	other.Substeps = 5
	if _, err := Restore(other, good); !errors.Is(err, ErrConfig) {
		t.Errorf("other config: %v", err)
	}
}

// FuzzRestore: what parses must re-encode to the same bytes, and steps without
// a panic and without leaving the canonical form.
func FuzzRestore(f *testing.F) {
	cfg := Config{MaxBodies: 64}
	for _, s := range []scene{arcScene(), avatarScene(), mixScene(3, 6, 80), jointScene()} {
		s.cfg, s.steps = cfg, 75
		f.Add(s.play(f, nil).AppendSnapshot(nil))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		w, err := Restore(cfg, b)
		if err != nil {
			return
		}
		if !bytes.Equal(w.AppendSnapshot(nil), b) {
			t.Fatal("re-encodes to other bytes")
		}
		for range 5 {
			w.Step(nil, nil)
		}
		if _, err := Restore(cfg, w.AppendSnapshot(nil)); err != nil {
			t.Fatalf("after five steps: %v", err)
		}
	})
}
