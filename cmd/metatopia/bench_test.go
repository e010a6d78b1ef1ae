package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBenchOverlay: the object of the contract, the table, and the drawings.
func TestBenchOverlay(t *testing.T) {
	plots := filepath.Join(t.TempDir(), "plots")
	var out, errs bytes.Buffer
	args := []string{"bench", "overlay", "--nodes", "50", "--scenario", "cold", "--sample", "20", "--plots", plots}
	if code := run(context.Background(), append(args, "--json"), &terminals{Out: &out, Err: &errs}); code != 0 {
		t.Fatalf("exit code %d: %s", code, errs.String())
	}
	var r struct {
		Kind, Machine string
		Seed          uint64
		Figures       map[string]float64
		Reference     map[string]float64
	}
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	if r.Kind != "overlay" || r.Seed != 1 || r.Machine == "" || r.Reference == nil || r.Figures["cold.solid_angle"] < 0.9 {
		t.Errorf("%s", out.String())
	}
	if b, err := os.ReadFile(filepath.Join(plots, "raynet-50-cold.svg")); err != nil || !bytes.HasPrefix(b, []byte("<svg")) {
		t.Errorf("drawing: %v", err)
	}
	out.Reset()
	if code := run(context.Background(), args, &terminals{Out: &out, Err: &errs}); code != 0 {
		t.Fatalf("exit code %d: %s", code, errs.String())
	}
	if !strings.Contains(out.String(), "cold.solid_angle") || !strings.Contains(out.String(), "reached") {
		t.Error(out.String())
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if code := run(ctx, args, &terminals{Out: &out, Err: &errs}); code != 1 || !strings.Contains(errs.String(), "Interrupted") {
		t.Errorf("exit code %d when interrupted: %s", code, errs.String())
	}
}

// TestBenchRivals: other overlays alone, as references and as a table.
func TestBenchRivals(t *testing.T) {
	var out, errs bytes.Buffer
	args := []string{"bench", "overlay", "--nodes", "50", "--scenario", "none", "--rivals", "knn20,von", "--sample", "10", "--cycles", "2"}
	if code := run(context.Background(), append(args, "--json"), &terminals{Out: &out, Err: &errs}); code != 0 {
		t.Fatalf("exit code %d: %s", code, errs.String())
	}
	var r struct{ Figures, Reference map[string]float64 }
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"cold_solid_angle", "cold_routing", "steady_coverage", "steady_solid_angle", "steady_routing", "hops_mean",
		"bytes_up_per_s", "loss50_routing_after_8", "partition_routing_after_15", "walking_solid_angle", "cpu_us_per_cycle"} {
		for _, rival := range []string{"knn20.", "von."} {
			if _, ok := r.Reference[rival+name]; !ok {
				t.Errorf("no reference %s%s", rival, name)
			}
		}
	}
	if len(r.Figures) != 0 || r.Reference["von.steady_routing"] < 0.9 {
		t.Errorf("%s", out.String())
	}
	out.Reset()
	if code := run(context.Background(), append(args, "--rivals", "none"), &terminals{Out: &out, Err: &errs}); code != 2 {
		t.Errorf("none and others: exit code %d", code)
	}
}

// TestBenchLumps: the object of the contract, and the table.
func TestBenchLumps(t *testing.T) {
	var out, errs bytes.Buffer
	args := []string{"bench", "lumps", "--size", "6M", "--repeat", "1", "--part", "transfer,get", "--dir", t.TempDir()}
	if code := run(context.Background(), append(args, "--json"), &terminals{Out: &out, Err: &errs}); code != 0 {
		t.Fatalf("exit code %d: %s", code, errs.String())
	}
	var r struct {
		Kind, Machine      string
		Figures, Reference map[string]float64
	}
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	if r.Kind != "lumps" || r.Machine == "" || r.Figures["stream_mb_s"] <= 0 || r.Figures["get_p99_us_1k"] <= 0 || r.Reference["plain_mb_s"] <= 0 {
		t.Errorf("%s", out.String())
	}
	out.Reset()
	if code := run(context.Background(), args, &terminals{Out: &out, Err: &errs}); code != 0 || !strings.Contains(out.String(), "stream_over_plain") {
		t.Errorf("exit code %d: %s", code, out.String())
	}
	for _, bad := range [][]string{{"--size", "many"}, {"--size", ""}, {"--repeat", "0"}, {"--part", "none"}} {
		if code := run(context.Background(), append([]string{"bench", "lumps"}, bad...), &terminals{Out: &out, Err: &errs}); code != 2 {
			t.Errorf("%v: exit code %d", bad, code)
		}
	}
}

// TestBenchPhysics: the object of the contract, and the table.
func TestBenchPhysics(t *testing.T) {
	var out, errs bytes.Buffer
	args := []string{"bench", "physics", "--steps", "10", "--repeat", "1", "--part", "pyramid", "--rapier", "none", "--bullet", "no"}
	if code := run(context.Background(), append(args, "--json"), &terminals{Out: &out, Err: &errs}); code != 0 {
		t.Fatalf("exit code %d: %s", code, errs.String())
	}
	var r struct {
		Kind, Machine      string
		Figures, Reference map[string]float64
	}
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	if r.Kind != "physics" || r.Machine == "" || r.Reference == nil || r.Figures["pyramid.bodies_steps_per_s"] <= 0 {
		t.Errorf("%s", out.String())
	}
	out.Reset()
	if code := run(context.Background(), args, &terminals{Out: &out, Err: &errs}); code != 0 || !strings.Contains(out.String(), "pyramid.bodies_steps_per_s") {
		t.Errorf("exit code %d: %s", code, out.String())
	}
	for _, bad := range [][]string{{"--steps", "1"}, {"--repeat", "0"}, {"--part", "none"}, {"--bullet", "maybe"}} {
		if code := run(context.Background(), append([]string{"bench", "physics"}, bad...), &terminals{Out: &out, Err: &errs}); code != 2 {
			t.Errorf("%v: exit code %d", bad, code)
		}
	}
}
