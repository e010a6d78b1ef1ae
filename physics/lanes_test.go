package physics

import (
	"bytes"
	"testing"
)

// TestLanesAreBitIdentical: every scene, every step, the same bytes and events
// with eight contacts at a time and with one. A build without lanes compares
// the code for one with itself.
func TestLanesAreBitIdentical(t *testing.T) {
	if !hasLanes {
		t.Log("this build or CPU has no lanes: run with GOEXPERIMENT=simd on amd64")
	}
	all := scenes()
	for seed := range uint64(20) {
		all = append(all, mixScene(100+seed, 60, 150))
	}
	all = append(all, pyramidScene(20))
	for _, s := range all {
		one, err := New(s.cfg)
		if err != nil {
			t.Fatal(err)
		}
		eight, _ := New(s.cfg)
		one.SetLanes(false)
		eight.SetLanes(true)
		var a, b []byte
		for i := range s.steps {
			ea, _ := one.Step(s.at[i], nil)
			eb, _ := eight.Step(s.at[i], nil)
			a, b = one.AppendSnapshot(a[:0]), eight.AppendSnapshot(b[:0])
			if !bytes.Equal(a, b) {
				at := 0
				for a[at] == b[at] {
					at++
				}
				t.Fatalf("%s: step %d differs from byte %d of %d", s.name, i, at, len(a))
			}
			if len(ea) != len(eb) {
				t.Fatalf("%s: step %d: %d events, %d with lanes", s.name, i, len(ea), len(eb))
			}
			for k := range ea {
				if ea[k] != eb[k] {
					t.Fatalf("%s: step %d: %+v, with lanes %+v", s.name, i, ea[k], eb[k])
				}
			}
		}
	}
}
