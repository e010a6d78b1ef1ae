package figures

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	r := New("lumps", 7, map[string]Aim{"mb_s": {3, true}})
	r.Set("mb_s", 2)
	r.Refer("kubo_mb_s", 1)
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"kind":"lumps"`, `"seed":7`, `"figures":{"mb_s":2}`, `"reference":{"kubo_mb_s":1}`} {
		if !strings.Contains(string(b), want) {
			t.Errorf("no %s in %s", want, b)
		}
	}
	if !slices.Equal(r.Order, []string{"mb_s", "kubo_mb_s"}) {
		t.Error(r.Order)
	}
}

func TestReached(t *testing.T) {
	for _, c := range []struct {
		aim  Aim
		v    float64
		want bool
	}{
		{Aim{3, true}, 4, true}, {Aim{3, true}, 3, true}, {Aim{3, true}, 2, false},
		{Aim{3, false}, 4, false}, {Aim{3, false}, 3, true}, {Aim{3, false}, 2, true},
	} {
		if got := c.aim.Reached(c.v); got != c.want {
			t.Errorf("%+v at %v: %v", c.aim, c.v, got)
		}
	}
}
