package physbench

import (
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// A small run gives every figure, beside a rival that is as quick as it says.
func TestRun(t *testing.T) {
	echo, err := exec.LookPath("true")
	if err != nil {
		t.Skip("no true to pretend with")
	}
	if _, err := Run(t.Context(), Options{Repeat: 1, Steps: 10, Only: []string{"pyramid"}, Against: map[string]string{"mute": echo}}); err == nil {
		t.Error("a rival that says nothing is believed")
	}
	r, err := Run(t.Context(), Options{Repeat: 1, Steps: 10, Handoffs: 1000, Only: []string{"pile", "pyramid", "handoffs"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"pile.bodies_steps_per_s", "pyramid.bodies_steps_per_s", "handoffs", "handoff_p99_ticks"} {
		if r.Figures[name] <= 0 || !slices.Contains(r.Order, name) {
			t.Errorf("%s is %g", name, r.Figures[name])
		}
	}
}

// TestRivals: those that are installed have the pyramid, and it stands.
func TestRivals(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts other programs")
	}
	o := Options{Repeat: 1, Steps: 60, Only: []string{"pyramid"}, Bullet: HasBullet()}
	if dir := filepath.Join("..", "oracle"); HasRapier(dir) {
		o.Rapier = dir
	}
	if o.Rapier == "" && !o.Bullet {
		t.Skip("neither Rapier (npm ci in physics/oracle) nor Bullet (libbullet-dev and g++) is installed")
	}
	r, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"rapier", "rapier_simd", "bullet"} {
		if name == "bullet" && !o.Bullet || name != "bullet" && o.Rapier == "" {
			continue
		}
		if r.Reference[name+"_pyramid.bodies_steps_per_s"] <= 0 || r.Figures["pyramid.over_"+name] <= 0 {
			t.Errorf("no figure of %s: %v", name, r.Reference)
		}
	}
}

// TestCheck: a pyramid that has fallen is not one.
func TestCheck(t *testing.T) {
	if err := (result{mean: 6.81, top: 19.45, low: 0.5}).check("pyramid", 600); err != nil {
		t.Error(err)
	}
	for _, r := range []result{{mean: 3, top: 9, low: 0.5}, {mean: 6.81, top: 19.45, low: -4}, {}} {
		if r.check("pyramid", 600) == nil {
			t.Errorf("%+v passes", r)
		}
	}
}
