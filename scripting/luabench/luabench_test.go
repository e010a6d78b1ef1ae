package luabench

import (
	"flag"
	"slices"
	"testing"

	"github.com/metatopia/metatopia/scripting/guest"
)

var rounds = flag.Int("rounds", 1, "how often TestMeasure runs every program")

// TestMeasure: the programs give the same result by the driver, metered or
// not, and by the machine's Lua. With -rounds 10 -v it is a measurement.
func TestMeasure(t *testing.T) {
	driver, _, _, err := guest.Open(guest.Lua)
	if err != nil {
		t.Skip(err)
	}
	r, err := Measure(t.Context(), driver, *rounds)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, row := range r.Rows {
		names = append(names, row.Name)
		t.Logf("%-6s %8v native, %8v plain, %8v metered: x%.2f of native, metering x%.2f, %d M gas", row.Name,
			row.Native, row.Plain, row.Metered, row.NativeRatio(), row.MeterRatio(), row.Gas/1e6)
		if row.Plain <= 0 || row.Metered <= 0 || row.Gas <= 0 {
			t.Errorf("%+v", row)
		}
	}
	if !slices.Equal(names, Names) {
		t.Errorf("measured %q", names)
	}
	t.Logf("worst: x%.2f of native, metering x%.2f", r.NativeRatio(), r.MeterRatio())
}
