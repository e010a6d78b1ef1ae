package borderbench

import (
	"os"
	"testing"
	"time"
)

// TestBallsCross sends balls over the border of two real servers for a moment,
// or for METATOPIA_SOAK. How long it takes is not judged here: the machine may
// be busy.
func TestBallsCross(t *testing.T) {
	o := Options{Dir: t.TempDir(), For: 3 * time.Second, Tell: func(s string) { t.Log(s) }}
	if soak := os.Getenv("METATOPIA_SOAK"); soak != "" {
		d, err := time.ParseDuration(soak)
		if err != nil {
			t.Fatal(err)
		}
		o.For = d
	}
	r, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", r)
	if r.Sent < int(o.For.Seconds()*50) || r.Crossed < r.Sent*9/10 {
		t.Errorf("%d balls of %d crossed", r.Crossed, r.Sent)
	}
	if r.Lost != 0 || r.Doubled != 0 || r.Forgotten != 0 {
		t.Errorf("%d lost, %d doubled, %d messages refused", r.Lost, r.Doubled, r.Forgotten)
	}
	// Words that come late because a server was late leave a ghost behind, which
	// the next ball meets.
	if r.Flights == 0 || r.Slipped == 0 && (r.Place > 0.01 || r.Speed > 0.001 || r.Jump > 0.01) {
		t.Errorf("of %d flights: jump %.4f m, place off by %.4f m, speed by %.5f", r.Flights, r.Jump, r.Place, r.Speed)
	}
}
