package procbench

import (
	"os/exec"
	"slices"
	"testing"
)

// A small run gives every figure.
func TestRun(t *testing.T) {
	erl, _ := exec.LookPath("erl")
	r, err := Run(t.Context(), Options{Repeat: 1, Many: 2000, Erl: erl})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"spawn_us", "spawns_per_s", "handler_idle_bytes", "blocking_idle_bytes", "handler_hop_ns",
		"handler_hop_ns_2k", "blocking_hop_ns", "runaway_kill_ms", "runaway_p99_ratio",
		"meter_ratio_int", "meter_ratio_float"} {
		if v, ok := r.Figures[name]; !ok || v <= 0 {
			t.Errorf("%s is %g", name, v)
		}
		if !slices.Contains(r.Order, name) {
			t.Errorf("%s is not in the order", name)
		}
	}
	if erl == "" {
		return
	}
	for _, name := range []string{"erlang_spawn_us", "erlang_spawns_per_s", "erlang_idle_bytes", "erlang_hop_ns", "erlang_hop_ns_2k", "erlang_kill_us"} {
		if r.Reference[name] <= 0 {
			t.Errorf("%s is %g", name, r.Reference[name])
		}
	}
}
