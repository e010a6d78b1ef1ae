package sim

import (
	"slices"
	"testing"
)

func TestQueueRunsInTimeThenInOrder(t *testing.T) {
	q := New(1)
	var got []int
	q.At(20, func() { got = append(got, 3) })
	q.At(10, func() {
		got = append(got, 1)
		q.At(5, func() { got = append(got, 2) }) // the past means now
	})
	q.At(20, func() { got = append(got, 4) })
	q.At(31, func() { got = append(got, 5) })
	if n := q.RunUntil(30); n != 4 || q.Now() != 30 {
		t.Fatalf("ran %d events until %d", n, q.Now())
	}
	if !slices.Equal(got, []int{1, 2, 3, 4}) {
		t.Fatalf("order %v", got)
	}
}

// run sends 200 messages over a bad link and gives what arrived and the trace.
func run(seed uint64, link Link, disturb func(n *Net)) (got []byte, trace [32]byte, s Stats) {
	q := New(seed)
	n := NewNet(q, 2, link)
	for i := range 200 {
		q.At(int64(i), func() { n.Send(0, 1, []byte{byte(i)}, func(m []byte) { got = append(got, m[0]) }) })
	}
	if disturb != nil {
		q.At(100, func() { disturb(n) })
	}
	q.RunUntil(1000)
	return got, q.Trace(), n.Stats()
}

func TestNetIsSeeded(t *testing.T) {
	link := Link{Latency: 10, Jitter: 50, Loss: 0.1, Duplicate: 0.1}
	a, ta, _ := run(7, link, nil)
	b, tb, _ := run(7, link, nil)
	c, tc, _ := run(8, link, nil)
	if !slices.Equal(a, b) || ta != tb {
		t.Error("the same seed gave two runs")
	}
	if slices.Equal(a, c) || ta == tc {
		t.Error("another seed gave the same run")
	}
	if slices.IsSorted(a) {
		t.Error("jitter did not reorder")
	}
	if len(a) == 200 || len(slices.Compact(slices.Sorted(slices.Values(a)))) == len(a) {
		t.Error("nothing was lost or nothing was doubled")
	}
}

func TestNetKeepsOrderWhenAsked(t *testing.T) {
	got, _, _ := run(7, Link{Latency: 10, Jitter: 50, Ordered: true}, nil)
	if len(got) != 200 || !slices.IsSorted(got) {
		t.Fatalf("%d messages, sorted %v", len(got), slices.IsSorted(got))
	}
}

func TestCrashAndSplitCutMessagesUnderWay(t *testing.T) {
	link := Link{Latency: 10}
	for name, disturb := range map[string]func(*Net){
		"crash": func(n *Net) { n.Crash(1) },
		"split": func(n *Net) { n.Split(func(i int) int { return i }) },
	} {
		got, _, s := run(7, link, disturb)
		// Sent at 0..89 they arrive by 99; the one of 90 arrives at 100,
		// after the disturbance that was scheduled before it was sent.
		if len(got) != 90 || s.Lost != 110 {
			t.Errorf("%s: %d arrived, %d lost", name, len(got), s.Lost)
		}
	}
	got, _, _ := run(7, link, func(n *Net) { n.Crash(1); n.Restart(1); n.Heal() })
	if len(got) != 200 {
		t.Errorf("after healing %d arrived", len(got))
	}
}
