package exchange

import (
	"fmt"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// court is a judge with a clock that the test moves.
type court struct {
	*judge
	at    time.Time
	told  int
	shuns []peer.ID
}

func newCourt() *court {
	c := &court{at: time.Unix(1_700_000_000, 0)}
	c.judge = newJudge(func() time.Time { return c.at }, func(p peer.ID, _ Fault, shunned bool) {
		if c.told++; shunned {
			c.shuns = append(c.shuns, p)
		}
	})
	return c
}

func TestWrongBytesAreShunnedAtOnce(t *testing.T) {
	c := newCourt()
	c.fault("a", WrongBytes)
	if !c.shunned("a") || c.shunned("b") || len(c.shuns) != 1 {
		t.Fatalf("a %v, b %v, told %v", c.shunned("a"), c.shunned("b"), c.shuns)
	}
	c.at = c.at.Add(shunFor)
	if c.shunned("a") {
		t.Fatal("still shunned after its term")
	}
	// Each term is twice as long, to a bound.
	for i, want := range []time.Duration{2 * shunFor, 4 * shunFor, 8 * shunFor, 16 * shunFor, 32 * shunFor, shunMost, shunMost} {
		c.fault("a", WrongBytes)
		if got := c.term("a"); got != want {
			t.Fatalf("term %d is %v, want %v", i+2, got, want)
		}
		c.at = c.at.Add(c.term("a"))
	}
}

func TestSmallFaultsFade(t *testing.T) {
	c := newCourt()
	each := time.Duration(points[Stalled]) * time.Second
	for range 100 {
		c.fault("slow", Stalled)
		c.at = c.at.Add(each)
	}
	if c.shunned("slow") || len(c.shuns) != 0 {
		t.Fatal("faults that fade led to a shun")
	}
	for range 4 {
		c.fault("slow", Stalled)
	}
	if !c.shunned("slow") || c.told != 104 {
		t.Fatalf("four in one moment: shunned %v, told %d", c.shunned("slow"), c.told)
	}
	// What it does while it is shunned is counted, and lengthens nothing.
	left := c.term("slow")
	for range 3 {
		c.fault("slow", Stalled)
	}
	if c.term("slow") != left || len(c.shuns) != 1 {
		t.Fatal("shunned twice at a time")
	}
}

// A crowd of names with small faults does not make the judge forget who is
// shunned, nor take memory without end.
func TestTheTableIsBounded(t *testing.T) {
	c := newCourt()
	c.fault("bad", WrongBytes)
	for i := range 3 * maxJudged {
		c.fault(peer.ID(fmt.Sprint(i)), FalseRecord)
	}
	if len(c.known) > maxJudged || !c.shunned("bad") {
		t.Fatalf("%d records, shunned %v", len(c.known), c.shunned("bad"))
	}
	for i := range 3 * maxJudged {
		c.fault(peer.ID(fmt.Sprint(i)), WrongBytes)
	}
	if len(c.known) > maxJudged {
		t.Fatalf("%d records", len(c.known))
	}
}

func TestFaultsHaveNames(t *testing.T) {
	seen := map[string]bool{}
	for f := range Fault(faults) {
		if n := f.String(); n == "" || n == "unknown" || seen[n] || points[f] <= 0 {
			t.Errorf("fault %d is called %q and costs %v", f, n, points[f])
		} else {
			seen[n] = true
		}
	}
	if Stalled.Hostile() || FalseRecord.Hostile() || !WrongBytes.Hostile() || Fault(faults).String() != "unknown" {
		t.Error("Hostile or String is wrong")
	}
}
