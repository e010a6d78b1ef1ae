package physics

import (
	"bytes"
	"testing"
)

// TestHashIsOfTheState: what Hash keeps of what sleeps is what a world that
// never hashed before finds.
func TestHashIsOfTheState(t *testing.T) {
	for _, s := range append(scenes(), mixScene(31, 60, 400)) {
		s.play(t, func(step int, w *World, _ []Event) {
			r, err := Restore(s.cfg, w.AppendSnapshot(nil))
			if err != nil {
				t.Fatal(err)
			}
			if a, b := w.Hash(), r.Hash(); a != b {
				t.Fatalf("%s: step %d: hash %016x, anew %016x", s.name, step, a, b)
			}
		})
	}
}

// TestHashSeesEveryByte: whatever byte of a snapshot is changed, either no
// world has it or the world has another hash.
func TestHashSeesEveryByte(t *testing.T) {
	for _, s := range []scene{avatarScene(), mixScene(33, 12, 160)} {
		s.steps -= s.steps / 4
		w := s.play(t, nil)
		good := w.AppendSnapshot(nil)
		want, other := w.Hash(), 0
		for at := range good {
			for _, bit := range []byte{1, 0x10, 0x80} {
				b := bytes.Clone(good)
				b[at] ^= bit
				r, err := Restore(s.cfg, b)
				if err != nil {
					continue
				}
				other++
				if r.Hash() == want {
					t.Fatalf("%s: byte %d of %d is not in the hash", s.name, at, len(good))
				}
			}
		}
		if other < len(good)/4 {
			t.Errorf("%s: only %d changes of %d bytes make a world", s.name, other, len(good))
		}
	}
}
