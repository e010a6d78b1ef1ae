package regionbench

import (
	"testing"
	"time"
)

// TestRun: the parts of several servers once, small; the crowd has a test of its own. How quick it is is not judged here.
func TestRun(t *testing.T) {
	r, err := Run(t.Context(), Options{Dir: t.TempDir(), For: time.Second, Kills: 2, Servers: 3, Seed: 1, Only: []string{"apply", "failover"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"apply_p50_ms", "apply_p99_ms", "apply_3_p50_ms", "failover_p50_ms", "failover_p99_ms", "failover_10ms_p99_ms"} {
		if r.Figures[name] <= 0 {
			t.Errorf("%s = %v", name, r.Figures[name])
		}
	}
	for _, name := range []string{"inputs_lost", "inputs_doubled", "failovers_stuck"} {
		if v, ok := r.Figures[name]; !ok || v != 0 {
			t.Errorf("%s = %v", name, v)
		}
	}
}

// TestTrust: the two levels in turns, small: records are signed where servers are
// accountable, and only there.
func TestTrust(t *testing.T) {
	r, err := Run(t.Context(), Options{Dir: t.TempDir(), For: 400 * time.Millisecond, Seed: 1, Only: []string{"trust"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"trust_crash_3_p50_ms", "trust_accountable_3_p50_ms", "trust_crash_5_p99_ms", "trust_accountable_5_p99_ms"} {
		if r.Figures[name] <= 0 {
			t.Errorf("%s = %v", name, r.Figures[name])
		}
	}
}

// TestByzantine: the part of servers that may lie, small and without deaths.
func TestByzantine(t *testing.T) {
	r, err := Run(t.Context(), Options{Dir: t.TempDir(), For: 200 * time.Millisecond, Kills: -1, Seed: 1, Only: []string{"byzantine"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"byzantine_60hz_rate", "byzantine_20hz_rate"} {
		if r.Figures[name] <= 0 {
			t.Errorf("%s = %v", name, r.Figures[name])
		}
	}
	if n, ok := r.Figures["byzantine_inputs_lost"]; !ok || n != 0 {
		t.Errorf("%v inputs lost", n)
	}
}
