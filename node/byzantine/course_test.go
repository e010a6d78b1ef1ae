package byzantine

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/hyperledger-labs/SmartBFT/smartbftprotos"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/outbound"
)

// TestSteps: the channels where the library may wait for ever, and what it has in
// flight, are where they are looked for.
func TestSteps(t *testing.T) {
	c := testCluster(t, 4)
	c.open()
	for _, s := range c.list {
		wait(t, "the library", s.log.started.Load)
		if len(s.log.steps) != 3 {
			t.Fatalf("%d of 3 channels of the library", len(s.log.steps))
		}
		if flightOf(s.log.cons) == nil {
			t.Fatal("what is in flight is not found")
		}
	}
}

// TestGoroutinesEnd: nothing runs on when servers are closed or killed.
func TestGoroutinesEnd(t *testing.T) {
	c := testCluster(t, 4)
	c.open()
	c.goOn("", 5)
	for i, s := range c.list {
		s.stop(i%2 == 0)
	}
	wait(t, "the end of all goroutines", func() bool {
		b := make([]byte, 1<<20)
		b = b[:runtime.Stack(b, true)]
		left := 0
		for _, g := range strings.Split(string(b), "\n\n") {
			if strings.Contains(g, "SmartBFT") || strings.Contains(g, "byzantine.(*Log)") || strings.Contains(g, "outbound.(*Queue)") {
				left++
			}
		}
		return left == 0
	})
}

// TestOldWords: the library sees no words of a view that is over, and whoever
// says them about what is decided is sent the decision.
func TestOldWords(t *testing.T) {
	l := &Log{origin: 10, tick: 15, peers: make([]*outbound.Queue, 5), members: make([]base.Key, 4)}
	l.course = course{view: 7, own: 7, seen: make([]uint64, 5), now: time.Now()}
	l.peers[2] = outbound.New(outbound.Config{MaxBytes: maxQueuedBytes})
	word := func(view, seq uint64) *smartbftprotos.Message {
		return &smartbftprotos.Message{Content: &smartbftprotos.Message_Prepare{Prepare: &smartbftprotos.Prepare{View: view, Seq: seq}}}
	}
	for _, x := range []struct {
		view, seq, own uint64
		stale          bool
		sent           int
	}{
		{7, 6, 7, false, 0}, // of this view
		{6, 6, 7, true, 0},  // the leader goes on with what it said before
		{6, 6, 8, false, 0}, // what is under way may be ended in the next view
		{6, 5, 8, true, 1},  // it is decided
		{8, 6, 7, false, 0},
	} {
		l.course.own = x.own
		l.peers[2].Clear()
		if got := l.stale(2, word(x.view, x.seq)); got != x.stale || l.peers[2].Waiting() != x.sent {
			t.Fatalf("%+v: %v, %d sent", x, got, l.peers[2].Waiting())
		}
	}
}
