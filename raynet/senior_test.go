package raynet

import (
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

// besieged is a world in which strangers gather around node 0 at time siege.
type besieged struct {
	*world
	honest int
	alarms []int64 // when node 0 raised one
}

func siege(t *testing.T, honest, evil int, radius float64) *besieged {
	b := &besieged{honest: honest}
	var centre spatial.Pos
	b.world = newWorld(t, 41, honest+evil, goodLink, func(i int, rng *base.Rand) spatial.Pos {
		if i == 0 {
			centre = spatial.At(48, 52, 50)
			return centre
		}
		if i < honest {
			return uniform(i, rng)
		}
		for {
			v := spatial.Vec{X: float32(rng.Float64()*2 - 1), Y: float32(rng.Float64()*2 - 1), Z: float32(rng.Float64()*2 - 1)}
			if l := v.X*v.X + v.Y*v.Y + v.Z*v.Z; l > 0.5 && l < 1 {
				r := float32(radius)
				return centre.Add(spatial.Vec{X: v.X * r, Y: v.Y * r, Z: v.Z * r})
			}
		}
	})
	b.noted = func(i int, e Event) {
		if i == 0 && e.Kind == Eclipse {
			b.alarms = append(b.alarms, b.q.Now())
		}
	}
	for i := range honest {
		b.step(i, Bootstrap{Keys: []base.Key{testKey((i + 1) % honest), testKey((i + 7) % honest)}})
	}
	return b
}

func (b *besieged) gather() {
	for i := b.honest; i < len(b.nodes); i++ {
		b.step(i, Bootstrap{Keys: []base.Key{testKey(0), testKey(i % b.honest)}})
	}
}

// kept is how many honest members node 0 has.
func (b *besieged) kept() (k int) {
	for _, p := range b.nodes[0].near {
		if b.index[p.key()] < b.honest {
			k++
		}
	}
	return k
}

// Rules 4.6 and 8.5: a ring of newcomers, however tight, leaves a node four
// neighbours it has had for long, and raises the alarm.
func TestARingLeavesFourElders(t *testing.T) {
	b := siege(t, 40, 40, 1)
	b.run(75)
	if len(b.alarms) > 0 {
		t.Fatal("an alarm in peace")
	}
	start := b.q.Now()
	b.gather()
	least := 99
	for range 18 {
		// Longer than it had been there before.
		b.run(10)
		least = min(least, b.kept())
	}
	t.Logf("%d of %d neighbours are honest, never less than %d", b.kept(), len(b.nodes[0].near), least)
	if b.kept() > 10 {
		t.Errorf("%d honest neighbours: the test tests nothing", b.kept())
	}
	if least < 4 {
		t.Errorf("%d honest neighbours were left", least)
	}
	if len(b.alarms) == 0 || b.alarms[0] > start+120*second {
		t.Errorf("alarms at %v after the siege at %d", b.alarms, start)
	}
	if b.alarms[len(b.alarms)-1]-b.alarms[0] < int64(len(b.alarms)-1)*alarmEvery {
		t.Errorf("alarms at %v", b.alarms)
	}
	// The elders surround the node: no two on one spot.
	for _, s := range b.nodes[0].seats {
		for _, o := range b.nodes[0].seats {
			if s.p != o.p && b.nodes[0].oneElder(s.p, o.p) {
				t.Error("two elders on one spot")
			}
		}
	}
}

// Who has just come or gone far has no elders, and an elder that dies or walks
// off has no seat.
func TestWhoHasElders(t *testing.T) {
	b := siege(t, 30, 0, 1)
	n := b.nodes[0]
	b.run(30)
	if len(n.seats) > 0 {
		t.Fatal("elders after half a minute")
	}
	b.run(45)
	if len(n.seats) != n.cfg.Sticky {
		t.Fatalf("%d elders", len(n.seats))
	}
	gone := n.seats[0].p
	b.net.Crash(b.index[gone.key()])
	b.run(20)
	for _, s := range n.seats {
		if s.p == gone {
			t.Error("a dead elder has a seat")
		}
	}
	if len(n.seats) != n.cfg.Sticky {
		t.Errorf("%d elders after one died", len(n.seats))
	}
	b.step(0, SetPose{Pos: spatial.At(5, 5, 5)})
	b.run(10)
	if len(n.seats) > 0 {
		t.Error("elders of another place")
	}
}

// Rule 8.5: the look at the own place through strangers finds one whom all
// neighbours have kept back.
func TestAHiddenNeighbourRaisesTheAlarm(t *testing.T) {
	n, err := New(complete(t, Config{Min: testBox.Min, Max: testBox.Max}), testKey(0),
		Start{Pos: spatial.At(50, 50, 50), Epoch: 1, Seed: 1}, &naive{})
	if err != nil {
		t.Fatal(err)
	}
	rec := func(i int, p spatial.Pos) wire.Entry {
		return wire.Entry{Record: &wire.Record{Kind: wire.Avatar, Key: testKey(i), Stamp: wire.Stamp{Epoch: 1, Seq: 1}, Pos: p}}
	}
	places := randomPoints(base.NewRand(3, 3), 30, testBox)
	hidden := rec(99, spatial.At(50.5, 50, 50))
	var out Outbox
	alarms, asked := 0, 0
	answer := func(in Input) {
		out.Reset()
		n.Step(n.now+millisecond, in, &out)
	}
	for i := 1; i < 30; i++ {
		answer(Message{testKey(i), &wire.Shuffle{Entries: []wire.Entry{rec(i, places[i])}}})
	}
	n.join = joinDone
	for n.now < 150*second && alarms == 0 {
		out.Reset()
		n.Step(n.now+100*millisecond, Tick{}, &out)
		for todo := out.Effects; len(todo) > 0; {
			var more []Effect
			for _, e := range todo {
				if ev, ok := e.(Event); ok && ev.Kind == Eclipse {
					if alarms++; ev.Key != testKey(99) {
						t.Errorf("the alarm names %v", ev.Key)
					}
				}
				s, ok := e.(*Send)
				if !ok {
					continue
				}
				var reply wire.Message
				switch m := s.Msg.(type) {
				case *wire.Find:
					asked++
					reply = &wire.Closer{Query: m.Query, Entries: []wire.Entry{hidden}}
				case *wire.Ping:
					reply = &wire.Pong{Nonce: m.Nonce}
				default:
					reply = &wire.Pong{}
				}
				o := &Outbox{}
				n.Step(n.now+1, Message{s.To, reply}, o)
				more = append(more, o.Effects...)
			}
			todo = more
		}
	}
	if alarms == 0 {
		t.Errorf("no alarm in %d s, %d questions", n.now/second, asked)
	}
	if n.Counters().Eclipses != uint64(alarms) {
		t.Errorf("%d alarms counted", n.Counters().Eclipses)
	}
}
