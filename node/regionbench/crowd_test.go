package regionbench

import (
	"context"
	"flag"
	"testing"
	"time"
)

var (
	full = flag.Bool("full", false, "the size of the figures")
)

// TestCrowd: a small one comes to life and leaves figures.
func TestCrowd(t *testing.T) {
	o := CrowdOptions{Dir: t.TempDir(), Players: 20, Things: 100, Scripts: 20, For: 2 * time.Second, Side: 60}
	if *full {
		o = CrowdOptions{Dir: t.TempDir(), Tell: func(s string) { t.Log(s) }}
	}
	r, err := Crowd(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", r)
	if r.Ticks == 0 || r.Bytes == 0 || r.Runs == 0 || r.Faults != 0 || r.Gone != 0 || r.Inputs == 0 {
		t.Errorf("%+v", r)
	}
}
