package lab

import "testing"

// TestExactScenes: where a body meets one other at a time, two regions do what
// one does, at every lag.
func TestExactScenes(t *testing.T) {
	for _, s := range []Scene{Pair(0), Pair(1), Block(), Approach(), Cradle(), Flight(), Roll()} {
		for _, lag := range []int{1, 3, 6, 12} {
			r, err := Run(s, lag, Config{Cold: s.Name == "approach"})
			if err != nil {
				t.Fatal(err)
			}
			if r.MomentumError > 1e-4 || r.EnergyRatio > 1.0001 || r.Apart > 0.002 || r.Jump > 0.001 || r.SpeedError > 3e-4 || r.Doubled > 0 {
				t.Error(r)
			}
		}
	}
}

// TestTowers: ten boxes on the border stand, whether they are handed over or
// each second one stays the other region's.
func TestTowers(t *testing.T) {
	for _, alternate := range []bool{false, true} {
		for _, lag := range []int{1, 6, 12} {
			r, err := Run(Tower(alternate), lag, Config{})
			if err != nil {
				t.Fatal(err)
			}
			if r.TopDrop > 0.01 || r.Apart > 0.02 || r.Speed > 0.01 {
				t.Error(r)
			}
			if !alternate && r.Counts.HandoffOut != 5 {
				t.Errorf("%d hand-offs, want the five boxes of one side: %v", r.Counts.HandoffOut, r)
			}
		}
	}
}
