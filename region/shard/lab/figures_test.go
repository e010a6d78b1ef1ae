package lab

import (
	"os"
	"testing"
)

// TestFigures holds the border to its figures: every one is a promise of
// docs/protocol/border.md. All lags are run when METATOPIA_SOAK is set.
func TestFigures(t *testing.T) {
	if testing.Short() {
		t.Skip("long under emulation, and TestGolden shows that it is the same there")
	}
	lags := []Config{{Steps: 1, Lag: 6}, {Steps: 3, Lag: 4}}
	if os.Getenv("METATOPIA_SOAK") != "" {
		lags = networks
	}
	f, err := measure(lags)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name      string
		got, most float64
	}{
		{"momentum error", f.MomentumErrorMax, 0.01},
		{"energy ratio", f.EnergyRatioMax, 1.005},
		{"tower drop, mm", f.TowerTopDropMM, 10},
		{"bytes a body and tick", f.BytesPerBodyTick, 40},
		{"jump, mm", f.JumpMMMax, 10},
		{"speed error", f.SpeedErrorMax, 0.001},
		{"wall, bodies apart of what chance makes", f.WallApart / f.WallApartFloor, 4},
		{"bodies with two owners", float64(f.Doubled), 0},
	} {
		t.Logf("%s: %g", c.name, c.got)
		if !(c.got <= c.most) {
			t.Errorf("%s is %g, at most %g", c.name, c.got, c.most)
		}
	}
	if testing.Verbose() {
		for _, r := range f.Results {
			t.Log(r)
		}
	}
}

// TestMethods prints the table of docs/decisions/0028: METATOPIA_METHODS=1.
func TestMethods(t *testing.T) {
	if os.Getenv("METATOPIA_METHODS") == "" {
		t.Skip("METATOPIA_METHODS is not set")
	}
	for _, s := range []Scene{Pair(0), Block(), Kicked(), Cradle(), Pile(), Tower(true), Tower(false), Wall()} {
		floor, err := Floor(s)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%-18s one shard, moved 1 mm: momentum %.4f energy %.4f apart %.3f centre %.3f", s.Name, floor.MomentumError, floor.EnergyRatio, floor.Apart, floor.Centre)
		for _, m := range Methods {
			for _, lag := range []int{1, 3, 6, 12} {
				r, err := Run(s, lag, Config{Method: m})
				if err != nil {
					t.Fatal(err)
				}
				t.Logf("%-18s %-18v lag %2d: momentum %.4f energy %.4f rise %.4f drop %.3f apart %.3f centre %.3f speed %.2f hand-offs %d",
					s.Name, m, lag, r.MomentumError, r.EnergyRatio, r.Rise, r.TopDrop, r.Apart, r.Centre, r.Speed, r.Counts.HandoffOut)
			}
		}
	}
}
