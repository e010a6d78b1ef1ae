package region

import (
	"bytes"
	"testing"
)

// TestHashIsOfTheState: what Hash keeps from tick to tick is what a restored sim
// finds, which keeps nothing.
func TestHashIsOfTheState(t *testing.T) {
	s := mustNew(t, testConfig("hearth", 0))
	for i, b := range crowd(120) {
		out, err := s.Step(b)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Restore(s.cfg, s.Snapshot(nil))
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Hash(); got != out.Hash {
			t.Fatalf("tick %d: %s, anew %s", i+1, out.Hash.Short(), got.Short())
		}
	}
}

// TestPartsSayWhereStatesDiffer: whatever byte of a snapshot is changed, either
// no sim has it, or it has another hash and other parts, and few of them.
func TestPartsSayWhereStatesDiffer(t *testing.T) {
	s, _ := run(t, testConfig("hearth", 0), crowd(60))
	good := s.Snapshot(nil)
	want, parts := s.Hash(), s.Parts()
	other := 0
	for at := 0; at < len(good); at += 3 {
		b := bytes.Clone(good)
		b[at] ^= 0x04
		r, err := Restore(s.cfg, b)
		if err != nil {
			continue
		}
		other++
		if r.Hash() == want {
			t.Fatalf("byte %d of %d is not in the hash", at, len(good))
		}
		differ := 0
		for i, p := range r.Parts() {
			if i >= len(parts) || p != parts[i] {
				differ++
				if x, ok := r.PartBytes(p.Name); !ok || len(x) == 0 {
					t.Fatalf("no bytes of part %s", p.Name)
				}
			}
		}
		if differ == 0 {
			t.Fatalf("byte %d of %d is in no part", at, len(good))
		}
		if differ > 2 && len(r.Parts()) == len(parts) {
			t.Fatalf("byte %d of %d changes %d parts", at, len(good), differ)
		}
	}
	if other < len(good)/20 {
		t.Errorf("only %d changes of %d bytes make a sim", other, len(good))
	}
}
