package lumpsbench

import (
	"flag"
	"testing"
	"time"
)

var many = flag.Int("lumps", 100_000, "lumps in the large store of BenchmarkStore")

func TestStore(t *testing.T) {
	told := 0
	rep, err := Store(t.Context(), Config{Dir: t.TempDir(), Few: 50, Many: 600, Gets: 200, Sweep: true,
		Tell: func(string, int, int) { told++ }})
	if err != nil {
		t.Fatal(err)
	}
	if rep.GetMany.P99 < rep.GetMany.P50 || rep.GetFew.P50 <= 0 || rep.Open <= 0 || rep.List <= 0 || rep.Ratio() <= 0 || told == 0 {
		t.Errorf("%+v, told %d times", rep, told)
	}
	if s := rep.Sweep; s.Lost != 0 || s.Pinned == 0 || s.Deleted < 600 || s.Marked < int64(pinLeaves) {
		t.Errorf("sweep %+v", s)
	}
	if _, err := Store(t.Context(), Config{Few: 10, Many: 5}); err == nil {
		t.Error("a large store smaller than the small one")
	}
}

// BenchmarkStore times Get in a store of 1000 lumps and in one of -lumps.
func BenchmarkStore(b *testing.B) {
	for b.Loop() {
		stage := ""
		rep, err := Store(b.Context(), Config{Dir: b.TempDir(), Many: *many, Sweep: true, Tell: func(s string, _, _ int) {
			if s != stage && testing.Verbose() {
				stage = s
				b.Log(time.Now().Format(time.TimeOnly), s)
			}
		}})
		if err != nil {
			b.Fatal(err)
		}
		us := func(name string, d interface{ Microseconds() int64 }) {
			b.ReportMetric(float64(d.Microseconds()), name)
		}
		us("get_few_p50_us", rep.GetFew.P50)
		us("get_few_p99_us", rep.GetFew.P99)
		us("get_many_p50_us", rep.GetMany.P50)
		us("get_many_p99_us", rep.GetMany.P99)
		us("get_first_p99_us", rep.GetFirst.P99)
		b.ReportMetric(rep.Fill.Seconds(), "fill_s")
		b.ReportMetric(rep.Open.Seconds(), "open_s")
		b.ReportMetric(rep.List.Seconds(), "list_s")
		b.ReportMetric(rep.Sweep.Took.Seconds(), "sweep_s")
		b.ReportMetric(float64(rep.Sweep.Heap)/(1<<20), "sweep_heap_MiB")
		b.Logf("%+v; sweep %+v", rep, *rep.Sweep)
	}
}
