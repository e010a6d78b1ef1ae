package meterbench

import "testing"

// TestMeasure: both forms of every program give the same, and every kind has
// a row. Ratios are judged by the benchmarks only.
func TestMeasure(t *testing.T) {
	rows, err := Measure(1)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []Kind{Integer, Float, Calls, Whole} {
		if Worst(rows, k) <= 0 {
			t.Errorf("nothing of kind %s", k)
		}
	}
}

func BenchmarkMetering(b *testing.B) {
	for b.Loop() {
		rows, err := Measure(40)
		if err != nil {
			b.Fatal(err)
		}
		for _, r := range rows {
			b.Logf("%-17s %-6s plain %8v metered %8v  x%.2f", r.Name, r.Kind, r.Plain, r.Metered, r.Ratio())
		}
		b.ReportMetric(Worst(rows, Integer), "int-ratio")
		b.ReportMetric(Worst(rows, Float), "float-ratio")
	}
}
