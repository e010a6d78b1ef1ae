package raysim

import (
	"testing"

	"github.com/metatopia/metatopia/spatial"
)

// chatter is a machine that sends, answers and wakes at odd times.
type chatter struct {
	nodes int32
	seed  uint64
	count uint64
	log   *[]Event
}

type word struct{ n uint64 }

func (w *word) Size() int   { return int(w.n%100) + 1 }
func (w *word) Kind() uint8 { return uint8(w.n % 3) }

func (c *chatter) Step(now int64, ev *Event, out *Out) {
	c.count++
	if c.log != nil {
		*c.log = append(*c.log, *ev)
	}
	h := hash(c.seed, c.count, uint64(now))
	switch ev.Kind {
	case EvMessage:
		w := ev.Msg.(*word)
		if w.n > 0 {
			out.Send(ev.From, Reliable, &word{w.n - 1})
		}
		c.seed ^= w.n + uint64(ev.From)
	case EvLookup:
		out.Found(ev.Token, int32(h%uint64(c.nodes)), true)
	case EvSendFailed, EvPose:
		c.seed ^= uint64(ev.From)*31 + uint64(ev.Pos.X)
	default:
		out.Send(int32(h%uint64(c.nodes)), Class(h>>40%2), &word{h >> 60})
		out.WakeAt(now + int64(h>>20%uint64(300*Millisecond)))
	}
}

type slider struct{}

func (slider) Pose(node int32, now int64) (Pose, int64) {
	return Pose{Pos: spatial.Pos{X: now/Millisecond + int64(node)}}, now + 150*Millisecond
}

func chat(t *testing.T, shards int, seed uint64) (trace uint64, notes []Note, steps uint64) {
	const n = 64
	link := DefaultLink()
	link.Loss, link.Datagrams, link.FailAfter = 0.1, true, 300*Millisecond
	e, err := NewEngine(EngineConfig{Nodes: n, Seed: seed, Shards: shards, Link: link})
	if err != nil {
		t.Fatal(err)
	}
	for i := range int32(n) {
		e.Add(i, &chatter{nodes: n, seed: hash(seed, 9, uint64(i))}, int64(i)*7*Millisecond, nil)
	}
	e.Move(slider{}, func(i int32) int64 { return int64(i+1) * Millisecond })
	e.Run(Second)
	e.Crash(5)
	e.Leave(6)
	e.Lookup(9, e.Now()+15*Millisecond, 77, spatial.Pos{})
	e.Run(2 * Second)
	e.Split(func(i int32) uint8 { return uint8(i % 2) })
	e.Add(5, &chatter{nodes: n, seed: 3}, e.Now(), nil)
	e.Run(3 * Second)
	e.Move(nil, nil)
	e.Run(9 * Second) // more than a turn of the wheel
	return e.Trace(), e.Notes(), e.Steps()
}

func TestShardsDoNotMatter(t *testing.T) {
	trace, notes, steps := chat(t, 1, 1)
	if steps < 10_000 || len(notes) != 1 || notes[0].Token != 77 || notes[0].Node != 9 {
		t.Fatalf("%d steps, notes %v", steps, notes)
	}
	for _, shards := range []int{2, 3, 64} {
		if tr, _, st := chat(t, shards, 1); tr != trace || st != steps {
			t.Errorf("%d shards: trace %x after %d steps, one shard %x after %d", shards, tr, st, trace, steps)
		}
	}
	if tr, _, _ := chat(t, 2, 2); tr == trace {
		t.Error("another seed gave the same run")
	}
}

func TestSilentAndGoneNodesFail(t *testing.T) {
	link := DefaultLink()
	link.Loss = 0
	e, err := NewEngine(EngineConfig{Nodes: 3, Seed: 1, Shards: 2, Link: link})
	if err != nil {
		t.Fatal(err)
	}
	var log []Event
	var at []int64
	e.Add(0, &once{to: []int32{1, 2}, log: &log}, 0, nil)
	e.Add(1, &once{}, 0, nil)
	e.Tap(func(node int32, now int64, ev *Event) {
		if ev.Kind == EvSendFailed {
			at = append(at, now)
		}
	})
	e.Run(10 * Millisecond)
	e.Crash(1) // 2 has never been there: its machine refuses
	e.Run(10 * Second)
	if len(log) != 3 || log[1].Kind != EvSendFailed || log[1].From != 2 || log[2].From != 1 {
		t.Fatalf("events %+v", log)
	}
	if at[0] > 400*Millisecond || at[1] < link.FailAfter {
		t.Errorf("failures at %v", at)
	}
}

// once sends one message to each at its start.
type once struct {
	to  []int32
	log *[]Event
}

func (o *once) Step(_ int64, ev *Event, out *Out) {
	if o.log != nil {
		*o.log = append(*o.log, *ev)
	}
	if ev.Kind == EvStart {
		for _, to := range o.to {
			out.Send(to, Reliable, &word{1})
		}
	}
}

func TestLatencyMix(t *testing.T) {
	l := DefaultLink()
	l.Loss = 0
	sum, half := int64(0), 0
	const n = 4000
	for i := range int32(n) {
		d, _ := l.delay(1, i, i+1, 1, Reliable, 0)
		if b := l.Base(1, i+1, i); b < l.Min || b > l.Max || d < b || d > b+b/5 {
			t.Fatalf("base %d, delay %d", b, d)
		}
		sum += d
		if l.Base(1, i, i+1) < 45*Millisecond {
			half++
		}
	}
	if mean := sum / n / Millisecond; mean < 45 || mean > 75 || half < n*45/100 || half > n*55/100 {
		t.Errorf("mean %d ms, %d of %d below 45 ms", mean, half, n)
	}
	// A pair's messages keep their order.
	last := int64(0)
	for now := int64(0); now < 3*Second; now += Millisecond {
		d, _ := l.delay(1, 3, 4, uint32(now), Reliable, now)
		if now+d < last {
			t.Fatalf("a message overtook another at %d", now)
		}
		last = now + d
	}
}

func BenchmarkEngine(b *testing.B) {
	e, err := NewEngine(EngineConfig{Nodes: 100_000, Seed: 1, Shards: 1, Link: DefaultLink()})
	if err != nil {
		b.Fatal(err)
	}
	for i := range int32(100_000) {
		e.Add(i, &chatter{nodes: 100_000, seed: hash(1, 9, uint64(i))}, int64(i%1000)*Millisecond, nil)
	}
	e.Run(Second)
	before := e.Steps()
	b.ResetTimer()
	for b.Loop() {
		e.Run(e.Now() + 100*Millisecond)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(e.Steps()-before), "ns/step")
}
