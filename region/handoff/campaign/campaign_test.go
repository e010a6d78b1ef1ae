package campaign

import (
	"os"
	"testing"
)

// TestCampaign makes 20,000 hand-offs; a million when METATOPIA_SOAK is set.
func TestCampaign(t *testing.T) {
	o := Options{Seed: 1, Handoffs: 20_000, Regions: 4, Objects: 512}
	if os.Getenv("METATOPIA_SOAK") != "" {
		o = Options{Seed: 1, Progress: func(n int) {
			if n%100_000 < 10_000 {
				t.Logf("%d hand-offs", n)
			}
		}}
	}
	r, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", r)
	if r.Lost != 0 || r.Doubled != 0 || r.Damaged != 0 {
		t.Errorf("%d lost, %d doubled, %d damaged", r.Lost, r.Doubled, r.Damaged)
	}
	if r.Crashes == 0 || r.LostMessages == 0 || r.DoubledMessages == 0 || r.Queued == 0 || r.Regrouped == 0 || r.Lapsed == 0 || r.Held == 0 || r.Fetched == 0 || r.Objects <= r.Handoffs {
		t.Error("something that should happen did not")
	}
}

// TestSameSeedSameRun: a result can be found again.
func TestSameSeedSameRun(t *testing.T) {
	o := Options{Seed: 7, Handoffs: 1000, Regions: 3, Objects: 64, Crash: 0.01}
	a, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Run(t.Context(), o)
	if err != nil || a != b {
		t.Fatalf("%+v\n%+v\n%v", a, b, err)
	}
}
