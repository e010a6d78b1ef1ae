package physics

import (
	"bytes"
	"testing"
)

// TestRootIsOfTheState: what Root keeps from call to call is what a world that
// never had one finds, however many steps lie between two calls.
func TestRootIsOfTheState(t *testing.T) {
	for every := 1; every <= 3; every += 2 {
		for _, s := range append(scenes(), mixScene(31, 60, 400)) {
			s.play(t, func(step int, w *World, _ []Event) {
				if step%every != 0 {
					return
				}
				r, err := Restore(s.cfg, w.AppendSnapshot(nil))
				if err != nil {
					t.Fatal(err)
				}
				if a, b := w.Root(), r.Root(); a != b {
					t.Fatalf("%s: step %d: root %x, anew %x", s.name, step, a[:4], b[:4])
				}
			})
		}
	}
}

// TestRootSeesEveryByte: whatever byte of a snapshot is changed, either no
// world has it or the world has another root and another part.
func TestRootSeesEveryByte(t *testing.T) {
	parts := func(w *World) (all []byte) {
		w.EachPart(func(name string, b []byte) { all = append(append(all, name...), b...) })
		return all
	}
	s := mixScene(33, 12, 160)
	s.steps -= s.steps / 4
	w := s.play(t, nil)
	good := w.AppendSnapshot(nil)
	want, had, other := w.Root(), parts(w), 0
	for at := range good {
		b := bytes.Clone(good)
		b[at] ^= 0x10
		r, err := Restore(s.cfg, b)
		if err != nil {
			continue
		}
		other++
		if r.Root() == want || bytes.Equal(parts(r), had) {
			t.Fatalf("%s: byte %d of %d is not in the root", s.name, at, len(good))
		}
	}
	if other < len(good)/8 {
		t.Errorf("%s: only %d changes of %d bytes make a world", s.name, other, len(good))
	}
}
